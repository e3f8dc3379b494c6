"""The gate's entry in Redis, by which workers find the way back to it."""

import logging
from collections.abc import Callable

import redis
from gevent.event import Event

from apps.gate.background import Loop, Spawn
from common import keys
from common.redis_client import PipelinedRedis

log = logging.getLogger(__name__)

ENTRY_SECONDS = 10
"""How long an entry outlives the last renewal."""

CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
"""Takes or renews an entry, but never one of another address: 1 when the entry is ours."""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Registration:
    """Keeps ``gates.id.<gate id>`` = ``<ip>:<worker port>`` in Redis while the gate serves.

    It is written every ``interval`` seconds, and at once whenever a new connection to Redis is made.

    The id is random, so two gates meet on one only if they draw the same 64 bits. Should another address hold the entry
    nevertheless, whatever Redis lost in between, this gate draws a new id at once and leaves the old one alone:
    requests that wait under the old id then time out, because their answers go to the other gate, which drops them.
    """

    def __init__(self, *, redis_client: PipelinedRedis, address: Callable[[], str], interval: float,
                 random_hex: Callable[[int], str], spawn: Spawn) -> None:
        """``address`` tells ``<ip>:<worker port>``; ``interval`` is the time between two renewals, in seconds."""
        self._redis = redis_client
        self._address = address
        self._interval = interval
        self._random_hex = random_hex
        self._loop = Loop(spawn, self._run)
        self._due = Event()
        redis_client.when_connected(self._due.set)  # it may have come back empty
        self.gate_id = self._new_id()
        self.registered = False
        """Whether the last renewal went well."""

    def start(self) -> None:
        self.renew()
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()
        self.registered = False
        try:
            self._redis.eval(RELEASE, 1, keys.gate(self.gate_id), self._address())
        except redis.RedisError as error:
            log.warning("the entry of this gate stays for %s s: %s", ENTRY_SECONDS, error)

    def renew(self) -> None:
        """Claim the entry or make it last; errors of Redis leave the gate unregistered until the next time."""
        try:
            while not self._claim():
                log.error("another gate holds this gate's id, taking a new one", extra={"gate_id": self.gate_id})
                self.gate_id = self._new_id()
        except redis.RedisError as error:
            self._say(registered=False, detail=str(error))
        else:
            self._say(registered=True, detail=self._address())

    def probe(self) -> str:
        """Return the gate id; raises RuntimeError while there is no entry."""
        if not self.registered:
            raise RuntimeError("not registered in Redis")
        return self.gate_id

    def _claim(self) -> bool:
        return bool(self._redis.eval(CLAIM, 1, keys.gate(self.gate_id), self._address(), str(ENTRY_SECONDS)))

    def _say(self, *, registered: bool, detail: str) -> None:
        if registered != self.registered:
            log.log(logging.INFO if registered else logging.WARNING, "registered" if registered else "not registered",
                    extra={"gate_id": self.gate_id, "detail": detail})
        self.registered = registered

    def _new_id(self) -> str:
        return self._random_hex(8)

    def _run(self) -> None:
        while True:
            self._due.wait(self._interval)
            self._due.clear()
            self.renew()
