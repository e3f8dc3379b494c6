"""Carries out orders about the chat: each is one transaction, and reaches the edges by the outbox."""

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from apps.worker import operators
from apps.worker.operators import RefusedError
from apps.worker.rules import chat_control, families, letters, utc
from apps.worker.rules.chat_control import FAMILY, PLAYER, PUBLIC, Target, TooLongError
from apps.worker.unit_of_work import Cause, Work
from apps.worker.worlds import World
from common.mysql import Database, Statements, Transaction

T = TypeVar("T")
AT_ONCE = timedelta(0)
"""No worker has made these deliveries its own: whichever looks next takes them."""


def mute(database: Database, given: Namespace, world: World, now: datetime, longest: timedelta) -> datetime:
    """Mute who or what was given; return until when. Raises RefusedError."""
    operators.require_who(given.who)
    until: datetime = now + min(given.length, longest + timedelta(days=1))  # a date has an end, too

    def work(db: Work) -> None:
        try:
            chat_control.mute(db, target(db, given, world, now), until, longest)
        except TooLongError as error:
            raise RefusedError(str(error)) from None

    _transact(database, given.who, now, work)
    return until


def unmute(database: Database, given: Namespace, world: World, now: datetime) -> None:
    """Let who or what was given speak again. Raises RefusedError."""
    operators.require_who(given.who)
    _transact(database, given.who, now, lambda db: chat_control.end(db, target(db, given, world, now)))


def announce(database: Database, text: str, world: World, now: datetime) -> None:
    """Tell a world something. Raises RefusedError."""
    operators.require_line("text", text, chat_control.LONGEST_NEWS)
    _transact(database, "", now, lambda db: chat_control.announce(db, world, text))


def target(db: Statements, given: Namespace, world: World, now: datetime) -> Target:
    """Return who or what was given. Raises RefusedError."""
    if given.public:
        return Target(PUBLIC, world.id, world.id)
    if given.family:
        family = families.by_name(db, world, given.family)
        if family is None or family.is_gone(now):
            raise RefusedError(f"there is no family {given.family[:64]!r} in {world.id}")
        return Target(FAMILY, family.id, world.id)
    if given.player:
        player = letters.find_player(db, world, given.player)
        uid = None if player is None else player.uid
    else:
        uid = db.value("SELECT uid FROM player WHERE uid = %s AND world = %s", given.uid, world.id)
    if uid is None:
        raise RefusedError(f"there is no player {(given.player or given.uid)[:64]!r} in {world.id}")
    return Target(PLAYER, uid, world.id)


def _transact(database: Database, who: str, now: datetime, work: Callable[[Work], None]) -> None:
    def attempt(tx: Transaction) -> None:
        db = Work(tx.connection, Cause(who, "chat", "operator", utc.stored(now)), AT_ONCE)
        work(db)
        db.finish()

    database.transaction(attempt)
