"""The players of the benchmark: those who ask are registered as clients do it, the crowd is put into the tables."""

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import urllib3

from tests.load import database
from tests.load.scenario import Account
from tests.support.game import WORLD, Game, give

ITEMS = 20
FIRST_ITEMS = tuple(range(1, 19))
"""With the two that every new player has, these make twenty."""
THREADS = 8


def register(endpoints: Mapping[str, Any], count: int) -> list[Account]:
    """Register players over a gate, each with twenty items."""
    game = Game(endpoints)

    def one(number: int) -> Account:
        name = f"B{secrets.token_hex(5)}_{number}"
        player = game.player(name)
        give(player, *(f"3:{iid}:1000" for iid in FIRST_ITEMS))
        return Account(name, player.state.sessions[WORLD])

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(count)))


def crowd_name(number: int) -> str:
    """Return the game name of a player of the crowd."""
    return f"crowd_{number}"


def insert_crowd(url: str, first: int, last: int) -> None:
    """Put players ``first`` to ``last - 1`` into the tables, with what a player has: items, ledger, and so on."""
    numbers = [(number,) for number in range(first, last)]
    with closing(database.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE crowd (number INT PRIMARY KEY)")
        cursor.executemany("INSERT INTO crowd VALUES (%s)", numbers)
        for statement in STATEMENTS:
            cursor.execute(statement)
        connection.commit()


def delete_crowd(url: str, first: int, last: int) -> None:
    """Take players ``first`` to ``last - 1`` out of the tables again."""
    uids = [(f"crowdplayer{number}", f"crowdaccount{number}") for number in range(first, last)]
    with closing(database.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE gone (player VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin "
                       "PRIMARY KEY, account VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin)")
        cursor.executemany("INSERT INTO gone VALUES (%s, %s)", uids)
        for table in ("player", "item", "ledger", "stage", "element", "limits"):
            cursor.execute(f"DELETE {table} FROM gone STRAIGHT_JOIN {table} ON {table}.uid = gone.player")
        cursor.execute("DELETE account FROM gone STRAIGHT_JOIN account ON account.uid = gone.account")
        connection.commit()


_UID = "CONCAT('crowdplayer', number)"
_ACCOUNT = "CONCAT('crowdaccount', number)"
_IIDS = " UNION ALL ".join(f"SELECT {iid} AS iid" for iid in range(1, ITEMS + 1))
_KEYS = "SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5"
STATEMENTS = (
    f"INSERT INTO account (uid, device, created) SELECT {_ACCOUNT}, UNHEX(SHA2({_ACCOUNT}, 256)), UTC_TIMESTAMP() "
    "FROM crowd",
    "INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, created) "
    f"SELECT {_UID}, {_ACCOUNT}, '{WORLD}', '{WORLD}', CONCAT('crowd_', number), CONCAT('crowd_', number), '0', 100, "
    "180, UTC_TIMESTAMP() FROM crowd",
    f"INSERT INTO item (uid, iid, value) SELECT {_UID}, iid, 1000 FROM crowd JOIN ({_IIDS}) AS iids",
    "INSERT INTO ledger (uid, gid, iid, amount, balance, reason, request, created) "
    f"SELECT {_UID}, 3, iid, 1000, 1000, 'benchmark', 'benchmark', UTC_TIMESTAMP() FROM crowd JOIN ({_IIDS}) AS iids",
    f"INSERT INTO stage (uid, sid, stage) SELECT {_UID}, k, 1 FROM crowd JOIN ({_KEYS}) AS stages",
    f"INSERT INTO element (uid, eid, level) SELECT {_UID}, 1000 + k, 0 FROM crowd JOIN ({_KEYS}) AS elements",
    f"INSERT INTO limits (uid, lid, value) SELECT {_UID}, 23, 3 FROM crowd",
)


def crowd_accounts(auth: str, first: int, last: int) -> list[Account]:
    """Let auth issue session tokens for the players ``first`` to ``last - 1`` of the crowd."""
    bodies = [{"uid": f"crowdaccount{number}-{WORLD}", "kind": "session",
               "claims": {"account": f"crowdaccount{number}", "world": WORLD}} for number in range(first, last)]
    answers = post_all(f"{auth}/issue_token", bodies)
    return [Account(crowd_name(number), answer["token"]) for number, answer in enumerate(answers, first)]


def nonces(auth: str, count: int, world: str = WORLD) -> list[str]:
    """Register nonces with auth for clients of the chat."""
    made = [secrets.token_hex(16) for _ in range(count)]
    answers = post_all(f"{auth}/register_nonce", [
        {"nonce": nonce, "payload": {"gn": f"client{number}", "world": world, "fn": ""}, "ttl": 600}
        for number, nonce in enumerate(made)])
    assert all(answer["status"] == 0 for answer in answers)
    return made


def post_all(url: str, bodies: Sequence[object]) -> list[Any]:
    """POST each body as JSON, several at once; return the answers in order."""
    with urllib3.PoolManager(maxsize=THREADS) as pool, ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(lambda body: pool.request("POST", url, json=body, timeout=10.0).json(), bodies))

