"""How often an account may ask, in all workers together.

Each worker lets a small part of the rate pass by itself, so that a player at an ordinary pace costs nothing. What an
account asks beyond that part is counted in Redis, by a command that goes along with the question that each request asks
there anyway. With more workers than the rate was divided by, an account that spreads its requests evenly may ask more.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from apps.worker.identities import Identity
from common import keys
from common.token_bucket import Rates

COUNT = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 1 end
local time = redis.call('TIME')
local now, pause = time[1] * 1000 + time[2] / 1000, 1000 / ARGV[2]
local due = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0)) + ARGV[4] * pause
local within = due + pause <= now + ARGV[3] * pause
if within then due = due + pause end
if due > now then redis.call('SET', KEYS[1], string.format('%.3f', due), 'PX', math.ceil(due - now)) end
return within and 1 or 0
"""
"""A token bucket, kept as the time at which it will be full again, in milliseconds. Counts for a live token only: with
an old one nobody can use up the rate of somebody else."""

Command = tuple[Any, ...]


class AccountRates:
    """Counts the requests of accounts."""

    def __init__(self, rate: float, burst: float, *, workers: int, size: int, clock: Callable[[], float]) -> None:
        """``rate`` is in requests a second, 0 for no limit; a ``workers``-th part of it passes without Redis.

        ``size`` is how many accounts are remembered; ``clock`` is monotonic, in seconds.
        """
        self._rate = rate
        self._burst = burst
        self._here = Rates(rate, burst, size, clock)
        self._quiet = Rates(rate / workers, burst / workers, size, clock)
        self._most_quiet = int(burst / workers)
        self._size = size
        self._passed: OrderedDict[str, int] = OrderedDict()

    def question(self, identity: Identity) -> Command | None:
        """Return what to ask Redis about a request: the command answers 1 if it may pass. None: it may.

        What passed quietly since the last question is told along with it.
        """
        if self._quiet.take(identity.account):
            self._note(identity.account)
            return None
        return ("EVAL", COUNT, 2, key(identity.account), keys.live_token(identity.kind, identity.uid),
                identity.token_id, self._rate, self._burst, self._passed.pop(identity.account, 0))

    def take(self, account: str) -> bool:
        """Count a request of somebody who proved to be this account; whether it is within the rate in this worker.

        That is the limit for tokens that this worker has not seen before: for them there is no question.
        """
        return self._here.take(account)

    def _note(self, account: str) -> None:
        if not self._rate:
            return
        self._passed[account] = min(self._passed.pop(account, 0) + 1, self._most_quiet)
        if len(self._passed) > self._size:
            self._passed.popitem(last=False)


def key(account: str) -> str:
    """Key in Redis of what an account has asked; the account's id is the server's own."""
    return f"rate.{account}"
