"""Client functions called at any time of the calendar, on a real database with all tables, without gate and worker."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
import pymysql

from apps.local.processes import ROOT
from apps.migrate import migrations
from apps.worker import request
from apps.worker.module.common import Function, GameError, Reply
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.unit_of_work import Cause, Work
from common.mysql import Database
from common.mysql_url import connection_options

SECONDS = 30.0
NUMBERS = itertools.count(1)
LEASE = timedelta(seconds=60)


def at(text: str) -> datetime:
    """Return ``2030-01-02 03:04:05`` as a time in Shanghai."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)


def wire(reply: Reply) -> Any:
    """Return the data of a reply as clients get it."""
    return orjson.loads(request.encode(reply))["data"]


class DatedCalls:
    """Calls functions with a time, as the worker's runner calls them with the time of the request."""

    def __init__(self, url: str, lock_seconds: float = 2) -> None:
        with pymysql.connect(**connection_options(url, SECONDS, SECONDS) | {"autocommit": True}) as connection:
            migrations.apply(connection, migrations.read(ROOT / "conf" / "migrations"))
        self.database = Database(url, connections=2, connect_seconds=SECONDS, statement_seconds=SECONDS,
                                 lock_seconds=lock_seconds, pause=lambda _: None)
        folder = ROOT / "conf" / "game" / "1.0" / "server"
        self.config: dict[str, Any] = {path.stem: orjson.loads(path.read_bytes()) for path in folder.glob("*.json")}

    def player(self, vipexp: int = 0) -> str:
        """Return the uid of a new player who has nothing."""
        number = next(NUMBERS)
        uid = f"p{number:08d}"
        self.execute("INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, vipexp, created) "
                     "VALUES (%s, %s, 's0', 's0', %s, %s, '0', 0, 0, %s, NOW())", uid, uid, uid, uid, vipexp)
        return uid

    def call(self, function: Function, uid: str, now: datetime, **arguments: object) -> Reply:
        """Return the reply of a function, or its refusal; a refusal changes nothing."""
        def work(tx: Any) -> Reply:
            db = Work(tx.connection, Cause(uid, function.__name__, "r", now.replace(tzinfo=None)), LEASE)
            reply: Reply = function(uid=uid, db=db, now=now, config=self.config, **arguments)
            db.finish()
            return reply

        try:
            return self.database.transaction(work)
        except GameError as refusal:
            return refusal.reply

    def execute(self, statement: str, *values: object) -> None:
        """Change rows."""
        self.database.transaction(lambda tx: tx.execute(statement, *values))

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows."""
        return list(self.database.read(lambda db: db.all(statement, *values)))

    def balance(self, uid: str, iid: int) -> int:
        """Return how much a player has of an item."""
        found = self.rows("SELECT value FROM item WHERE uid = %s AND iid = %s", uid, iid)
        return int(found[0][0]) if found else 0


@contextmanager
def dated_calls(url: str, lock_seconds: float = 2) -> Iterator[DatedCalls]:
    """Calls on an empty database, whose statements wait for locks no longer than ``lock_seconds``."""
    calls = DatedCalls(url, lock_seconds)
    try:
        yield calls
    finally:
        calls.database.close()
