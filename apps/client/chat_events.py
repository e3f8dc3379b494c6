"""What happens to a client of the chat, read from the lines of an edge. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from apps.client.chat import COMMAND_LENGTH, parse


@dataclass(frozen=True)
class Joined:
    """The client is in the chat, at this edge."""

    edge: str


@dataclass(frozen=True)
class Lost:
    """The connection has ended; the client tries to come back."""

    reason: str


@dataclass(frozen=True)
class Message:
    """Somebody said something; ``number`` is 0 in the plain protocol, ``sender`` is empty for game logic."""

    channel: str
    sender: str
    text: str
    number: int = 0


@dataclass(frozen=True)
class Gap:
    """Of what came after a number in a channel, some is gone; the last messages follow."""

    channel: str
    after: int


@dataclass(frozen=True)
class Position:
    """All up to a number of a channel has been given."""

    channel: str
    number: int


REPLACED = "replaced"
"""The reason of the notice before an edge closes, because the player has too many newer sessions."""


@dataclass(frozen=True)
class Notice:
    """Why something did not happen; ``facts`` depend on the reason."""

    reason: str
    facts: dict[str, Any]


Event = Joined | Lost | Message | Gap | Position | Notice


def read(line: str) -> Event | None:
    """Return what a line says; None for one of a later version. Raises ValueError."""
    command = line[:COMMAND_LENGTH].lstrip("0")
    if command in ("PUBLIC", "FAMILY"):
        channel, sender, text = parse(line)
        return Message(channel.lower(), sender, text)
    kinds = {"MESSAGE": _message, "GAP": _gap, "POSITION": _position, "NOTICE": _notice}
    if command not in kinds:
        return None
    try:
        return kinds[command](json.loads(line[COMMAND_LENGTH:]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a {command} without {error}") from None


def _message(fields: dict[str, Any]) -> Event:
    return Message(fields["channel"], fields["from"], fields["text"], fields["number"])


def _gap(fields: dict[str, Any]) -> Event:
    return Gap(fields["channel"], fields["after"])


def _position(fields: dict[str, Any]) -> Event:
    return Position(fields["channel"], fields["number"])


def _notice(fields: dict[str, Any]) -> Event:
    return Notice(fields["reason"], {name: value for name, value in fields.items() if name != "reason"})
