"""What a message of the chat holds, for those who keep it. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.nats.stored import Stored


def split(payload: bytes) -> tuple[str, str]:
    """Return sender and text of ``<game name>:<text>``; without a colon it is all text."""
    sender, colon, text = payload.decode(errors="replace").partition(":")
    return (sender, text) if colon else ("", sender)


def moment(nanoseconds: int) -> datetime:
    """Return a time of the stream, which is in nanoseconds since 1970, in whole milliseconds."""
    return datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)


def written(time: datetime) -> str:
    """Return a time as it stands in files: ``2026-01-31T23:59:59.123Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fields(message: Stored) -> dict[str, object]:
    """Return ``number``, ``time``, ``from``, ``uid`` of who spoke ('' where it is not known) and ``text``."""
    sender, text = split(message.payload)
    return {"number": message.number, "time": written(moment(message.time)), "from": sender, "uid": message.author,
            "text": text}


def is_from_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two messages, as ``fields`` gives them, are from one player: by uid, by name where one has none."""
    uids = one.get("uid", ""), other.get("uid", "")
    return bool(uids[0] == uids[1] if all(uids) else one["from"] == other["from"])
