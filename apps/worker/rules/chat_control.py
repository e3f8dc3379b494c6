"""What game logic tells the chat besides families: who may not speak for a while, and announcements to a world."""

from datetime import datetime

from apps.worker.unit_of_work import Work
from apps.worker.worlds import World

CHAT_MUTE = "chat_mute"
"""Kind of the outbox's rows: a mute, or its end."""
CHAT_NEWS = "chat_news"
"""Kind of the outbox's rows: an announcement."""


def mute_player(db: Work, world: World, uid: str, until: datetime) -> None:
    """Let a player say nothing in the chat of a world until a moment; one that has passed ends it."""
    db.deliver(CHAT_MUTE, {"kind": "mute", "world": world.home, "uid": uid, "until": until.timestamp()})


def mute_public(db: Work, world: World, until: datetime) -> None:
    """Let nobody say anything in the public chat of a world until a moment; one that has passed ends it."""
    db.deliver(CHAT_MUTE, {"kind": "mute", "world": world.home, "channel": "public", "until": until.timestamp()})


def announce(db: Work, world: World, text: str) -> None:
    """Tell the clients of a world that asked for announcements; a repeated delivery may tell them twice."""
    db.deliver(CHAT_NEWS, {"world": world.home, "text": text})
