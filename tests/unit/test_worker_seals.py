"""What is stored tells nothing without the key, and is good at its place only."""

import pytest

from apps.worker.seals import Seals, UnreadableError, password_of

SEALS, OTHERS = Seals("secret"), Seals("another")
ANSWER = b'{"status":0,"data":{"token":"ey.a.b"}}'
LOGIN = {"identifier": "account", "value": "ada", "password": "secret1"}


def test_what_was_sealed_can_be_read_by_all_who_know_the_secret() -> None:
    sealed = SEALS.seal(ANSWER, "owner", "id")
    assert b"ey.a.b" not in sealed
    assert Seals("secret").read(sealed, "owner", "id") == ANSWER
    assert SEALS.seal(ANSWER, "owner", "id") != sealed


@pytest.mark.parametrize("answer", [ANSWER, b'"function"', b""])
def test_what_is_not_sealed_is_itself(answer: bytes) -> None:
    assert SEALS.read(answer, "owner", "id") == answer


@pytest.mark.parametrize(("seals", "owner", "request_id"), [
    (OTHERS, "owner", "id"), (SEALS, "another", "id"), (SEALS, "owner", "another")])
def test_elsewhere_or_with_another_secret_it_cannot_be_read(seals: Seals, owner: str, request_id: str) -> None:
    with pytest.raises(UnreadableError):
        seals.read(SEALS.seal(ANSWER, "owner", "id"), owner, request_id)


@pytest.mark.parametrize("length", [1, 5, 13, 20])
def test_what_is_damaged_cannot_be_read(length: int) -> None:
    sealed = SEALS.seal(ANSWER, "owner", "id")
    for damaged in (sealed[:length], sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(UnreadableError):
            SEALS.read(damaged, "owner", "id")


def test_the_same_credentials_are_the_same_owner() -> None:
    owner = SEALS.owner("login", LOGIN)
    assert len(owner) == 40
    assert SEALS.owner("login", dict(reversed(LOGIN.items()))) == owner
    others = [SEALS.owner("login", LOGIN | {"password": "secret2"}), SEALS.owner("register", LOGIN),
              OTHERS.owner("login", LOGIN), SEALS.owner("login", {})]
    assert len({owner, *others}) == 5


def test_a_lot_belongs_to_a_request() -> None:
    lot = SEALS.lot("owner", "id")
    assert (len(lot), SEALS.lot("owner", "id")) == (16, lot)
    assert len({lot, SEALS.lot("owneri", "d"), SEALS.lot("owner", "id2"), OTHERS.lot("owner", "id")}) == 4


@pytest.mark.parametrize(("url", "password"), [
    ("mysql://user:pass%20word@host:1/x", "pass word"), ("mysql://user@host/x", ""), ("", "")])
def test_the_password_of_a_url(url: str, password: str) -> None:
    assert password_of(url) == password
