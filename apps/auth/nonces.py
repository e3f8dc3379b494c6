"""Nonces: a secret text with a payload that somebody registers and somebody else redeems once."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from common import keys
from common.redis_client import PipelinedRedis


class Nonces:
    """Registered nonces. Redis knows only their hashes, so that reading Redis gives nobody a usable one."""

    def __init__(self, redis: PipelinedRedis) -> None:
        self._redis = redis

    def register(self, nonce: str, payload: bytes, seconds: int) -> bool:
        """Keep ``payload``, a JSON object, for ``seconds``; False if the nonce exists. Raises RedisError."""
        return bool(self._redis.set(_key(nonce), payload, nx=True, ex=seconds))

    def redeem(self, nonces: Sequence[str]) -> list[dict[str, Any] | None]:
        """Take the payload of each nonce, None where there is none; a nonce is given away once. Raises RedisError."""
        found = self._redis.execute_many([("GETDEL", _key(nonce)) for nonce in nonces])
        return [None if payload is None else orjson.loads(payload) for payload in found]


def _key(nonce: str) -> str:
    return keys.nonce(hashlib.sha256(nonce.encode()).hexdigest())
