"""Why messages are held back: each time, but only once while a player goes on to say too much."""

import orjson

from apps.edge.allowance import Allowance, Verdict
from apps.edge.moderator import Reason, Ruling
from apps.edge.notices import Notices


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Client:
    """Says something, within a rate of 10 a second with a burst of 20, and hears what becomes of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.heard: list[dict[str, object]] = []
        self._allowance = Allowance(10, 20, self.clock)
        self._notices = Notices(lambda line: self.heard.append(orjson.loads(line[10:])), self.clock)

    def say(self, count: int, pause: float = 0.0) -> int:
        """Say so much; return how much of it was held back."""
        held = 0
        for _ in range(count):
            self.clock.now += pause
            if self._allowance.judge() is not Verdict.PASS:
                held += 1
                self._notices.tell(Ruling(None, Reason.TOO_MANY, wait=self._allowance.full_in()))
        return held


def test_who_says_too_much_is_told_once_and_how_long_to_wait() -> None:
    client = Client()
    assert client.say(60) == 40
    assert client.heard == [{"reason": "too many", "retry_after": 2.0}]


def test_who_goes_on_at_twice_the_rate_is_not_told_again() -> None:
    client = Client()
    assert client.say(400, 0.05) > 100
    assert len(client.heard) == 1


def test_who_waits_as_told_may_say_a_burst_and_is_told_of_the_next_row() -> None:
    client = Client()
    client.say(21)
    client.clock.now += 2
    assert client.say(20) == 0
    assert len(client.heard) == 1
    client.say(5)
    assert client.heard == [{"reason": "too many", "retry_after": 2.0}] * 2


def test_who_comes_back_too_early_is_not_told_again() -> None:
    client = Client()
    client.say(25)
    client.clock.now += 1.9
    assert client.say(25) == 6
    assert len(client.heard) == 1


def test_the_wait_is_never_too_short() -> None:
    client = Client()
    client.say(20)
    client.clock.now += 0.03
    client.say(1)
    assert client.heard == [{"reason": "too many", "retry_after": 2.0}], "and not 1.97"


def test_other_reasons_are_told_each_time() -> None:
    client = Client()
    notices = Notices(lambda line: client.heard.append(orjson.loads(line[10:])), client.clock)
    for ruling in (Ruling(None, Reason.TOO_MANY, wait=5), Ruling(None, Reason.WORDS), Ruling(None, Reason.WORDS),
                   Ruling(None, Reason.MUTED, until=9), Ruling(None, Reason.UNKNOWN, to="Carl")):
        notices.tell(ruling)
    assert client.heard == [{"reason": "too many", "retry_after": 5.0}, {"reason": "words"}, {"reason": "words"},
                            {"reason": "muted", "until": 9}, {"reason": "unknown", "to": "Carl"}]
