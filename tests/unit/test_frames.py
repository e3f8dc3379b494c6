"""Frames between gate and worker."""

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from common import frames

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def test_message_ids_are_long_random_and_without_a_separator() -> None:
    ids = {frames.new_message_id(secrets.token_hex) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(identity) == 32 and identity.isalnum() for identity in ids)


def test_a_frame_is_longer_than_its_line_by_the_overhead() -> None:
    identity = frames.new_message_id(secrets.token_hex)
    assert len(frames.encode(identity, b"line")) == len(b"line") + frames.OVERHEAD


@PATIENT
@given(some.from_regex(r"[0-9a-f]{1,40}", fullmatch=True), some.binary())
def test_what_is_encoded_comes_back(identity: str, line: bytes) -> None:
    assert frames.decode(frames.encode(identity, line)) == (identity, line)


@PATIENT
@given(some.binary())
def test_decoding_raises_nothing_but_its_own_error(frame: bytes) -> None:
    try:
        identity, line = frames.decode(frame)
    except frames.FrameError:
        return
    assert frames.encode(identity, line) == frame
    assert identity.isascii()


@pytest.mark.parametrize("frame", [b"", b"~", b"~line", b"id", b"i d~line", b"i.d~x", b"\xe9~x", b"id\r~x", b"\xb2~x"])
def test_what_is_no_frame(frame: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.decode(frame)
