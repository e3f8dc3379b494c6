"""What operators read about the chat (pure)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from apps.worker import operators
from apps.worker.rules.chat_control import Muted

HEADINGS = ("what", "name", "id", "world", "until (UTC)", "said (UTC)", "who")


def listed(found: Sequence[Muted]) -> Iterator[str]:
    """Return the lines of a table."""
    return operators.table([HEADINGS, *(_cells(mute) for mute in found)])


def shown(moment: datetime) -> str:
    """Return a moment in UTC as people read it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _cells(mute: Muted) -> tuple[str, ...]:
    target = mute.target
    return (target.kind, mute.name, target.id, target.world, shown(mute.until), shown(mute.said), mute.who)
