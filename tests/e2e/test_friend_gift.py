"""Gifts from one player to another: paid once, claimed once, whatever happens meanwhile."""

from collections.abc import Callable
from typing import Any

import gevent
import pytest

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.friends import ask, request_keys, two_friends
from tests.support.game import SUCCESS, Game, at_once, balances, give, mails, name_of, statuses
from tests.support.waiting import wait_for

COIN, IRON = 1, 2
COINS_A_DAY, IRON_A_DAY = 5000, 500
HAD = 20_000


def friends_with(game: Game, *items: str) -> tuple[Player, Player]:
    """Return two friends, of whom the first has something."""
    ada, bea = two_friends(game)
    give(ada, *items)
    return ada, bea


def gift(ada: Player, bea: Player, *items: str, **more: Any) -> Any:
    return ada.call("give_friend", gn_target=name_of(bea), items=list(items), **more)


def gift_keys(player: Player) -> list[str]:
    return [mail["key"] for mail in mails(player) if mail["subj"] == "FRIEND_GIFT"]


def claim(player: Player) -> None:
    """Claim all gifts of friends."""
    keys = gift_keys(player)
    assert list(player.call("accept_gifts", gift=keys, other=[])["data"]["success"]) == keys


def ledger(game: Game, player: Player, iid: int = COIN) -> int:
    """Return what the ledger says that a player has."""
    [[total]] = execute(game, "SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE uid = %s AND gid = 3 AND iid = %s",
                        uid_of(game, player), iid)
    return int(total)


def coins(player: Player) -> int:
    return balances(player).get(COIN, 0)


def test_a_gift_is_paid_and_claimed(game: Game) -> None:
    ada, bea = friends_with(game, f"3:1:{HAD}", "3:2:10")
    assert gift(ada, bea, "3:1:30", "3:2:4", "3:1:70") == {"status": 0, "message": "success", "data": {
        "gn": name_of(bea), "remain": [f"3:1:{HAD - 100}", "3:2:6"], "reward": ["3:1:100", "3:2:4"]}}
    mail = mails(bea)[-1]
    assert mail | {"time": "", "key": ""} == {
        "read": 0, "type": "1", "from": name_of(ada), "subj": "FRIEND_GIFT", "body": "GIFT_1", "time": "", "key": "",
        "items": "3:1:100,3:2:4"}
    assert bea.call("accept_gifts", gift=[mail["key"]], other=[])["data"]["success"] == {mail["key"]: [
        {"gid": 3, "id": COIN, "remaining": 100, "reward": 100}, {"gid": 3, "id": IRON, "remaining": 4, "reward": 4}]}
    assert bea.call("accept_gifts", gift=[mail["key"]], other=[])["data"] == {"error": [mail["key"]], "success": {}}
    for player, have in ((ada, HAD - 100), (bea, 100)):
        assert (coins(player), ledger(game, player)) == (have, have)


def test_gifts_are_for_friends(game: Game) -> None:
    ada, bea = game.player(), game.player()
    give(ada, "3:1:100")
    assert ask(ada, name_of(bea)) == SUCCESS
    for target in (name_of(bea), name_of(ada), "nobody", "", "' OR 1=1 --"):
        assert ada.call("give_friend", gn_target=target, items=["3:1:5"])["status"] == 99
    assert bea.call("respond_friend", key=request_keys(bea)[0])["status"] == SUCCESS
    assert gift(ada, bea, "3:1:5")["status"] == SUCCESS
    assert coins(ada) == 95


@pytest.mark.parametrize("items", [[], ["3:5:1"], ["3:1:5", "3:5:1"], ["0:301:1"], ["4:1:1"], ["1:3:1"]])
def test_what_cannot_be_given(game: Game, items: list[str]) -> None:
    ada, bea = friends_with(game, "3:1:100", "3:5:100", "0:301:5")
    assert gift(ada, bea, *items)["status"] == 98
    assert (coins(ada), gift_keys(bea)) == (100, [])


@pytest.mark.parametrize("items", [["3:1:0"], ["3:1:-5"], ["3:24:1"], ["3:1"], ["x"], ["3:1:1\n"], "3:1:1", [5], None])
def test_what_is_no_gift(game: Game, items: object) -> None:
    ada, bea = friends_with(game, "3:1:100")
    assert ada.call("give_friend", gn_target=name_of(bea), items=items)["status"] == -4
    assert coins(ada) == 100


def test_nobody_gives_what_is_not_there(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:100", "3:2:3")
    assert gift(ada, bea, "3:1:5", "3:2:4")["status"] == 96
    assert (balances(ada)[COIN], balances(ada)[IRON], gift_keys(bea)) == (100, 3, [])
    assert gift(ada, bea, "3:1:100", "3:2:3")["status"] == SUCCESS


def test_so_much_a_day_for_all_friends_together_even_at_once(game: Game) -> None:
    ada, bea = friends_with(game, f"3:1:{HAD}", f"3:2:{HAD}")
    answers = at_once(8, lambda: gift(ada, bea, "3:1:1000"))
    assert statuses(answers) == [0] * 5 + [97] * 3
    assert gift(ada, bea, f"3:2:{IRON_A_DAY}", "3:1:1")["status"] == 97
    assert gift(ada, bea, f"3:2:{IRON_A_DAY}")["status"] == SUCCESS
    assert gift(ada, bea, "3:1:9999999999")["status"] == 97
    assert coins(ada) == ledger(game, ada) == HAD - COINS_A_DAY
    claim(bea)
    assert coins(bea) == ledger(game, bea) == COINS_A_DAY
    execute(game, "UPDATE friend_gift SET day = day - INTERVAL 1 DAY WHERE uid = %s", uid_of(game, ada))
    assert gift(ada, bea, f"3:1:{COINS_A_DAY}")["status"] == SUCCESS


def test_a_refused_gift_uses_up_nothing(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:10")
    assert gift(ada, bea, f"3:1:{COINS_A_DAY}")["status"] == 96
    give(ada, f"3:1:{COINS_A_DAY}")
    assert gift(ada, bea, f"3:1:{COINS_A_DAY}")["status"] == SUCCESS


def test_a_repeated_request_gives_once(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:100")
    answers = at_once(4, lambda: gift(ada, bea, "3:1:30", request_id="once"))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["status"], coins(ada), len(gift_keys(bea))) == (SUCCESS, 70, 1)


def test_gifts_that_cross_arrive_both(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:100")
    give(bea, "3:1:100")
    names = {ada: name_of(bea), bea: name_of(ada)}

    def five(player: Player) -> list[int]:
        return statuses([player.call("give_friend", gn_target=names[player], items=["3:1:10"]) for _ in range(5)])

    giving = [gevent.spawn(five, player) for player in names]
    gevent.joinall(giving, raise_error=True)
    assert [one.get() for one in giving] == [[0] * 5, [0] * 5]
    for player in names:
        claim(player)
        assert coins(player) == ledger(game, player) == 100


def test_a_gift_for_a_full_mailbox_waits_and_arrives_once(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:100")
    name = name_of(bea)
    at_once(50, lambda: bea.call("send_text_mail", gn_target=name, msg="fill"))
    wait_for(lambda: len(mails(bea)) == 50, what="a full mailbox")
    assert gift(ada, bea, "3:1:40")["status"] == SUCCESS
    assert (coins(ada), gift_keys(bea)) == (60, [])
    texts = [mail["key"] for mail in mails(bea) if mail["type"] == "0"][:5]
    bea.call("accept_gifts", gift=[], other=texts)
    assert len(bea.call("delete_read_mail")["data"]["keys"]) == 5
    uid = uid_of(game, bea)
    wait_for(_arrives(game, bea, uid), what="the gift")
    claim(bea)
    assert (coins(bea), ledger(game, bea), len(gift_keys(bea))) == (40, 40, 1)


def _arrives(game: Game, player: Player, uid: str) -> Callable[[], list[str]]:
    """Return a look for gifts that lets the outbox try again at once what waits for a full mailbox."""
    def look() -> list[str]:
        execute(game, "UPDATE outbox SET due = UTC_TIMESTAMP(3) WHERE kind = 'mail' AND JSON_VALUE(body, '$.uid') = %s "
                      "AND due > UTC_TIMESTAMP(3) + INTERVAL 20 SECOND", uid)
        return gift_keys(player)

    return look


def test_parting_meanwhile_loses_and_doubles_nothing(game: Game) -> None:
    ada, bea = friends_with(game, "3:1:100")
    name = name_of(ada)
    giving = [gevent.spawn(gift, ada, bea, "3:1:10") for _ in range(3)]
    assert bea.call("remove_friend", gn_target=name)["status"] == SUCCESS
    gevent.joinall(giving, raise_error=True)
    given = [one.get()["status"] for one in giving].count(SUCCESS)
    assert {one.get()["status"] for one in giving} <= {SUCCESS, 99}
    claim(bea)
    assert (coins(ada), coins(bea)) == (100 - 10 * given, 10 * given)
    assert (ledger(game, ada), ledger(game, bea)) == (coins(ada), coins(bea))
    assert gift(ada, bea, "3:1:10")["status"] == 99
