"""Codes that prove that an address or a phone belongs to somebody: one live code a purpose, few tries, few minutes.

They are sent and redeemed before the transaction of their request commits. So they know the request, which may begin
again: it sends one code, and gets again what it has redeemed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import redis

from apps.worker.senders import Sender, SendError

SECONDS = 300
DIGITS = 6

REDEEM = """
local live = redis.call('HMGET', KEYS[1], 'code', 'address', 'redeemed')
if not live[1] then return false end
if live[1] == ARGV[1] and (not live[3] or live[3] == ARGV[3]) then
    redis.call('HSET', KEYS[1], 'redeemed', ARGV[3])
    return live[2]
end
if redis.call('HINCRBY', KEYS[1], 'tries', 1) >= tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
return false
"""
REGISTER = """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'code', ARGV[1], 'address', ARGV[2], 'tries', 0, 'sent', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


@dataclass(frozen=True)
class Purpose:
    """What a code is for: ``medium`` is ``email`` or ``phone``, ``action`` is ``bind`` or ``unbind``."""

    account: str
    medium: str
    action: str

    @property
    def key(self) -> str:
        """Key in Redis; all its parts are the server's own."""
        return f"code.{self.medium}.{self.action}.{self.account}"


class Codes:
    """Makes, sends and redeems codes."""

    def __init__(self, client: "redis.Redis", sender: Sender, *, tries: int, per_day: int,
                 random_below: Callable[[int], int]) -> None:
        """``random_below(n)`` is ``secrets.randbelow`` or its like; ``tries`` wrong codes void the live one."""
        self.per_day = per_day
        self._redis = client
        self._sender = sender
        self._tries = tries
        self._random_below = random_below
        self._redeem = client.register_script(REDEEM)
        self._register = client.register_script(REGISTER)

    def send(self, purpose: Purpose, address: str, *, request: str) -> None:
        """Send a new code, once a request, which voids the one before. Raises SendError."""
        if self._redis.hget(purpose.key, "sent") == request.encode():
            return
        code = f"{self._random_below(10**DIGITS):0{DIGITS}d}"
        self._register(keys=[purpose.key], args=[code, address, SECONDS, request])
        try:
            self._sender.send(purpose.medium, purpose.action, address, code)
        except SendError:
            self._redis.hdel(purpose.key, "sent")
            raise

    def redeem(self, purpose: Purpose, code: str, *, request: str) -> str | None:
        """Return the address that a code was sent to, for one request; None for a wrong or expired code."""
        address = self._redeem(keys=[purpose.key], args=[code, self._tries, request])
        return None if address is None else str(address.decode())


