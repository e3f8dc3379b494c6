"""Rows of a running system's database, for tests that need another day, another level or what no client sees."""

from contextlib import closing
from typing import Any

import pymysql

from apps.client.player import Player
from common.mysql_url import connection_options
from tests.support.game import Game, name_of

SECONDS = 5.0


def execute(game: Game, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement and commit it; return its rows, if it has any."""
    options = connection_options(game.endpoints["mysql"], SECONDS, SECONDS)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        cursor = connection.cursor()
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def uid_of(game: Game, player: Player) -> str:
    """Return the uid of a player, which clients never see."""
    [[uid]] = execute(game, "SELECT uid FROM player WHERE gn = %s", name_of(player))
    return str(uid)
