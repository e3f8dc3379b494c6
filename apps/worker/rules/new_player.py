"""A new player: one row in each table that says what a player begins with, from new_player.json."""

from collections.abc import Mapping
from random import Random
from typing import Any

from apps.worker.module.enums import Item
from apps.worker.rules import accounts, energy_account, items, names
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World


def new_uid(random: Random) -> str:
    """Return the uid of a new player."""
    return accounts.new_id(random, "p")


def create(db: Work, uid: str, *, account: str, world: World, gn: str, icon: str, config: Mapping[str, Any]) -> None:
    """Write everything that a new player has. Raises DuplicateError when the name or the place is taken."""
    rule = config["new_player"]
    energy = energy_account.rule_of(config).maximum if rule["energy"] == "max" else rule["energy"]
    db.execute("INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, created) "
               "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
               uid, account, world.id, world.home, gn, names.name_key(gn), icon, energy, rule["exp"], db.cause.time)
    _insert_all(db, uid, rule)


def _insert_all(db: Work, uid: str, rule: Mapping[str, Any]) -> None:
    for statement, rows in (
        ("INSERT INTO factory (uid, fid, workers, storage) VALUES (%s, %s, %s, %s)",
         [(uid, row["fid"], row["workers"], row["storage"]) for row in rule["factory"]]),
        ("INSERT INTO role (uid, rid, star, level) VALUES (%s, %s, %s, %s)",
         [(uid, row["rid"], row["star"], row["level"]) for row in rule["roles"]]),
        ("INSERT INTO weapon (uid, wid, star, level) VALUES (%s, %s, %s, %s)",
         [(uid, row["wid"], row["star"], row["level"]) for row in rule["weapons"]]),
        ("INSERT INTO item (uid, iid, value) VALUES (%s, %s, %s)",
         [(uid, int(iid), 0) for iid in rule["items"]]),
        ("INSERT INTO limits (uid, lid, value) VALUES (%s, %s, %s)",
         [(uid, int(lid), value) for lid, value in rule["limits"].items()]),
        ("INSERT INTO stage (uid, sid, stage) VALUES (%s, %s, %s)",
         [(uid, int(sid), stage) for sid, stage in rule["stages"].items()]),
        ("INSERT INTO science (uid, ssa, level) VALUES (%s, %s, %s)",
         [(uid, int(ssa), level) for ssa, level in rule["sciences"].items()]),
        ("INSERT INTO element (uid, eid, level) VALUES (%s, %s, %s)",
         [(uid, int(eid), level) for eid, level in rule["elements"].items()]),
    ):
        if rows:
            db.many(statement, rows)
    gains = [items.item(Item(int(iid)), value) for iid, value in rule["items"].items() if value]
    items.grant(db, uid, gains)
