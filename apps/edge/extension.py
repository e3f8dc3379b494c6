"""What a client asks for beyond the plain protocol, and the lines that only such a client gets. Pure.

``00REGISTER<nonce>;last=20;system=1``: a nonce of this system is all digits, so ``;`` ends it. Each option is
``name=value``; names that are not known are ignored, so that newer clients reach older servers.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import orjson

from apps.edge import commands
from apps.edge.commands import Name
from common.nats.stored import Stored

SEPARATOR = b";"
AFTER = b"after-"


class ExtensionError(ValueError):
    """An option is not what it should be."""


class Wishes(NamedTuple):
    """What a client wants to hear: what came ``after`` a number, or else the ``last`` messages of each channel.

    ``system``: announcements too. ``floor``: the last number before the client was let in; what comes after that, it
    gets in any case. None when it is not known. ``online``: who of the family comes and goes. ``afters`` are numbers of
    their own for some channels, ``position``: how far each channel has been given. ``since``: nothing that was said
    before that time is for the client, in nanoseconds since 1970.
    """

    last: int = 0
    after: int | None = None
    system: bool = False
    floor: int | None = None
    online: bool = False
    afters: Mapping[str, int] = MappingProxyType({})
    position: bool = False
    since: int = 0

    def after_in(self, subject: str) -> int | None:
        """Return the number after which a channel is wanted; None when it is not wanted from a number on."""
        return self.afters.get(channel_of(subject), self.after)

    def from_now(self, floor: int | None) -> "Wishes":
        """Return what the client wants of channels that it comes into later."""
        return self._replace(after=None, afters={}, floor=floor)


def split(payload: bytes) -> tuple[bytes, Wishes | None]:
    """Return the nonce of a REGISTER and the wishes, None from a plain client. Raises ExtensionError."""
    nonce, separator, rest = payload.partition(SEPARATOR)
    if not separator:
        return nonce, None
    given = dict(_option(part) for part in rest.split(SEPARATOR) if part)
    after = given.get(b"after")
    return nonce, Wishes(last=_number(given.get(b"last", b"0")), after=None if after is None else _number(after),
                         system=given.get(b"system") == b"1", online=given.get(b"online") == b"1",
                         afters=_afters(given), position=given.get(b"position") == b"1")


def message_line(message: Stored) -> bytes:
    """Return a message of a stream as the line of a client.

    ``000MESSAGE{"number": 17, "channel": "family", "from": "Ada", "text": "hello"}``
    """
    sender, colon, text = message.payload.decode(errors="replace").partition(":")
    return _line(Name.MESSAGE, number=message.number, channel=channel_of(message.subject),
                 **{"from": sender if colon else "", "text": text if colon else sender})


def gap_line(subject: str, after: int) -> bytes:
    """Return the line that says: of what came after a number in this channel, some is no longer there."""
    return _line(Name.GAP, channel=channel_of(subject), after=after)


def position_line(subject: str, number: int) -> bytes:
    """Return the line that says: all up to a number of this channel has been given, what comes has higher ones."""
    return _line(Name.POSITION, channel=channel_of(subject), number=number)


def notice_line(reason: str, **facts: object) -> bytes:
    """Return the line that says why something did not happen."""
    return _line(Name.NOTICE, reason=reason, **facts)


def online_line(family: str, members: Sequence[str], *, more: bool = False) -> bytes:
    """Return the line that says who of a family is online; ``more``: not all of them are named."""
    return _line(Name.ONLINE, family=family, members=members, **{"more": True} if more else {})


def online_change_line(family: str, joined: Sequence[str], left: Sequence[str]) -> bytes:
    """Return the line that says who of a family came and who went."""
    return _line(Name.ONLINE, family=family, joined=joined, left=left)


def report_line(channel: str, number: int, result: str) -> bytes:
    """Return the line that says what became of a report."""
    return _line(Name.REPORT, channel=channel, number=number, result=result)


def channel_of(subject: str) -> str:
    """Return ``public``, ``family``, ``private`` or ``system``."""
    return subject.split(".", 3)[2]


def private(payload: bytes) -> tuple[str, bytes]:
    """Return the name and the text of ``<game name>:<text>``, which is UTF-8. Raises ExtensionError."""
    name, colon, text = payload.partition(b":")
    if not name or not colon:
        raise ExtensionError("a private message names nobody")
    return name.decode(), text


def _line(name: Name, **fields: object) -> bytes:
    return commands.encode(name, orjson.dumps(fields))


def _afters(given: Mapping[bytes, bytes]) -> dict[str, int]:
    return {name.removeprefix(AFTER).decode(errors="replace"): _number(value) for name, value in given.items()
            if name.startswith(AFTER)}


def _option(part: bytes) -> tuple[bytes, bytes]:
    name, _, value = part.partition(b"=")
    return name, value


def _number(value: bytes) -> int:
    if not value.isdigit() or len(value) > 18:
        raise ExtensionError("an option is no number")
    return int(value)
