"""What game logic tells the chat besides families: who may not speak for a while, and announcements to a world.

The database has the last word about each mute. Each word has a time, later than that of the one before about the same,
whatever the clock says: whoever gets two of them in another order knows which is the last.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.worker.rules import utc
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Statements

CHAT_MUTE = "chat_mute"
"""Kind of the outbox's rows: a mute, or its end."""
CHAT_NEWS = "chat_news"
"""Kind of the outbox's rows: an announcement."""
PLAYER, FAMILY, PUBLIC = "player", "family", "public"
LONGEST_NEWS = 500
"""Characters of an announcement."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = {PLAYER: "uid", FAMILY: "fid"}


class TooLongError(ValueError):
    """A mute would last for longer than the chat remembers it."""


@dataclass(frozen=True)
class Target:
    """Who or what is muted: a player or a family by its id, or the public chat of a world; and where to tell it."""

    kind: str
    id: str
    world: str


@dataclass(frozen=True)
class Muted:
    """Who or what is muted now; ``name`` and ``world`` are those of the moment, ``until`` and ``said`` in UTC."""

    target: Target
    name: str
    until: datetime
    said: datetime
    who: str


def mute(db: Work, target: Target, until: datetime, longest: timedelta) -> None:
    """Let a target be silent in the chat until a moment; who says so is the owner of the cause.

    Raises TooLongError when the moment is further away than ``longest``.
    """
    if until - utc.moment(db.cause.time) > longest:
        raise TooLongError(f"a mute lasts for at most {longest.total_seconds() / 86_400:g} days")
    _say(db, target, until)


def end(db: Work, target: Target) -> None:
    """Let a target speak again; harmless when it may."""
    _say(db, target, NEVER)


def muted(db: Statements, now: datetime) -> Iterator[Muted]:
    """Yield who and what is muted now, those that end first before the others."""
    rows = db.all(
        "SELECT m.kind, m.id, COALESCE(p.world, f.world, m.id), COALESCE(p.gn, f.name, ''), m.until, m.said, m.who "
        "FROM chat_mute m LEFT JOIN player p ON m.kind = 'player' AND p.uid = m.id "
        "LEFT JOIN family f ON m.kind = 'family' AND f.id = m.id WHERE m.until > %s ORDER BY m.until, m.kind, m.id",
        utc.stored(now))
    for kind, identifier, world, *rest in rows:
        yield Muted(Target(kind, identifier, world), *rest)


def announce(db: Work, world: World, text: str) -> None:
    """Tell the clients of a world that asked for announcements."""
    db.deliver(CHAT_NEWS, {"world": world.home, "text": text, "key": secrets.token_hex(16)})


def _say(db: Work, target: Target, until: datetime) -> None:
    """Write the last word about a target, which locks its row, and tell the chat with the commit."""
    db.execute("INSERT INTO chat_mute (kind, id, until, said, who) VALUES (%s, %s, %s, UTC_TIMESTAMP(3), %s) "
               "ON DUPLICATE KEY UPDATE until = VALUES(until), who = VALUES(who), "
               "said = GREATEST(UTC_TIMESTAMP(3), said + INTERVAL 1000 MICROSECOND)",
               target.kind, target.id, utc.stored(until), db.cause.owner)
    said: datetime = db.value("SELECT said FROM chat_mute WHERE kind = %s AND id = %s", target.kind, target.id)
    what = {COLUMNS[target.kind]: target.id} if target.kind in COLUMNS else {}
    channel = {} if target.kind == PLAYER else {"channel": target.kind}
    db.deliver(CHAT_MUTE, {"kind": "mute", "world": target.world, **channel, **what, "until": until.timestamp(),
                           "time": utc.text(said)})
