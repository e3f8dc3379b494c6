"""The keys that sign tokens, read from one text.

Entries stand on lines of their own or between commas: ``ID:KEY``, or ``KEY`` alone, which gets an id derived from it.
KEY is at least 32 bytes of text, or ``base64:`` and the encoded bytes. The first entry signs, all validate. To rotate,
put a new entry in front, and take the old one away once the tokens that it signed have expired.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType

import jwt

KEY_BYTES = 32  # RFC 7518, section 3.2: a key of HS256 is at least as long as its hash
BASE64 = "base64:"
ENTRY_WITH_ID = re.compile(r"([A-Za-z0-9._-]{1,64}):(.+)")
DERIVED_ID_DIGITS = 16


class Keyring:
    """Keys by id. Immutable; its text form shows no key."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """The first of ``keys`` is the one that signs. Raises ValueError when a key is not fit for HS256."""
        if not keys:
            raise ValueError("a key is required; there is no default")
        for kid, key in keys.items():
            _check(kid, key)
        self._keys = MappingProxyType(dict(keys))
        self.signing_id = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Read the entries of ``text``. Raises ValueError, whose message never holds a part of a key."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in re.split(r"[\r\n,]", text))):
            kid, key = _read(entry, len(keys) + 1)
            if kid in keys:
                raise ValueError(f"two keys have the id {kid}")
            keys[kid] = key
        return cls(keys)

    @property
    def signing_key(self) -> bytes:
        """Key that signs new tokens."""
        return self._keys[self.signing_id]

    def get(self, kid: str) -> bytes | None:
        """Return the key of this id, or None."""
        return self._keys.get(kid)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"


def _read(entry: str, number: int) -> tuple[str, bytes]:
    match = None if entry.startswith(BASE64) else ENTRY_WITH_ID.fullmatch(entry)
    key = _decode(match[2] if match else entry, number)
    kid = match[1] if match else hashlib.sha256(key).hexdigest()[:DERIVED_ID_DIGITS]
    return kid, key


def _decode(text: str, number: int) -> bytes:
    if not text.startswith(BASE64):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(BASE64), validate=True)
    except ValueError:
        raise ValueError(f"key number {number} is not valid base64") from None


def _check(kid: str, key: bytes) -> None:
    if len(key) < KEY_BYTES:
        raise ValueError(f"key {kid} has {len(key)} bytes, at least {KEY_BYTES} are required")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(key)
    except jwt.InvalidKeyError:
        raise ValueError(f"key {kid} is a public key or a certificate, not a secret") from None
