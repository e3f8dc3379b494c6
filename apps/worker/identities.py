"""Who is behind a token.

Auth checks a token's signature once; its content is then remembered here, so that a request costs no HTTP call. Whether
the token is still the live one is asked of Redis at every request: a new login ends the old token at once.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from apps.worker.auth_client import AuthClient

ACCOUNT, SESSION = "account", "session"


class TokenRefusedError(Exception):
    """The token is forged, expired, or no longer the live one."""


@dataclass(frozen=True)
class Identity:
    """What a token says; ``world`` is empty in an account's token."""

    kind: str
    uid: str
    account: str
    world: str
    token_id: str
    expires: float


class Identities:
    """Checks tokens."""

    def __init__(self, auth: AuthClient, size: int, clock: Callable[[], float]) -> None:
        """Remembers ``size`` tokens; ``clock`` gives seconds since the epoch."""
        self._auth = auth
        self._size = size
        self._clock = clock
        self._known: OrderedDict[str, Identity] = OrderedDict()

    def remembered(self, token: str) -> Identity | None:
        """Return the identity of a token whose signature was checked before."""
        identity = self._known.get(token)
        if identity is None:
            return None
        if identity.expires <= self._clock():
            del self._known[token]
            return None
        self._known.move_to_end(token)
        return identity

    def check(self, token: str, identity: Identity | None, live_token_id: str | None) -> Identity:
        """Return the identity of a live token.

        ``identity`` is what ``remembered`` gave, ``live_token_id`` what Redis holds as live for it. When they do not
        fit, auth decides. Raises TokenRefusedError and ServiceUnavailableError.
        """
        if identity is not None and identity.token_id == live_token_id:
            return identity
        data = self._auth.validate(token)
        if data is None:
            self._known.pop(token, None)
            raise TokenRefusedError
        identity = self._identity(data)
        self._remember(token, identity)
        return identity

    @staticmethod
    def _identity(data: dict[str, object]) -> Identity:
        claims = data.get("claims") or {}
        assert isinstance(claims, dict)  # noqa: S101  # auth only signs objects
        return Identity(
            kind=str(data["kind"]), uid=str(data["uid"]), token_id=str(data["jti"]), expires=float(str(data["exp"])),
            account=str(claims.get("account", data["uid"])), world=str(claims.get("world", "")))

    def _remember(self, token: str, identity: Identity) -> None:
        self._known[token] = identity
        while len(self._known) > self._size:
            self._known.popitem(last=False)
