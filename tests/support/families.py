"""Families for end-to-end tests."""

from typing import Any

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.game import SUCCESS, Game, give, mails, name_of, new_name

GROWN_EXP = 20000
CREATE, RENAME = 2000, 500
BASIC, ELITE, ADMIN, OWNER = 0, 4, 8, 10


def grown(game: Game, world: str = "s0") -> Player:
    """Return a player of a level that families take."""
    player = game.player(world=world)
    execute(game, "UPDATE player SET exp = %s WHERE gn = %s", GROWN_EXP, name_of(player))
    return player


def founder(game: Game, name: str = "", diamonds: int = 0) -> Player:
    """Return the owner of a new family, who has ``diamonds`` left."""
    player = grown(game)
    give(player, f"3:5:{CREATE + diamonds}")
    assert player.call("create_family", name=name or new_name(), icon=1)["status"] == SUCCESS
    return player


def member(game: Game, owner: Player, role: int = BASIC) -> Player:
    """Return somebody who has just joined the family of ``owner``."""
    player = grown(game)
    join(owner, player)
    if role:
        assert owner.call("set_role_family", gn_target=name_of(player), role=role)["status"] == SUCCESS
    return player


def join(official: Player, player: Player) -> None:
    """Let a player join by an application that an official accepts; that costs neither a daily invitation."""
    assert player.call("request_join_family", name=family_name(official))["status"] == SUCCESS
    assert official.call("respond_family", key=request_key(official))["status"] == SUCCESS


def invite(official: Player, player: Player) -> int:
    """Invite a player; return the status."""
    return int(official.call("invite_user_family", gn_target=name_of(player))["status"])


def request_key(player: Player) -> str:
    """Return the key of the newest family request in a mailbox."""
    return str([mail for mail in mails(player) if mail["type"] == "3"][-1]["key"])


def family_name(player: Player) -> str:
    """Return the name of a player's family, or an empty text."""
    return str(player.call("get_info_player")["data"]["fn"])


def shown(player: Player) -> dict[str, Any]:
    """Return what a player sees of the own family."""
    answer = player.call("get_all_family")
    assert answer["status"] == SUCCESS, answer
    return dict(answer["data"])


def roles(player: Player) -> dict[str, int]:
    """Return the roles in a player's family by game name."""
    return {entry["gn"]: entry["family_role"] for entry in shown(player)["members"]}


def news(player: Player) -> list[str]:
    """Return the news of a player's family without their times."""
    return [text for _, text in shown(player)["news"]]


def end_disbanding(game: Game, player: Player) -> None:
    """Let the time to disband of a player's family have come a second ago."""
    execute(game, "UPDATE family f JOIN family_member m ON m.family = f.id SET f.disband = UTC_TIMESTAMP() - "
                  "INTERVAL 1 SECOND WHERE m.uid = %s", uid_of(game, player))


def end_cooldown(game: Game, player: Player) -> None:
    """Let a player who has left a family join again."""
    execute(game, "DELETE FROM timer WHERE tid = 23 AND uid = %s", uid_of(game, player))


def fill(game: Game, owner: Player, members: int) -> None:
    """Fill up a family with members who have rows in the tables and nothing else."""
    [[family]] = execute(game, "SELECT family FROM family_member WHERE uid = %s", uid_of(game, owner))
    marks = ", ".join(["(%s, %s, UTC_TIMESTAMP())"] * members)
    rows = [value for number in range(members) for value in (f"{family}x{number}", family)]
    execute(game, f"INSERT INTO family_member (uid, family, joined) VALUES {marks}", *rows)
