"""What a nonce may be, and what its payload must hold."""

from typing import Any

import pytest

from apps.edge import identity
from apps.edge.identity import NO_FAMILY, Family, Identity, IdentityError


def test_an_identity_with_and_without_family() -> None:
    assert identity.read({"status": 0, "gn": "Åsa", "world": "s1", "fn": "", "uid": "u"}) == Identity(
        "Åsa".encode(), "chat.s1.public", None, "s1", "u")
    assert identity.read({"gn": "a", "world": "s1", "fn": "Red"}).family == "chat.s1.family.Red"
    assert identity.read({"gn": "a", "world": "s1"}).family is None


def test_a_family_has_an_id_that_outlives_its_name() -> None:
    ada = identity.read({"gn": "ada", "world": "s1", "fn": "Red", "fid": "f1"})
    assert (ada.family, ada.fid) == ("chat.s1.family.Red", "f1")
    blue = ada.in_family(Family("Blue", "f1"))
    assert (blue.family, blue.family_called, blue.fid) == ("chat.s1.family.Blue", "Blue", "f1")
    assert (blue.in_family(NO_FAMILY).family, blue.in_family(NO_FAMILY).fid) == (None, "")


def test_names_become_one_subject_token_each() -> None:
    read = identity.read({"gn": "a", "world": "s.1 *", "fn": "a.b > 你"})
    assert read.public.count(".") == 2
    assert read.family is not None
    assert read.family.count(".") == 3
    assert not set(" *>") & set(read.public + read.family)


@pytest.mark.parametrize("payload", [
    {}, {"gn": "a"}, {"world": "s1"}, {"gn": "", "world": "s1"}, {"gn": 1, "world": "s1"}, {"gn": "a", "world": None},
    {"gn": "a\r\nb", "world": "s1"}, {"gn": "a", "world": "s1", "fn": 7}, {"gn": "a", "world": "s1", "fn": "x\n"},
    {"gn": "a" * 257, "world": "s1"}, {"gn": "\ud800", "world": "s1"}, {"gn": "a", "world": "s1", "fn": "x", "fid": 7},
])
def test_payloads_that_admit_nobody(payload: dict[str, Any]) -> None:
    with pytest.raises(IdentityError):
        identity.read(payload)


def test_nonces() -> None:
    assert identity.nonce(b"298374650192837465") == "298374650192837465"
    for bad in (b"", b"a b", b"a" * 129, b"\xff", b"a\n", b"\x00"):
        with pytest.raises(IdentityError):
            identity.nonce(bad)
