"""Hearts for friends: one a day, and a reward for each to who sent it."""

from apps.client.player import Player
from tests.support.database_rows import execute, uid_of
from tests.support.friends import a_day_later, ask, befriend, list_of, two_friends
from tests.support.game import Game, at_once, balances, name_of, statuses

HEART = 16
SEND_FRIEND_GIFT_TASK, FRIEND_GIFT_ACHIEVEMENT = 11, 28


def test_a_heart_a_day(game: Game) -> None:
    ada, bea = two_friends(game)
    name, since = name_of(bea), list_of(ada)[0]["since"]
    assert ada.call("send_gift_friend", gn_target=name) == {"status": 0, "message": "success", "data": {}}
    assert ada.call("send_gift_friend", gn_target=name)["status"] == 98
    assert (list_of(ada)[0]["recover"], list_of(ada)[0]["isre"]) == (since, 0)
    assert list_of(bea)[0]["recover"] == ""
    assert bea.call("send_gift_friend", gn_target=name_of(ada))["status"] == 0
    a_day_later(game, ada)
    assert ada.call("send_gift_friend", gn_target=name)["status"] == 0


def test_hearts_are_for_friends(game: Game) -> None:
    ada, bea = game.player(), game.player()
    assert ask(ada, name_of(bea)) == 0
    for target in (name_of(bea), name_of(ada), "nobody", "", "' OR 1=1 --"):
        assert ada.call("send_gift_friend", gn_target=target)["status"] == 99
    assert bea.call("send_gift_friend", gn_target=name_of(ada))["status"] == 99
    assert ada.call("send_gift_all")["status"] == 99


def test_hearts_to_all(game: Game) -> None:
    ada, others = game.player(), [game.player() for _ in range(4)]
    for other in others[:3]:
        befriend(ada, other)
    assert ask(ada, name_of(others[3])) == 0
    names = [name_of(other) for other in others]
    assert ada.call("send_gift_friend", gn_target=names[0])["status"] == 0
    answer = ada.call("send_gift_all")
    assert answer == {"status": 0, "message": "all sent", "data": sorted(names[1:3])}
    assert ada.call("send_gift_all")["status"] == 99
    assert recorded(game, ada) == ([SEND_FRIEND_GIFT_TASK], 3)


def test_hearts_sent_in_parallel_are_one(game: Game) -> None:
    ada, bea = two_friends(game)
    name = name_of(bea)
    assert statuses(at_once(5, lambda: ada.call("send_gift_friend", gn_target=name))) == [0] + [98] * 4
    a_day_later(game, ada)
    assert statuses(at_once(5, lambda: ada.call("send_gift_all"))) == [0] + [99] * 4
    assert recorded(game, ada) == ([SEND_FRIEND_GIFT_TASK], 2)


def test_the_sender_is_rewarded_once(game: Game) -> None:
    ada, bea = two_friends(game)
    name = name_of(bea)
    ada.call("send_gift_all")
    answer = ada.call("get_gifts_friend", gns=[name, name.upper(), name, "nobody", "", "' OR 1=1 --"])
    assert answer == {"status": 0, "message": "success",
                      "data": {"gns": [name], "reward": "3:16:1", "remain": "3:16:1"}}
    again = ada.call("get_gifts_friend", gns=[name])
    assert (again["status"], again["data"]) == (0, {"gns": [], "reward": "3:16:0", "remain": "3:16:1"})
    assert list_of(ada)[0]["isre"] == 1
    assert balances(ada)[HEART] == 1
    assert HEART not in balances(bea)


def test_rewards_in_parallel_are_paid_once(game: Game) -> None:
    ada, others = game.player(), [game.player() for _ in range(2)]
    for other in others:
        befriend(ada, other)
    ada.call("send_gift_all")
    names = sorted(name_of(other) for other in others)
    answers = at_once(5, lambda: ada.call("get_gifts_friend", gns=names))
    assert sorted(answer["data"]["reward"] for answer in answers) == ["3:16:0"] * 4 + ["3:16:2"]
    assert {answer["data"]["remain"] for answer in answers if answer["data"]["gns"]} == {"3:16:2"}
    assert balances(ada)[HEART] == 2
    [[ledger]] = execute(game, "SELECT SUM(amount) FROM ledger WHERE uid = %s AND gid = 3 AND iid = %s",
                         uid_of(game, ada), HEART)
    assert ledger == 2


def test_no_reward_for_nothing(game: Game) -> None:
    ada, bea = two_friends(game)
    nothing = {"gns": [], "reward": "3:16:0", "remain": "3:16:0"}
    for gns in ([], [name_of(bea)], ["nobody"]):
        assert ada.call("get_gifts_friend", gns=gns)["data"] == nothing
    assert ada.call("get_gifts_friend", gns="x")["status"] == -4
    ada.call("send_gift_all")
    assert bea.call("get_gifts_friend", gns=[name_of(ada)])["data"] == nothing


def test_rewards_lapse_with_the_day(game: Game) -> None:
    ada, bea = two_friends(game)
    ada.call("send_gift_all")
    a_day_later(game, ada)
    assert ada.call("get_gifts_friend", gns=[name_of(bea)])["data"]["gns"] == []


def test_parting_brings_no_second_heart_and_no_second_reward(game: Game) -> None:
    ada, bea = two_friends(game)
    name = name_of(bea)
    ada.call("send_gift_friend", gn_target=name)
    assert ada.call("get_gifts_friend", gns=[name])["data"]["reward"] == "3:16:1"
    ada.call("remove_friend", gn_target=name)
    befriend(bea, ada)
    assert ada.call("send_gift_friend", gn_target=name)["status"] == 98
    assert ada.call("send_gift_all")["status"] == 99
    assert ada.call("get_gifts_friend", gns=[name])["data"]["reward"] == "3:16:0"
    assert (list_of(ada)[0]["recover"], list_of(ada)[0]["isre"]) == (list_of(ada)[0]["since"], 1)


def test_no_reward_after_parting(game: Game) -> None:
    ada, bea = two_friends(game)
    ada.call("send_gift_all")
    ada.call("remove_friend", gn_target=name_of(bea))
    assert ada.call("get_gifts_friend", gns=[name_of(bea)])["data"]["gns"] == []


def test_old_hearts_to_strangers_are_removed(game: Game) -> None:
    ada, bea = two_friends(game)
    cid, uid = game.player(), uid_of(game, ada)
    befriend(ada, cid)
    ada.call("send_gift_all")
    a_day_later(game, ada)
    ada.call("remove_friend", gn_target=name_of(bea))
    assert execute(game, "SELECT fid FROM heart WHERE uid = %s", uid) == [(uid_of(game, cid),)]


def recorded(game: Game, player: Player) -> tuple[list[int], int]:
    """Return the tasks that a player has done, and how many hearts the achievement counts."""
    uid = uid_of(game, player)
    tasks = [tid for (tid,) in execute(game, "SELECT tid FROM task WHERE uid = %s", uid)]
    [[hearts]] = execute(game, "SELECT value FROM achievement WHERE uid = %s AND aid = %s", uid,
                         FRIEND_GIFT_ACHIEVEMENT)
    return tasks, hearts
