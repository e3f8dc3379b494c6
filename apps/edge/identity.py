"""Who a client is in the chat: what auth tells about a redeemed nonce. Pure."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from apps.edge import commands
from common import subjects

NONCE = re.compile(rb"[!-~]{1,128}")
NAME_LIMIT = 256  # bytes; escaped it is three times as long and still fits well into a line of NATS


class IdentityError(ValueError):
    """A nonce or its payload is not usable."""


class Identity(NamedTuple):
    """A name in the chat and the NATS subjects that it may talk on; ``family`` is None without a family."""

    game_name: bytes
    public: str
    family: str | None

    @property
    def subjects(self) -> list[str]:
        """All subjects that the player hears."""
        return [self.public, self.family] if self.family else [self.public]


def nonce(payload: bytes) -> str:
    """Return the nonce of a REGISTER. Raises IdentityError for what can be none, so that auth is not asked."""
    if not NONCE.fullmatch(payload):
        raise IdentityError("no nonce")
    return payload.decode("ascii")


def read(payload: Mapping[str, Any]) -> Identity:
    """Return the identity in a nonce's payload: ``gn``, ``world`` and ``fn`` ('' without a family).

    Raises IdentityError when a name is missing, is not text, is too long or has control characters.
    """
    world = _name(payload, "world")
    family = _name(payload, "fn") if payload.get("fn") else ""
    return Identity(
        game_name=_name(payload, "gn").encode(),
        public=subjects.public_chat(world),
        family=subjects.family_chat(world, family) if family else None,
    )


def _name(payload: Mapping[str, Any], field: str) -> str:
    value = payload.get(field)
    if not isinstance(value, str) or not value:
        raise IdentityError(f"{field} is missing")
    try:
        commands.check_text(value.encode(), NAME_LIMIT)
    except (commands.CommandError, UnicodeEncodeError):
        raise IdentityError(f"{field} is not usable as a name") from None
    return value
