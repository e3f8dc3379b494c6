"""What a request asks of Redis before it is run, in one round trip."""

from dataclasses import dataclass
from typing import Any

from apps.worker.account_rates import AccountRates
from apps.worker.identities import Identity
from common import keys
from common.redis_client import PipelinedRedis


@dataclass(frozen=True)
class Found:
    """What Redis said."""

    gate_id: str | None
    """Id of the gate where somebody waits for the answer."""
    live_token_id: str | None
    """Id of the live token of who asks, if that was asked for."""
    within_rate: bool
    """Whether the account may ask now."""


class LookUp:
    """Asks Redis; raises RedisError."""

    def __init__(self, redis: PipelinedRedis, rates: AccountRates) -> None:
        self._redis = redis
        self._rates = rates

    def of(self, message_id: str, identity: Identity | None) -> Found:
        """Return what there is to know of a message from ``identity``, if that is known already."""
        if identity is None:
            return Found(as_text(self._redis.get(keys.message(message_id))), None, within_rate=True)
        question = self._rates.question(identity)
        wanted = ("MGET", keys.message(message_id), keys.live_token(identity.kind, identity.uid))
        if question is None:
            [gate_id, live] = self._redis.execute_command(*wanted)  # cheaper than mget
            return Found(as_text(gate_id), as_text(live), within_rate=True)
        [[gate_id, live], within] = self._redis.execute_many([wanted, question])
        return Found(as_text(gate_id), as_text(live), within_rate=within == 1)


def as_text(value: Any) -> str | None:
    """Return what Redis holds as text, or None."""
    return value.decode() if isinstance(value, bytes) else None
