"""Game names of players: taking another one, and finding who has one."""

from dataclasses import dataclass

from apps.worker.rules import names, utc
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Statements

CHAT_NAME = "chat_name"
"""Kind of the outbox's rows: a player who has another name now, for the chat."""


@dataclass(frozen=True)
class Bearer:
    """A player and the game name, as it is shown."""

    uid: str
    gn: str


def bearer(db: Statements, world: str, name: str) -> Bearer | None:
    """Return who lives in a world under this name."""
    row = db.one("SELECT uid, gn FROM player WHERE world = %s AND gn_key = %s", world, names.wanted_key(name))
    return None if row is None else Bearer(*row)


def change(db: Work, uid: str, world: World, gn: str) -> None:
    """Give a player another name, and tell the chat with the commit. Raises DuplicateError when the name is taken.

    The time is the database's own, read under the lock of the player: of two names the later one has the later time.
    """
    db.execute("UPDATE player SET gn = %s, gn_key = %s WHERE uid = %s", gn, names.name_key(gn), uid)
    time = utc.text(utc.of_database(db))
    db.deliver(CHAT_NAME, {"kind": "name", "world": world.home, "uid": uid, "gn": gn, "time": time})
