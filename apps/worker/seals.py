"""What the database must not give away: answers that hold tokens, and who asked with which password.

A key that is not in the database seals such answers and makes owners of requests out of credentials. So whoever reads a
backup can neither use a token nor try passwords faster than the hashes of accounts allow.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED = b"\x01"
"""Begins what is sealed; no answer begins so, as answers are JSON."""
NONCE_BYTES = 12
KEY_BYTES = 32
COST, BLOCK_SIZE, MEMORY = 2**15, 8, 64 * 1024 * 1024
SALT = b"stored answers of requests"
"""A fixed one: all workers have to come to the same key."""


class UnreadableError(Exception):
    """What is sealed was sealed with another key, or belongs elsewhere, or is damaged."""


class Seals:
    """Everything that is made with the key."""

    def __init__(self, secret: str) -> None:
        """``secret`` is known to all workers and not to the database. Takes as long as to hash a password."""
        keys = hashlib.scrypt(secret.encode(), salt=SALT, n=COST, r=BLOCK_SIZE, p=1, maxmem=MEMORY, dklen=2 * KEY_BYTES)
        self._digest_key = keys[:KEY_BYTES]
        self._cipher = AESGCM(keys[KEY_BYTES:])

    def owner(self, function: str, arguments: Mapping[str, Any]) -> str:
        """Return the owner of a request that comes without a token: who sends the same credentials is the same one."""
        return self._digest("owner", function, orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)).hex()[:40]

    def lot(self, owner: str, request_id: str) -> bytes:
        """Return 16 bytes that nobody can foresee, the same for each run of a request."""
        return self._digest("lot", owner, request_id.encode())[:16]

    def seal(self, answer: bytes, owner: str, request_id: str) -> bytes:
        """Return an answer as it is stored; it can be read at this place only."""
        nonce = os.urandom(NONCE_BYTES)
        return SEALED + nonce + self._cipher.encrypt(nonce, answer, place(owner, request_id))

    def read(self, stored: bytes, owner: str, request_id: str) -> bytes:
        """Return the answer of what was stored, sealed or not. Raises UnreadableError."""
        if not stored.startswith(SEALED):
            return stored
        nonce, sealed = stored[1:1 + NONCE_BYTES], stored[1 + NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, place(owner, request_id))
        except (InvalidTag, ValueError) as error:
            raise UnreadableError from error

    def _digest(self, purpose: str, *parts: str | bytes) -> bytes:
        data = [part if isinstance(part, bytes) else part.encode() for part in (purpose, *parts)]
        return hmac.digest(self._digest_key, b"".join(hashlib.sha256(part).digest() for part in data), "sha256")


def password_of(url: str) -> str:
    """Return the password in a URL: what all who use a database know, and none of its backups."""
    return unquote(urlsplit(url).password or "")


def place(owner: str, request_id: str) -> bytes:
    """Return the place of a stored answer, which is sealed into it; neither part holds a blank."""
    return f"{owner} {request_id}".encode()
