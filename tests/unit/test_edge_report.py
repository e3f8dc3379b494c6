"""What clients say when they report a message, and which messages around it are kept."""

from bisect import bisect_left
from typing import Any, cast

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.edge import history, identity, report
from apps.edge.extension import ExtensionError
from apps.edge.history import History, Surroundings
from apps.edge.identity import NO_FAMILY, Family
from apps.edge.report import Report
from common.nats.jetstream import JetStream, Stream
from common.nats.stored import Stored, nanoseconds

ADA = identity.read({"gn": "a.da", "world": "s1", "uid": "u1", "fn": "Red"})
CHANNEL, OTHER = "chat.s1.public", "chat.s2.public"


class Kept:
    """Stands for a stream: the numbers from 1 on, of which only some belong to the channel."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = sorted(numbers)
        self.reads = 0

    def read(self, stream: str, subject: str, *, number: int, most: int, times: bool) -> list[Stored]:
        self.reads += 1
        assert number > 0
        begin = bisect_left(self.numbers, number)
        return [said(found) for found in self.numbers[begin:begin + most]] if subject == CHANNEL else []


def said(number: int, sender: str = "bert", subject: str = CHANNEL, time: int = 5, uid: str = "") -> Stored:
    return Stored(subject, f"{sender}:text {number}".encode(), number, time, author=uid)


def places(messages: list[Stored]) -> list[int]:
    return [message.number for message in messages]


def around(kept: Kept, number: int, before: int = 20, after: int = 10) -> Surroundings | None:
    return History(cast(JetStream, kept), Stream("CHAT", ()), 200).around(CHANNEL, number, before=before, after=after)


@pytest.mark.parametrize(("payload", "expected"), [
    (b"public:17", Report("public", 17, "")), (b"family:1:", Report("family", 1, "")),
    ("private:0: so: böse ".encode(), Report("private", 0, "so: böse")),
    (b"public:9999999999999999999", Report("public", 10**19 - 1, "")), (b"public:007", Report("public", 7, "")),
])
def test_reports(payload: bytes, expected: Report) -> None:
    assert report.read(payload) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_a_report_or_is_refused(text: str) -> None:
    try:
        found = report.read(text.encode())
    except ExtensionError:
        return
    assert text.startswith(f"{found.channel}:")


def test_channels_are_those_of_the_reporter() -> None:
    assert [report.channel(ADA, name) for name in ("public", "family", "private")] == [
        "chat.s1.public", "chat.s1.family.Red", "chat.s1.private.u1"]
    assert report.channel(ADA._replace(uid=""), "private") is None
    assert report.channel(ADA.in_family(NO_FAMILY), "family") is None


def test_a_report_has_a_subject_of_its_own() -> None:
    same = report.subject(ADA, said(17))
    assert same == report.subject(ADA.in_family(Family("Blue")), said(17, "other"))
    assert same == "report.chat.s1.u1.17-5"
    others = (report.subject(ADA, said(18)), report.subject(ADA, said(17, time=6)),
              report.subject(ADA._replace(uid="u2"), said(17)), report.subject(ADA._replace(uid=""), said(17)))
    assert len({same, *others}) == 5


def test_what_is_kept_of_a_message() -> None:
    found = Surroundings([said(3)], said(17, "carl", time=1_767_225_599_999_999_999, uid="p3"), [said(20), said(21)])
    body: dict[str, Any] = orjson.loads(report.body(ADA, "rude", found, 10))
    assert body["message"] == {"number": 17, "time": "2025-12-31T23:59:59.999Z", "from": "carl", "uid": "p3",
                               "text": "text 17"}
    assert [item["number"] for item in (*body["before"], *body["after"])] == [3, 20, 21]
    assert (body["subject"], body["reporter"], body["reason"], body["more"], body["only_from"]) == (
        CHANNEL, {"uid": "u1", "name": "a.da"}, "rude", 8, None)


def test_of_private_messages_only_those_of_the_sender_are_kept() -> None:
    inbox = str(ADA.private)
    found = Surroundings([said(1, "bert", inbox), said(2, "carl", inbox)], said(3, "carl", inbox),
                         [said(4, "bert", inbox), said(5, "carl", inbox)])
    body = orjson.loads(report.body(ADA, "", found, 10))
    assert [item["number"] for item in (*body["before"], *body["after"])] == [2, 5]
    assert body["only_from"] == "carl"


def test_who_sent_a_private_message_is_told_by_uid_whatever_the_name() -> None:
    inbox = str(ADA.private)
    found = Surroundings(
        [said(1, "carla", inbox, uid="p3"), said(2, "carl", inbox, uid="p9"), said(3, "carl", inbox)],
        said(4, "carl", inbox, uid="p3"), [])
    body = orjson.loads(report.body(ADA, "", found, 10))
    assert [item["number"] for item in body["before"]] == [1, 3], "without a uid the name is all there is"


@pytest.mark.parametrize(("number", "expected"), [(1, None), (2, ([], [4, 6])), (100, ([96, 98], []))])
def test_messages_at_the_ends_of_a_channel(number: int, expected: tuple[list[int], list[int]] | None) -> None:
    found = around(Kept([*range(2, 101, 2)]), number, 2, 2)
    assert expected == (None if found is None else (places(found.before), places(found.after)))


@pytest.mark.parametrize("number", [0 + 1, 3, 2**63 - 1])
def test_a_number_of_another_channel_is_not_there(number: int) -> None:
    assert around(Kept([2, 4]), number) is None


def test_no_more_is_kept_than_was_asked_for() -> None:
    found = around(Kept([*range(1, 50)]), 25, 0, 0)
    assert found is not None
    assert (found.before, found.message.number, found.after) == ([], 25, [])


@settings(deadline=None)  # up to 25 reads of 256 messages, on a machine that may be busy
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 3000)), min_size=1, max_size=8),
       st.integers(0, 30), st.data())
def test_the_last_messages_before_are_found_in_channels_of_any_shape(
        bursts: list[tuple[int, int]], count: int, data: st.DataObject) -> None:
    numbers: list[int] = []
    top = 0
    for length, pause in bursts:
        top += pause
        numbers += range(top, top + length)
        top += length
    number = data.draw(st.sampled_from(numbers))
    kept = Kept(numbers)
    found = around(kept, number, count)
    assert found is not None
    assert places(found.before) == [n for n in numbers if n < number][-count:] if count else True
    assert kept.reads <= 1 + 8 + 16


def test_a_burst_long_ago_and_silence_since_are_not_read_whole() -> None:
    kept = Kept([*range(1, 100_000), 5_000_000])
    found = around(kept, 5_000_000)
    assert found is not None
    assert places(found.before) == [*range(99_980, 100_000)]
    assert kept.reads < 30


def test_a_page_is_always_larger_than_what_is_wanted() -> None:
    kept = Kept([*range(1, 3000)])
    found = around(kept, 2500, history.PAGE * 2)
    assert found is not None
    assert len(found.before) == history.PAGE * 2


@pytest.mark.parametrize(("text", "expected"), [
    ("1970-01-01T00:00:00Z", 0), ("2025-12-31T23:59:59.999999999Z", 1_767_225_599_999_999_999),
    ("2026-01-01T00:00:00.5Z", 1_767_225_600_500_000_000),
    ("2026-01-01T00:00:00.000000001Z", 1_767_225_600_000_000_001),
])
def test_times_of_the_stream(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected
