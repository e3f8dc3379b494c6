"""The parts of the chat client that need no server."""

import pytest

from apps.client import chat_events
from apps.client.chat_console import describe
from apps.client.chat_events import Gap, Joined, Lost, Message, Notice, Position
from apps.client.chat_progress import Progress
from apps.client.lasting_chat import Patience


@pytest.mark.parametrize(("line", "event"), [
    ("0000PUBLICAda:hi: you", Message("public", "Ada", "hi: you")),
    ("0000FAMILYAda:", Message("family", "Ada", "")),
    ('000MESSAGE{"number": 7, "channel": "system", "from": "", "text": "hi"}', Message("system", "", "hi", 7)),
    ('0000000GAP{"channel": "public", "after": 3}', Gap("public", 3)),
    ('00POSITION{"channel": "public", "number": 3}', Position("public", 3)),
    ('0000NOTICE{"reason": "muted", "until": 5}', Notice("muted", {"until": 5})),
    ('0000FUTURE{"a": 1}', None), ("00000000OK", None), ("", None),
])
def test_lines(line: str, event: chat_events.Event | None) -> None:
    assert chat_events.read(line) == event


@pytest.mark.parametrize("line", ["000MESSAGE", "000MESSAGE{}", "0000000GAP[]", "0000NOTICE7", "00POSITION{"])
def test_lines_that_are_broken(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        chat_events.read(line)


def said(number: int, channel: str = "public") -> Message:
    return Message(channel, "Ada", "hi", number)


def test_at_first_the_last_messages_are_wanted() -> None:
    assert Progress(last=3, system=True).wishes() == ";last=3;system=1;position=1"


def test_each_channel_goes_on_from_its_own_number() -> None:
    progress = Progress(last=0, system=False)
    assert not progress.take(Position("public", 10))
    assert [progress.take(event) for event in (Position("family", 8), said(12), said(11, "family"))] == [
        False, True, True]
    progress.begin(settled=False)
    assert progress.wishes() == ";last=0;system=0;position=1;after=10;after-family=11;after-public=12"


def test_a_message_is_news_once() -> None:
    progress = Progress(last=5, system=False)
    assert [progress.take(said(number)) for number in (3, 4, 4, 3, 5)] == [True, True, False, False, True]
    assert progress.take(said(4, "family"))
    progress.begin(settled=True)
    assert not progress.take(said(5))
    assert progress.take(Message("public", "Ada", "plain"))
    assert progress.take(Notice("muted", {}))


def test_what_came_without_a_position_counts_too() -> None:
    progress = Progress(last=5, system=False)
    progress.take(said(3))
    progress.take(said(9, "family"))
    progress.begin(settled=False)
    assert progress.wishes() == ";last=5;system=0;position=1;after=3;after-family=9;after-public=3"


def test_the_number_of_unknown_channels_is_that_of_the_latest_settled_connection() -> None:
    progress = Progress(last=0, system=False)
    afters = []
    for number, settled in ((10, False), (20, False), (30, True), (40, False)):
        progress.take(Position("public", number))
        progress.begin(settled=settled)
        afters.append(progress.wishes().split(";")[4])
    assert afters == ["after=10", "after=10", "after=30", "after=30"]


def test_after_a_gap_numbers_may_begin_anew() -> None:
    progress = Progress(last=0, system=False)
    progress.take(said(100))
    assert progress.take(Gap("public", 100))
    assert [progress.take(said(number)) for number in (3, 4)] == [True, True]
    progress.take(Gap("public", 100))
    assert [progress.take(message) for message in (said(3), Message("public", "Bea", "hi", 4), said(100))] == [
        False, True, False]
    progress.take(Gap("family", 7))
    progress.take(Position("family", 5))
    assert "after-family=5" in progress.wishes()


def test_another_family_has_a_past_of_its_own() -> None:
    progress = Progress(last=5, system=False)
    progress.take(Position("family", 400))
    assert progress.take(said(500, "family"))
    assert [progress.take(said(number, "family")) for number in (200, 300)] == [True, True]
    progress.take(Position("family", 310))
    assert "after-family=310" in progress.wishes()
    assert [progress.take(said(number, "family")) for number in (200, 300, 500, 600)] == [False, False, False, True]
    progress.begin(settled=True)
    assert not progress.take(said(600, "family"))


def test_pauses_grow_are_bounded_and_depend_on_chance() -> None:
    patience = Patience(first=0.5, longest=4)
    assert [patience.pause(failures, 1.0) for failures in (1, 2, 3, 4, 1000)] == [1, 2, 4, 4, 4]
    assert patience.pause(3, 0.25) == 1
    assert patience.pause(3, 0) == 0


@pytest.mark.parametrize(("event", "shown"), [
    (Message("public", "Ada", "hi"), "[public] Ada: hi"), (Joined("a:1"), "-- in the chat at a:1"),
    (Lost("closed"), "-- the connection is lost (closed), coming back"),
    (Gap("family", 7), "-- some older messages of the family chat are missing"),
    (Notice("unavailable", {"channel": "public"}), "-- Notice(reason='unavailable', facts={'channel': 'public'})"),
    (Notice("too many", {"retry_after": 2.0}), "-- too many, wait 2.0 s"),
])
def test_what_people_see(event: chat_events.Event, shown: str) -> None:
    assert describe(event) == shown
    assert describe(Notice("muted", {"until": 1767225600})).startswith("-- muted until 20")
