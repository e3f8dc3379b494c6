"""The platform's own answers."""

import orjson

from common.answers import Status, busy, platform


def test_a_platform_answer_has_no_data() -> None:
    assert orjson.loads(platform(Status.TIMED_OUT, "late")) == {"status": -2, "message": "late"}


def test_an_answer_is_one_line_whatever_the_message() -> None:
    assert b"\n" not in platform(Status.MALFORMED, "bad\r\nthing")


def test_busy_says_when_to_come_back() -> None:
    answer = orjson.loads(busy(1.5))
    assert answer["status"] == -3
    assert answer["retry_after"] == 1.5
    assert answer["data"] == {"retry_after": 1.5}


def test_the_numbers_that_clients_know() -> None:
    assert {status.name: status.value for status in Status} == {
        "SUCCESS": 0, "UNKNOWN_FUNCTION": 10, "TOKEN_REFUSED": 11, "TOKEN_MISSING": 12, "PROGRAMMING_ERROR": -1,
        "TIMED_OUT": -2, "BUSY": -3, "MALFORMED": -4, "UNKNOWN_WORLD": -5}
