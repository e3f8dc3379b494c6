"""``python -m apps.worker.ledger verify``: recompute every balance from the ledger and name each difference."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from apps.worker.rules import cards
from apps.worker.settings import WorkerSettings
from common import logs, options
from common.mysql import Database, Row, Statements

HOLDINGS = """
    SELECT uid, 3 AS gid, iid, value AS held FROM item
    UNION ALL SELECT uid, 0, wid, segment FROM weapon
    UNION ALL SELECT uid, 2, rid, segment FROM role
    UNION ALL SELECT uid, 4, aid, quantity FROM armor WHERE level = 1
    UNION ALL SELECT uid, 1, sid, 1 FROM skill
"""
SUMS = "SELECT uid, gid, iid, CAST(SUM(amount) AS SIGNED) AS noted FROM ledger GROUP BY uid, gid, iid"
DIFFERENCES = (
    f"SELECT h.uid, h.gid, h.iid, h.held, COALESCE(l.noted, 0) FROM ({HOLDINGS}) h LEFT JOIN ({SUMS}) l "  # noqa: S608  # two constants
    "ON l.uid = h.uid AND l.gid = h.gid AND l.iid = h.iid WHERE h.held <> COALESCE(l.noted, 0) "
    f"UNION ALL SELECT l.uid, l.gid, l.iid, 0, l.noted FROM ({SUMS}) l LEFT JOIN ({HOLDINGS}) h "
    "ON l.uid = h.uid AND l.gid = h.gid AND l.iid = h.iid WHERE h.uid IS NULL AND l.noted <> 0 "
    "ORDER BY 1, 2, 3"
)
BREAKS = (
    "SELECT uid, gid, iid, balance, balance - amount FROM (SELECT uid, gid, iid, id, amount, balance, "
    "LAG(balance) OVER (PARTITION BY uid, gid, iid ORDER BY id) AS before_it FROM ledger) steps "
    "WHERE before_it IS NOT NULL AND before_it + amount <> balance ORDER BY id"
)
COPIES = " UNION ALL ".join(
    f"SELECT p.uid, 3, {int(item)}, p.{column}, COALESCE(i.value, 0) FROM player p "  # noqa: S608  # constants
    f"LEFT JOIN item i ON i.uid = p.uid AND i.iid = {int(item)} WHERE p.{column} <> COALESCE(i.value, 0)"
    for item, column in cards.COPIES.items()
)


@dataclass(frozen=True)
class Difference:
    """A thing whose ledger does not say what its owner has."""

    uid: str
    gid: int
    iid: int
    held: int
    noted: int
    what: str
    of: str
    """What ``noted`` was read from."""

    def __str__(self) -> str:
        return f"{self.uid} {self.gid}:{self.iid}: {self.what}: held {self.held}, {self.of} {self.noted}"


def verify(db: Statements) -> Iterator[Difference]:
    """Yield each difference between what players have, what the ledger adds up to, and what others see of it."""
    for row in db.all(DIFFERENCES):
        yield difference(row, "the sum differs")
    for row in db.all(BREAKS):
        yield difference(row, "a line does not follow from the one before")
    for row in db.all(COPIES):
        yield difference(row, "the card shows something else", of="owned")


def difference(row: Row, what: str, of: str = "ledger") -> Difference:
    """Return a row of the queries above as a difference."""
    uid, gid, iid, held, noted = row
    return Difference(uid, gid, iid, held, noted, what, of)


def main() -> int:
    """Exit code 0 when everything agrees, 1 when something differs, 2 for a wrong call."""
    if sys.argv[1:2] != ["verify"]:
        sys.stderr.write("usage: python -m apps.worker.ledger verify [options of the worker]\n")
        return 2
    settings = options.parse(WorkerSettings, "apps.worker.ledger", sys.argv[2:], os.environ)  # noqa: TID251  # a program of its own
    logs.set_up("ledger", settings.log_level, settings.log_format)
    database = Database(settings.mysql_url, connections=1, connect_seconds=settings.mysql_connect_seconds,
                        statement_seconds=3600, pause=lambda _: None)
    differences = database.read(lambda db: list(verify(db)))
    for difference in differences:
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write(f"{len(differences)} differences\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
