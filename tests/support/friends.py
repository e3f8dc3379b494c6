"""Friends for tests: made through the clients' protocol, and rows for what would take too many players or days."""

from typing import Any

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, mails, name_of

FRIEND_REQUEST = "2"


def ask(player: Player, target: str) -> int:
    """Ask the player of a name to be a friend; return the status."""
    return int(player.call("request_friend", gn_target=target)["status"])


def request_keys(player: Player) -> list[str]:
    """Return the keys of the friend requests in a mailbox, oldest first."""
    return [mail["key"] for mail in mails(player) if mail["type"] == FRIEND_REQUEST]


def asked(game: Game) -> tuple[Player, Player, str]:
    """Return two players, of whom the first asked the second, and the key of the request."""
    ada, bea = game.player(), game.player()
    assert ask(ada, name_of(bea)) == 0
    [key] = request_keys(bea)
    return ada, bea, key


def befriend(ada: Player, bea: Player) -> None:
    """Make two players friends."""
    assert ask(ada, name_of(bea)) == 0
    assert bea.call("respond_friend", key=request_keys(bea)[-1])["status"] == 0


def two_friends(game: Game) -> tuple[Player, Player]:
    """Return two players who are friends."""
    ada, bea = game.player(), game.player()
    befriend(ada, bea)
    return ada, bea


def list_of(player: Player) -> list[dict[str, Any]]:
    """Return the friends and open requests of a player."""
    return list(player.call("get_all_friend")["data"]["friends"])


def are_friends(ada: Player, bea: Player) -> bool:
    """Whether each is in the other's list, as a friend."""
    return all(any(row["since"] and row["gn"] == name_of(other) for row in list_of(player))
               for player, other in ((ada, bea), (bea, ada)))


def fill_list(game: Game, player: Player, number: int = 50) -> None:
    """Give a player so many friends whom nobody will meet."""
    uid = uid_of(game, player)
    marks = ", ".join(["(%s, %s, '2030-01-01')"] * number)
    values = [value for count in range(number) for value in (uid, f"{uid}{count}")]
    execute(game, f"INSERT INTO friend (uid, fid, since) VALUES {marks}", *values)  # only marks


def a_day_later(game: Game, player: Player) -> None:
    """Let everything that a player did today be of yesterday."""
    uid = uid_of(game, player)
    execute(game, "UPDATE heart SET day = day - INTERVAL 1 DAY WHERE uid = %s", uid)
    execute(game, "UPDATE friend SET heart = heart - INTERVAL 1 DAY WHERE uid = %s", uid)
    execute(game, "UPDATE timer SET time = DATE(time) - INTERVAL 1 DAY WHERE uid = %s AND tid = 19", uid)
