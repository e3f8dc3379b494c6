"""The tokens themselves: JWT signed with HS256 (RFC 7519, RFC 8725). Knows no clock, no Redis and no HTTP.

Header: ``alg`` HS256, ``typ`` JWT, ``kid``. Payload: ``uid``, ``kind``, ``claims``, ``iat``, ``exp`` and ``jti``.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from jwt.types import Options

from apps.auth.keyring import Keyring
from apps.auth.token_ids import is_token_id

ALGORITHM = "HS256"
KINDS = ("account", "session")
UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
HEADER_NAMES = {"alg", "typ", "kid"}
FIXED_CHARACTERS = 1024  # more than a token without claims has
CHARACTERS_PER_CLAIMS_BYTE = 4  # a byte becomes up to three by JSON escapes, and those become four by base64
ONLY_SIGNATURE: Options = {
    "verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False, "verify_iss": False,
    "verify_sub": False, "verify_jti": False,
}  # the payload is checked here, against the caller's clock


class TokenError(Exception):
    """A token that is not acceptable; ``reason`` is one of a few words and holds nothing of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a token says. ``iat`` and ``exp`` are seconds since 1970."""

    uid: str
    kind: str
    claims: dict[str, Any]
    iat: int
    exp: int
    jti: str


class TokenCodec:
    """Signs tokens and reads them back."""

    def __init__(self, keyring: Keyring, *, claims_bytes: int, cache_size: int) -> None:
        """``cache_size`` is the number of tokens whose signature is remembered as right."""
        self._keyring = keyring
        self._longest = FIXED_CHARACTERS + CHARACTERS_PER_CLAIMS_BYTE * claims_bytes
        self._header = {"kid": keyring.signing_id}
        self._verified = lru_cache(maxsize=cache_size)(self._verify)  # an error is never remembered

    def sign(self, token: Token) -> str:
        """Return the text of a token."""
        return jwt.encode(vars(token), self._keyring.signing_key, ALGORITHM, headers=self._header)

    def read(self, text: str, now: float) -> Token:
        """Return what a token says. Raises TokenError unless it is whole, signed by one of the keys and not expired."""
        if len(text) > self._longest or not text.isascii() or "=" in text:  # base64 has no padding here
            raise TokenError("malformed")
        token = self._verified(text)
        if token.exp <= now:
            raise TokenError("expired")
        return token

    def _verify(self, text: str) -> Token:
        key = self._keyring.get(_key_id(text))
        if key is None:
            raise TokenError("unknown_key")
        try:
            payload = jwt.decode(text, key, algorithms=[ALGORITHM], options=ONLY_SIGNATURE)
        except jwt.InvalidSignatureError:
            raise TokenError("signature") from None
        except jwt.InvalidTokenError:
            raise TokenError("malformed") from None
        return _token(payload)


def _key_id(text: str) -> str:
    """Return the ``kid`` of a header that says just what ours say: other names in it are tricks."""
    try:
        header = jwt.get_unverified_header(text.partition(".")[0] + "..")
    except jwt.InvalidTokenError:
        raise TokenError("malformed") from None
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT" or not header.keys() <= HEADER_NAMES:
        raise TokenError("header")
    if not isinstance(kid, str):
        raise TokenError("unknown_key")
    return kid


def _token(payload: dict[str, Any]) -> Token:
    match payload:
        case {"uid": str(uid), "kind": str(kind), "claims": dict(claims), "iat": iat, "exp": exp, "jti": jti} if (
            UID.fullmatch(uid) and kind in KINDS and type(iat) is int and type(exp) is int and is_token_id(jti)
        ):
            return Token(uid=uid, kind=kind, claims=claims, iat=iat, exp=exp, jti=jti)
    raise TokenError("claims")
