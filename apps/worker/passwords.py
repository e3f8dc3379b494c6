"""Passwords as scrypt hashes, made outside of the event loop: one takes about as long as a hundred requests."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable

from gevent.threadpool import ThreadPool

COST, BLOCK_SIZE, PARALLEL = 2**15, 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
MEMORY = 64 * 1024 * 1024


class Passwords:
    """Hashes and compares; a bounded number at once."""

    def __init__(self, threads: int, random_bytes: Callable[[int], bytes]) -> None:
        self._pool = ThreadPool(threads)
        self._random_bytes = random_bytes
        self._nobody = encode(b"\0" * SALT_BYTES, b"\0" * HASH_BYTES, COST)

    def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        salt = self._random_bytes(SALT_BYTES)
        return encode(salt, self._scrypt(password, salt, COST), COST)

    def matches(self, password: str, stored: str | None) -> bool:
        """Whether this is the password. Takes the same time when there is none stored."""
        cost, salt, expected = decode(stored or self._nobody)
        found = self._scrypt(password, salt, cost)
        return hmac.compare_digest(found, expected) and stored is not None

    @staticmethod
    def is_outdated(stored: str) -> bool:
        """Whether the hash was made with another cost than today's, so that it should be made anew."""
        return decode(stored)[0] != COST

    def _scrypt(self, password: str, salt: bytes, cost: int) -> bytes:
        result: bytes = self._pool.apply(_scrypt, (password.encode(), salt, cost))
        return result


def encode(salt: bytes, digest: bytes, cost: int) -> str:
    """Return ``scrypt$n$r$p$salt$hash``."""
    return f"scrypt${cost}${BLOCK_SIZE}${PARALLEL}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def decode(stored: str) -> tuple[int, bytes, bytes]:
    """Return (cost, salt, hash)."""
    _, cost, _, _, salt, digest = stored.split("$")
    return int(cost), b64decode(salt), b64decode(digest)


def _scrypt(password: bytes, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=cost, r=BLOCK_SIZE, p=PARALLEL, maxmem=MEMORY, dklen=HASH_BYTES)
