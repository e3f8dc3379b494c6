"""Who is meant by a game name: asked of workers, remembered for a moment, bounded."""

from collections.abc import Callable

import gevent
import orjson
import pytest
from gevent.event import Event

from apps.edge.addressees import Addressees, UnavailableError
from apps.edge.membership import Renaming
from common.nats.errors import NATSRequestTimeoutError, NoRespondersError
from common.nats.message import Message

MEMORY = 5.0


class Workers:
    """Stands for NATS with workers behind it; ``people`` are uids by name."""

    def __init__(self, **people: str) -> None:
        self.people = people
        self.asked: list[str] = []
        self.now = 0.0
        self.connected = True
        self.open = Event()
        self.open.set()
        self.answer: Callable[[], bytes] | None = None

    def request(self, subject: str, *, payload: bytes, timeout: float) -> Message:
        fields = orjson.loads(payload)
        assert (subject, fields["world"], timeout) == ("names", "s1", 0.5)
        self.asked.append(fields["gn"])
        uid = self.people.get(fields["gn"], "")
        self.open.wait()
        return Message(1, subject, "", self.answer() if self.answer else orjson.dumps({"uid": uid, "gn": fields["gn"]}))

    def addressees(self, *, tries: int = 2, most: int = 3, size: int = 10) -> Addressees:
        return Addressees(self, "names", seconds=0.5, tries=tries, most=most, memory=MEMORY, size=size,
                          clock=lambda: self.now)


def test_an_answer_is_remembered_for_a_moment_also_that_nobody_has_a_name() -> None:
    workers = Workers(ada="u1")
    addressees = workers.addressees()
    for _ in range(3):
        assert [addressees.find("s1", name) for name in ("ada", "nobody")] == ["u1", ""]
    assert workers.asked == ["ada", "nobody"]
    workers.now = MEMORY
    assert addressees.find("s1", "ada") == "u1"
    assert workers.asked == ["ada", "nobody", "ada"]


def test_the_oldest_answers_go_when_there_are_too_many() -> None:
    workers = Workers()
    addressees = workers.addressees(size=2)
    for name in "abca":
        addressees.find("s1", name)
    assert workers.asked == [*"abca"]


def test_a_new_name_makes_what_was_known_of_both_names_void() -> None:
    workers = Workers(ada="u1", bea="", carl="u3")
    addressees = workers.addressees()
    assert [addressees.find("s1", name) for name in ("ada", "bea", "carl")] == ["u1", "", "u3"]
    workers.people = {"ada": "u9", "bea": "u1", "carl": "u4"}
    addressees.renamed(Renaming(("s1", "u1"), "Bea", ""))
    assert [addressees.find("s1", name) for name in ("ada", "bea", "carl")] == ["u9", "u1", "u3"]


def test_an_answer_from_before_a_new_name_is_not_remembered() -> None:
    workers = Workers(ada="u1")
    addressees = workers.addressees()
    workers.open.clear()
    asking = gevent.spawn(addressees.find, "s1", "ada")
    gevent.sleep(0)
    gevent.sleep(0)
    addressees.renamed(Renaming(("s1", "u1"), "bea", ""))
    workers.open.set()
    asking.get()
    addressees.find("s1", "ada")
    assert workers.asked == ["ada", "ada"]


def test_many_who_ask_the_same_share_one_question_and_others_are_bounded() -> None:
    workers = Workers(ada="u1")
    addressees = workers.addressees(most=2)
    workers.open.clear()
    asking = [gevent.spawn(addressees.find, "s1", name) for name in ("ada", "bea", *["ada"] * 50)]
    gevent.sleep(0)
    gevent.sleep(0)
    with pytest.raises(UnavailableError):
        addressees.find("s1", "carl")
    asking[0].kill()  # a client that leaves takes the answer from nobody
    workers.open.set()
    assert [job.get() for job in asking[1:]] == ["", *["u1"] * 50]
    assert workers.asked == ["ada", "bea"]
    assert addressees.find("s1", "carl") == ""


def _fails(error: Exception) -> Callable[[], bytes]:
    def answer() -> bytes:
        raise error
    return answer


@pytest.mark.parametrize(("answer", "asked"), [
    (_fails(NATSRequestTimeoutError("late")), 2), (_fails(NoRespondersError("nobody")), 1), (lambda: b"garbage", 2),
    (lambda: b'{"error": "busy"}', 2), (lambda: b'{"uid": 7}', 2), (lambda: b"[]", 2)])
def test_without_an_answer_it_is_unavailable_and_asked_anew(answer: Callable[[], bytes], asked: int) -> None:
    workers = Workers(ada="u1")
    addressees = workers.addressees()
    workers.answer = answer
    with pytest.raises(UnavailableError):
        addressees.find("s1", "ada")
    assert len(workers.asked) == asked
    workers.answer = None
    assert addressees.find("s1", "ada") == "u1"


def test_without_nats_nobody_waits() -> None:
    workers = Workers(ada="u1")
    workers.connected = False
    with pytest.raises(UnavailableError):
        workers.addressees().find("s1", "ada")
    assert not workers.asked
