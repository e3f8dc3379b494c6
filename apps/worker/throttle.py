"""Counts tries in Redis, for all workers together."""

import hashlib

import redis

COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class Throttle:
    """Allows a number of tries within a window that begins with the first."""

    def __init__(self, client: "redis.Redis", name: str, tries: int, seconds: int) -> None:
        self._redis = client
        self._name = name
        self._tries = tries
        self._seconds = seconds
        self._count = client.register_script(COUNT)

    def take(self, who: str) -> bool:
        """Count a try; return whether it is still allowed. Counting first leaves no room for parallel tries."""
        return int(self._count(keys=[self._key(who)], args=[self._seconds])) <= self._tries

    def forget(self, who: str) -> None:
        """Start anew, after a success."""
        self._redis.delete(self._key(who))

    def _key(self, who: str) -> str:
        return f"throttle.{self._name}.{hashlib.sha256(who.encode()).hexdigest()}"
