"""Tokens: what is accepted, and a collection of forged ones."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from apps.auth.keyring import Keyring
from apps.auth.tokens import KINDS, Token, TokenCodec, TokenError

KEY = "key-of-this-test-0123456789abcdef"
OLD_KEY = "old-key-of-this-test-0123456789abcdef"
NOW = 1_700_000_000
CLAIMS_BYTES = 1024
TOKEN = Token(uid="player_1", kind="account", claims={"world": "s0001"}, iat=NOW, exp=NOW + 60,
              jti=f"{NOW}000000-0123456789abcdef")
HEADER = {"alg": "HS256", "typ": "JWT", "kid": "new"}
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def codec(keys: str = f"new:{KEY},old:{OLD_KEY}", cache_size: int = 10) -> TokenCodec:
    return TokenCodec(Keyring.parse(keys), claims_bytes=CLAIMS_BYTES, cache_size=cache_size)


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def forged(header: Any = None, payload: Any = None, *, key: str = KEY, algorithm: str = "HS256") -> str:
    """Return a token made by hand; bytes are taken as they are, all else is written as JSON."""
    parts = [HEADER if header is None else header, vars(TOKEN) if payload is None else payload]
    body = ".".join(encoded(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)
    return f"{body}.{encoded(hmac.new(key.encode(), body.encode(), HASHES[algorithm]).digest())}"


def with_header(**changes: Any) -> str:
    return forged(HEADER | changes)


def with_payload(**changes: Any) -> str:
    return forged(payload=vars(TOKEN) | changes)


def without(name: str) -> str:
    return forged(payload={key: value for key, value in vars(TOKEN).items() if key != name})


def reason(text: str, now: float = NOW) -> str:
    reader = codec()
    with pytest.raises(TokenError) as first:
        reader.read(text, now)
    with pytest.raises(TokenError) as second:  # a refusal is not forgotten either
        reader.read(text, now)
    assert first.value.reason == second.value.reason
    return first.value.reason


def test_what_is_signed_is_read_back() -> None:
    both = codec()
    text = both.sign(TOKEN)
    assert both.read(text, NOW) == TOKEN
    assert both.read(text, NOW) == TOKEN
    assert codec(cache_size=0).read(text, NOW) == TOKEN


def test_a_token_made_by_hand_as_ours_are_is_accepted() -> None:
    assert codec().read(forged(), NOW) == TOKEN
    assert codec().read(forged({"alg": "HS256", "kid": "old"}, key=OLD_KEY), NOW) == TOKEN


@pytest.mark.parametrize("kind", KINDS)
def test_claims_of_the_largest_size_fit(kind: str) -> None:
    token = replace(TOKEN, kind=kind, uid="u" * 64, claims={"a": "é" * ((CLAIMS_BYTES - 8) // 2)})
    for keys in (KEY, f"{'k' * 64}:{KEY}"):
        assert codec(keys).read(codec(keys).sign(token), NOW) == token


def test_a_token_expires_at_its_second_even_when_it_is_remembered() -> None:
    reader = codec()
    text = reader.sign(TOKEN)
    assert reader.read(text, NOW + 59.9) == TOKEN
    with pytest.raises(TokenError, match="expired"):
        reader.read(text, NOW + 60)
    assert reason(text, NOW + 61) == "expired"


def test_rotation() -> None:
    before, during, after = codec(f"old:{OLD_KEY}"), codec(f"new:{KEY},old:{OLD_KEY}"), codec(f"new:{KEY}")
    text = before.sign(TOKEN)
    assert during.read(text, NOW) == TOKEN
    assert after.read(during.sign(TOKEN), NOW) == TOKEN
    for reader, refused in ((after, text), (before, during.sign(TOKEN))):
        with pytest.raises(TokenError, match="unknown_key"):
            reader.read(refused, NOW)


def test_an_id_of_a_key_does_not_make_another_key_right() -> None:
    assert reason(forged(HEADER | {"kid": "old"}, key=KEY)) == "signature"
    assert reason(forged(key=OLD_KEY)) == "signature"
    assert reason(forged(key="a key that nobody knows, long enough")) == "signature"


NONE_HEADERS = [{"alg": name, "typ": "JWT", "kid": "new"} for name in ("none", "None", "NONE", "nOnE", "")]


@pytest.mark.parametrize("header", NONE_HEADERS)
@pytest.mark.parametrize("signed", [True, False])
def test_no_algorithm(header: dict[str, str], signed: bool) -> None:
    text = forged(header)
    assert reason(text if signed else text[:text.rindex(".") + 1]) == "header"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_hash_with_the_right_key(algorithm: str) -> None:
    assert reason(forged(HEADER | {"alg": algorithm}, algorithm=algorithm)) == "header"
    assert reason(forged(algorithm=algorithm)) == "signature"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 ", None, 1, ["HS256"], {}])
def test_another_algorithm(algorithm: object) -> None:
    assert reason(with_header(alg=algorithm)) == "header"


@pytest.mark.parametrize("changes", [
    {"jku": "https://example.org/keys"}, {"x5u": "https://example.org/key"}, {"jwk": {"kty": "oct", "k": "AAAA"}},
    {"x5c": ["MIIB"]}, {"zip": "DEF"}, {"cty": "JWT"}, {"enc": "A256GCM"}, {"typ": "at+jwt"}, {"typ": None},
    {"b64": True},
])
def test_tricks_in_the_header(changes: dict[str, Any]) -> None:
    assert reason(with_header(**changes)) == "header"


@pytest.mark.parametrize("changes", [{"crit": ["exp"]}, {"crit": []}, {"crit": "b64"}, {"crit": ["b64"], "b64": False},
                                     {"b64": False}, {"crit": None}])
def test_critical_extensions(changes: dict[str, Any]) -> None:
    assert reason(with_header(**changes)) in ("header", "malformed")


@pytest.mark.parametrize("kid", [
    "", "other", "NEW", "new ", "new\0", "../../dev/null", "/dev/null", "' OR 1=1 --", "new,old", "x" * 500,
])
def test_unknown_keys(kid: str) -> None:
    assert reason(with_header(kid=kid)) == "unknown_key"


@pytest.mark.parametrize("kid", [None, 0, True, ["new"], {"new": 1}])
def test_ids_of_keys_that_are_no_text(kid: object) -> None:
    assert reason(with_header(kid=kid)) in ("malformed", "unknown_key")


def test_no_id_of_a_key() -> None:
    assert reason(forged({"alg": "HS256", "typ": "JWT"})) == "unknown_key"


@pytest.mark.parametrize("name", ["uid", "kind", "claims", "iat", "exp", "jti"])
def test_something_is_missing(name: str) -> None:
    assert reason(without(name)) == "claims"
    assert reason(with_payload(**{name: None})) == "claims"


@pytest.mark.parametrize("changes", [
    {"uid": 1}, {"uid": ""}, {"uid": "a" * 65}, {"uid": "a.b"}, {"uid": "a\n"}, {"uid": "名"}, {"uid": ["player_1"]},
    {"kind": "root"}, {"kind": ""}, {"kind": ["account"]}, {"kind": 0},
    {"claims": []}, {"claims": "{}"}, {"claims": 1},
    {"iat": "1700000000"}, {"iat": 1.5}, {"iat": True},
    {"exp": str(NOW + 60)}, {"exp": NOW + 60.5}, {"exp": True}, {"exp": [NOW + 60]}, {"exp": float("inf")},
    {"jti": 1}, {"jti": ""}, {"jti": "9999"}, {"jti": f"{NOW}000000-0123456789abcdeg"}, {"jti": "~" * 33},
])
def test_wrong_types_and_values(changes: dict[str, Any]) -> None:
    assert reason(with_payload(**changes)) == "claims"


def test_expired_in_many_ways() -> None:
    for exp in (NOW, NOW - 1, 0, -1, -(10**30)):
        assert reason(with_payload(exp=exp)) == "expired"


@pytest.mark.parametrize("part", [b"", b"null", b"[]", b'"text"', b"1", b"{", b"{}{}", b"\xff\xfe", b"[" * 600])
def test_a_header_or_a_payload_that_is_no_object(part: bytes) -> None:
    assert reason(forged(payload=part)) == "malformed"
    assert reason(forged(header=part)) == "malformed"


def test_each_cut_of_a_token() -> None:
    text = codec().sign(TOKEN)
    for length in range(len(text)):
        assert reason(text[:length]) in ("malformed", "signature")


def test_each_change_of_a_character() -> None:
    text, reader = codec().sign(TOKEN), codec()
    for position, character in enumerate(text):
        changed = text[:position] + ("A" if character != "A" else "B") + text[position + 1:]
        with pytest.raises(TokenError):
            reader.read(changed, NOW)


@pytest.mark.parametrize("text", [
    "", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "null", "{}", " ", "\n", "\0", "=.=.=", "名.名.名", "\ud800",
    "Bearer x.y.z",
])
def test_what_is_no_token_at_all(text: str) -> None:
    assert reason(text) == "malformed"


@pytest.mark.parametrize("change", [
    lambda text: text + ".", lambda text: "." + text, lambda text: text + ".AAAA", lambda text: text + "\n",
    lambda text: " " + text, lambda text: text + "名", lambda text: text.replace(".", ". "), lambda text: text + "=",
    lambda text: text + "AAAA",
])
def test_something_around_a_good_token(change: Any) -> None:
    assert reason(change(codec().sign(TOKEN))) in ("malformed", "signature")


def test_huge_tokens() -> None:
    assert reason("A" * 10_000_000) == "malformed"
    assert reason(with_payload(claims={"a": "x" * 10_000})) == "malformed"
    assert reason(codec().sign(TOKEN).replace(".", "." + "A" * 5000, 1)) == "malformed"


def test_a_refusal_holds_nothing_of_the_token() -> None:
    with pytest.raises(TokenError) as refusal:
        codec().read(with_payload(uid="somebody else"), NOW)
    assert str(refusal.value) == "claims"
    assert refusal.value.__cause__ is None
