"""Keys of tokens: their text form, and what is refused."""

import base64
import hashlib

import pytest

from apps.auth.keyring import Keyring

FIRST = "first-key-of-this-test-0123456789abcdef"
SECOND = "second-key-of-this-test-0123456789abcdef"
PEM = "-----BEGIN PUBLIC KEY----- MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE -----END PUBLIC KEY-----"


@pytest.mark.parametrize("text", [
    f"a:{FIRST},b:{SECOND}", f"a:{FIRST}\nb:{SECOND}\n", f"\r\n a:{FIRST} ,\r\n b:{SECOND},",
])
def test_the_first_signs_and_all_are_known(text: str) -> None:
    keyring = Keyring.parse(text)
    assert (keyring.signing_id, keyring.signing_key) == ("a", FIRST.encode())
    assert keyring.get("a") == FIRST.encode()
    assert keyring.get("b") == SECOND.encode()
    assert keyring.get("c") is None


def test_a_bare_key_has_an_id_of_its_own_making() -> None:
    keyring = Keyring.parse(FIRST)
    assert keyring.signing_id == hashlib.sha256(FIRST.encode()).hexdigest()[:16]
    assert keyring.get(keyring.signing_id) == FIRST.encode()


@pytest.mark.parametrize("prefix", ["", "a:"])
def test_a_key_in_base64(prefix: str) -> None:
    key = bytes(range(100, 140))
    assert Keyring.parse(f"{prefix}base64:{base64.b64encode(key).decode()}").signing_key == key


@pytest.mark.parametrize(("text", "said"), [
    ("", "required"),
    (" \n, ", "required"),
    ("a:short", "at least 32"),
    (f"a:{FIRST},b:{SECOND[:31]}", "key b has 31 bytes"),
    ("base64:" + base64.b64encode(b"x" * 31).decode(), "at least 32"),
    ("a:base64:not*base64*at*all*not*base64*at*all*not*base64", "not valid base64"),
    (f"a:{FIRST},a:{SECOND}", "two keys have the id a"),
    (f"{FIRST},{FIRST}", "two keys"),
    (f"a:{PEM}", "public key"),
])
def test_what_is_refused_is_said_without_the_key(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        Keyring.parse(text)
    for secret in (FIRST, SECOND[:31], "short", "not*base64", "MFkw"):
        assert secret not in str(refusal.value)


def test_a_keyring_shows_no_key() -> None:
    keyring = Keyring.parse(f"a:{FIRST}")
    assert "a" in repr(keyring)
    assert FIRST not in f"{keyring!r} {keyring}"
