"""Which token of a player is live: of each kind, the newest one that Redis knows.

Redis holds the id of that token. Where it holds none, because it lost its data, the next valid token that is shown
takes the place, and gives it up again to a newer one. So a loss of Redis logs nobody out, and an old token loses as
soon as the newer one is seen.
"""

from typing import Any

from apps.auth.token_ids import TokenIds
from apps.auth.tokens import Token
from common import keys
from common.redis_client import PipelinedRedis

ATTEMPTS = 10

# The place is kept as long as any token that was ever in it is valid: if it became empty earlier, an old token with a
# long life could take it again.
NEWEST = """
local stored = redis.call('GET', KEYS[1])
if stored and stored >= ARGV[1] then return stored end
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%.0f', math.max(left, tonumber(ARGV[2]))))
return ARGV[1]
"""


class ContentionError(Exception):
    """Other processes issued tokens to the same player each time that this one tried."""


class LiveTokens:
    """The live token of each kind and player."""

    def __init__(self, redis: PipelinedRedis, ids: TokenIds) -> None:
        self._redis = redis
        self._ids = ids
        self._newest = redis.register_script(NEWEST)

    def begin(self, kind: str, uid: str, seconds: float) -> str:
        """Make a new token the live one for ``seconds`` and return its id. Raises RedisError and ContentionError."""
        newest = ""
        for _ in range(ATTEMPTS):
            token_id = self._ids.next(after=newest)
            newest = self._offer(kind, uid, token_id, seconds)
            if newest == token_id:
                return token_id
        raise ContentionError

    def is_live(self, token: Token, now: float) -> bool:
        """Whether a valid token is the live one, or becomes it by being shown. Raises RedisError."""
        stored = _text(self._redis.get(keys.live_token(token.kind, token.uid)))
        if stored is not None and stored >= token.jti:
            return stored == token.jti
        return self._offer(token.kind, token.uid, token.jti, token.exp - now) == token.jti

    def _offer(self, kind: str, uid: str, token_id: str, seconds: float) -> str:
        milliseconds = max(1, int(seconds * 1000))
        return str(_text(self._newest(keys=[keys.live_token(kind, uid)], args=[token_id, milliseconds])))


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
