"""What a client says when it reports a message, and what is kept of it. Pure.

``0000REPORT<channel>:<number>:<reason>``: the reason, with its colon, may be left out.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from apps.edge.extension import ExtensionError
from apps.edge.history import Surroundings
from apps.edge.identity import Identity
from common import chat_messages, subjects
from common.nats.stored import Stored

PUBLIC, FAMILY, PRIVATE = "public", "family", "private"
LARGEST_NUMBER = 2**63 - 1  # of a stream
LONGEST_NUMBER = 19  # digits


class Report(NamedTuple):
    """Somebody finds the message with this number in this channel bad; the reason may be empty."""

    channel: str
    number: int
    reason: str


def read(payload: bytes) -> Report:
    """Return the report in a payload, which is UTF-8. Raises ExtensionError."""
    channel, _, rest = payload.decode().partition(":")
    number, _, reason = rest.partition(":")
    if channel not in (PUBLIC, FAMILY, PRIVATE):
        raise ExtensionError("a report names no channel")
    if not number.isascii() or not number.isdigit() or len(number) > LONGEST_NUMBER:
        raise ExtensionError("a report names no message")
    return Report(channel, int(number), reason.strip())


def channel(reporter: Identity, name: str) -> str | None:
    """Return the subject of a channel as this player hears it; None for the family chat of who has no family."""
    return {PUBLIC: reporter.public, FAMILY: reporter.family, PRIVATE: reporter.private}[name]


def subject(reporter: Identity, message: Stored) -> str:
    """Return the subject of a report. The message's time tells it from one of a former stream with its number."""
    return subjects.chat_report(reporter.world, reporter.uid or reporter.game_name.decode(),
                                f"{message.number}-{message.time}")


def body(reporter: Identity, reason: str, found: Surroundings, after: int) -> bytes:
    """Return what is kept: a JSON object that the chat log completes with up to ``after`` messages in all.

    Of private messages only those of the reported player are part of it: the others are nobody's business.
    """
    message = chat_messages.fields(found.message)
    only = message if f".{PRIVATE}." in found.message.subject else None
    return orjson.dumps({
        "subject": found.message.subject, "reporter": {"uid": reporter.uid, "name": reporter.game_name.decode()},
        "reason": reason, "message": message,
        "before": _kept(found.before, only), "after": _kept(found.after, only),
        "only_from": only and only["from"], "more": max(0, after - len(found.after))})


def _kept(messages: Sequence[Stored], only: Mapping[str, object] | None) -> list[dict[str, object]]:
    """Return messages; of one player where a message of that player is given."""
    found = [chat_messages.fields(message) for message in messages]
    return [message for message in found if only is None or chat_messages.is_from_same(message, only)]
