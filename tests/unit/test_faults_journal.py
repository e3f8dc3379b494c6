"""The counting of the fault tests: what must be there, and what must not."""

from tests.faults.boxes import ROOM, BoxLog
from tests.faults.journal import Attempt, Journal

COIN = 1


def attempt(amount: int, answer: bytes | None = None) -> Attempt:
    return Attempt(f"id{amount}", "add_resources", {}, {COIN: amount}, answer)


def text_mail(key: str, body: str) -> dict[str, object]:
    return {"key": key, "body": body, "read": 0}


def gift_mail(key: str, quantity: int) -> dict[str, object]:
    return {"key": key, "body": "GIFT_1", "items": f"3:2:{quantity}"}


def granted(key: str, quantity: int) -> dict[str, list[dict[str, int]]]:
    return {key: [{"gid": 3, "id": 2, "remaining": 1, "reward": quantity}]}


def test_acknowledged_writes_count_once_and_open_ones_at_most_once() -> None:
    journal = Journal({COIN: 100})
    journal.begin(attempt(10, b"{}"))
    journal.begin(attempt(5))
    assert journal.bounds(COIN) == (110, 115)
    assert not journal.problems({COIN: 110})
    assert not journal.problems({COIN: 115})
    assert journal.problems({COIN: 100})  # one was lost
    assert journal.problems({COIN: 120})  # one happened twice


def test_what_is_paid_lowers_the_least() -> None:
    journal = Journal({COIN: 100})
    journal.begin(attempt(-30, b"{}"))
    journal.begin(attempt(-30))
    assert journal.bounds(COIN) == (40, 70)


def test_nothing_open_leaves_one_balance() -> None:
    journal = Journal({COIN: 100})
    one = journal.begin(attempt(7))
    assert [one] == journal.open
    one.answer = b"{}"
    assert (journal.open, journal.acknowledged) == ([], [one])
    assert journal.problems({COIN: 106}) == ["item 1: 106 held, 107 to 107 expected"]
    assert not journal.problems({COIN: 107})


def test_a_settled_journal_begins_anew() -> None:
    journal = Journal({COIN: 100})
    journal.begin(attempt(7, b"{}"))
    journal.settle({COIN: 107})
    assert (journal.attempts, journal.bounds(COIN)) == ([], (107, 107))


def test_a_mail_that_came_once_is_right() -> None:
    box = BoxLog()
    box.send("hello")
    assert box.missing == {"hello"}
    assert box.listed([text_mail("k", "hello")]) == []
    assert box.report() == []


def test_a_mail_that_is_lost_is_told_once() -> None:
    box = BoxLog()
    box.send("hello")
    assert box.report() == ["a mail is lost: hello"]
    assert box.report() == []


def test_a_mail_that_came_twice() -> None:
    box = BoxLog()
    box.send("hello")
    box.listed([text_mail("k", "hello"), text_mail("l", "hello")])
    assert box.report() == ["a mail came twice: hello"]


def test_a_mail_for_somebody_else() -> None:
    box = BoxLog()
    box.listed([text_mail("k", "hello")])
    assert box.report() == ["a mail that nobody sent here: hello"]


def test_a_deleted_mail_stays_away() -> None:
    box = BoxLog()
    box.send("hello")
    box.listed([text_mail("k", "hello")])
    box.delete(["k"])
    box.listed([])
    assert box.report() == []
    box.listed([text_mail("k", "hello")])
    assert box.report() == ["a mail is back after its deletion: hello"]


def test_a_deleted_mail_may_take_a_while_to_go() -> None:
    box = BoxLog()
    box.send("hello")
    for _ in range(2):
        box.listed([text_mail("k", "hello")])
        box.delete(["k"])
    assert box.report() == ["a mail is still there after its deletion: hello"]
    box.listed([])
    assert box.report() == []
    box.listed([text_mail("k", "hello")])
    assert box.report() == ["a mail is back after its deletion: hello"]


def test_a_gift_is_granted_once() -> None:
    box = BoxLog()
    box.send("17")
    assert box.listed([gift_mail("k", 17)]) == ["k"]
    assert box.ungranted == {"17"}
    box.grant(granted("k", 17))
    assert box.listed([gift_mail("k", 17)]) == []
    assert box.report() == []
    box.grant(granted("k", 17))
    assert box.report() == ["a gift was granted twice: 17"]


def test_a_gift_that_grants_something_else() -> None:
    box = BoxLog()
    box.send("17")
    box.listed([gift_mail("k", 17)])
    box.grant(granted("k", 18))
    assert "the gift 17 granted 18" in box.report()


def test_a_gift_that_is_never_granted() -> None:
    box = BoxLog()
    box.send("17")
    box.listed([gift_mail("k", 17)])
    assert box.report() == ["a gift is not granted: 17"]


def test_a_box_is_never_filled_up() -> None:
    box = BoxLog()
    for number in range(ROOM):
        assert box.has_room
        box.send(f"text {number}")
    assert not box.has_room
    box.listed([text_mail(str(number), f"text {number}") for number in range(ROOM)])
    assert not box.has_room
    box.delete([str(number) for number in range(ROOM)])
    assert box.has_room
