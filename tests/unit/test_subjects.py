"""Subjects: one legal token for each name, and never one for two."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from common import subjects

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
NAMES = some.text(some.characters(exclude_categories=["Cs"]), min_size=1)


@PATIENT
@given(NAMES)
def test_a_name_becomes_one_plain_token_and_comes_back(name: str) -> None:
    token = subjects.encode(name)
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", token)
    assert subjects.decode(token) == name


@PATIENT
@given(NAMES, NAMES)
def test_two_names_never_meet(one: str, other: str) -> None:
    assert (subjects.encode(one) == subjects.encode(other)) == (one == other)


def test_plain_names_stand_as_they_are() -> None:
    assert subjects.encode("Clan_7-b") == "Clan_7-b"


@pytest.mark.parametrize(("name", "token"), [
    (".", "=2E"), ("*", "=2A"), (">", "=3E"), (" ", "=20"), ("=", "=3D"), ("=2E", "=3D2E"), ("公", "=E5=85=AC"),
    ("\x00", "=00"), ("\r\n", "=0D=0A"), ("é", "=C3=A9"), ("e\u0301", "e=CC=81"),
])
def test_everything_else_is_escaped(name: str, token: str) -> None:
    assert subjects.encode(name) == token


def test_the_empty_name_has_no_token() -> None:
    with pytest.raises(ValueError, match="empty"):
        subjects.encode("")


def test_chat_subjects() -> None:
    assert subjects.public_chat("s0") == "chat.s0.public"
    assert subjects.family_chat("s0", "a.public") == "chat.s0.family.a=2Epublic"


def test_what_edges_are_told_is_no_chat() -> None:
    assert subjects.chat_control("s0") == "control.chat.s0"
    assert subjects.chat_control("a.>") == "control.chat.a=2E=3E"


def test_what_edges_tell_one_another_and_what_is_reported_is_no_chat() -> None:
    assert subjects.family_presence("s0", "a.>") == "presence.chat.s0.a=2E=3E"
    assert subjects.chat_report("s0", "p.1", "17-5") == "report.chat.s0.p=2E1.17-5"
