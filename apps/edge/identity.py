"""Who a client is in the chat: what auth tells about a redeemed nonce. Pure."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from apps.edge import commands
from common import subjects
from common.nats.stored import nanoseconds

NONCE = re.compile(rb"[!-~]{1,128}")
NAME_LIMIT = 256  # bytes; escaped it is three times as long and still fits well into a line of NATS


class IdentityError(ValueError):
    """A nonce or its payload is not usable."""


class Family(NamedTuple):
    """A family; ``name`` is '' for none, ``id`` is '' where it is not known.

    ``since`` is when it got its name, in nanoseconds since 1970, 0 where that is not known: what was said under the
    name before is another family's.
    """

    name: str
    id: str = ""
    since: int = 0


NO_FAMILY = Family("")


class Identity(NamedTuple):
    """A name in the chat and the NATS subjects that it may talk on; ``family`` is None without a family.

    ``uid`` is empty when the nonce did not tell who the player is; ``fid`` is the id of the family,
    ``since`` as ``Family`` has it.
    """

    game_name: bytes
    public: str
    family: str | None
    world: str = ""
    uid: str = ""
    fid: str = ""
    since: int = 0

    @property
    def subjects(self) -> list[str]:
        """All subjects that the player hears."""
        return [self.public, self.family] if self.family else [self.public]

    @property
    def private(self) -> str | None:
        """The subject of what is said to this player; None where it is not known who that is."""
        return subjects.private_chat(self.world, self.uid) if self.uid else None

    @property
    def system(self) -> str:
        """The subject of what game logic announces."""
        return subjects.system_chat(self.world)

    @property
    def family_called(self) -> str:
        """The name of the family, '' without one."""
        return subjects.decode(self.family.rpartition(".")[2]) if self.family else ""

    def in_family(self, family: Family) -> "Identity":
        """Return the same player in another family, or in none."""
        subject = subjects.family_chat(self.world, family.name) if family.name else None
        return self._replace(family=subject, fid=family.id, since=family.since)

    def called(self, game_name: str) -> "Identity":
        """Return the same player under another name."""
        return self._replace(game_name=game_name.encode())


def nonce(payload: bytes) -> str:
    """Return the nonce of a REGISTER. Raises IdentityError for what can be none, so that auth is not asked."""
    if not NONCE.fullmatch(payload):
        raise IdentityError("no nonce")
    return payload.decode("ascii")


def read(payload: Mapping[str, Any]) -> Identity:
    """Return the identity in a nonce's payload: ``gn``, ``world``, ``uid`` and what ``family`` reads.

    Raises IdentityError when a name is missing, is not text, is too long or has control characters.
    """
    world = name(payload, "world")
    nobody = Identity(game_name=name(payload, "gn").encode(), public=subjects.public_chat(world), family=None,
                      world=world, uid=_optional(payload, "uid"))
    return nobody.in_family(family(payload))


def family(fields: Mapping[str, Any]) -> Family:
    """Return the family in a nonce's payload or a control message: ``fn`` ('' without one), its id ``fid``, ``since``.

    ``since`` is ISO 8601 in UTC without a zone. Raises IdentityError for what can be no name, and no time.
    """
    return Family(_optional(fields, "fn"), _optional(fields, "fid"), _moment(_optional(fields, "since")))


def _moment(text: str) -> int:
    try:
        return nanoseconds(text) if text else 0
    except ValueError:
        raise IdentityError("since is no time") from None


def _optional(payload: Mapping[str, Any], field: str) -> str:
    return name(payload, field) if payload.get(field) else ""


def name(payload: Mapping[str, Any], field: str) -> str:
    """Return a field that is usable as a name. Raises IdentityError."""
    value = payload.get(field)
    if not isinstance(value, str) or not value:
        raise IdentityError(f"{field} is missing")
    try:
        commands.check_text(value.encode(), NAME_LIMIT)
    except (commands.CommandError, UnicodeEncodeError):
        raise IdentityError(f"{field} is not usable as a name") from None
    return value
