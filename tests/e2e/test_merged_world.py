"""Two worlds that have become one, as their players live in it: those of both origins meet and notice nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.client.chat import Chat
from apps.client.player import Player
from operations.merge_worlds import merge
from tests.e2e.test_chat import hears, join
from tests.support import families
from tests.support.database_rows import execute, uid_of
from tests.support.families import family_name, founder, roles
from tests.support.friends import are_friends, ask, befriend, list_of
from tests.support.game import SUCCESS, Game, balances, give, mails, name_of
from tests.support.game_data_folder import GAME_DATA, VERSION, GameDataFolder, content
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

HOME, MERGED = "s8", "s9"
NUMBERS = {entry["id"]: number for number, entry in enumerate(content("server/world")["worlds"])}
OPEN, CLOSED, CLOSED_WORLD = 0, 1, -5
OAKS = f"Oaks_{MERGED}"
QUICK = {"CONFIG_SECONDS": "0.1", "RELOAD_SECONDS": "0.1"}
DIAMOND, NEW_PLAYERS_DIAMONDS = 5, 10_000


@dataclass
class Town:
    """Players from before the merge: Ada of the world that stays, Bea and Cid of the one that went into it.

    Bea and Cid are friends, and Cid owns a family.
    """

    game: Game
    data: GameDataFolder
    ada: Player
    bea: Player
    cid: Player

    def newcomer(self, world: str) -> Player:
        """Return somebody who begins after the merge, in this world as clients call it."""
        return self.game.player(world=world)

    def set_worlds(self, status: int) -> None:
        """Open or close both worlds, and wait until clients see it."""
        for world in (HOME, MERGED):
            self.data.set("server/world", ["worlds", NUMBERS[world], "status"], status)
        wait_for(lambda: all((player.call("get_all_friend")["status"] == CLOSED_WORLD) is (status != OPEN)
                             for player in (self.ada, self.bea)), what="the worlds to change")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> GameDataFolder:
    """Game data of the test's own, all of it."""
    files = [path.relative_to(GAME_DATA / VERSION).with_suffix("").as_posix()
             for side in ("server", "client") for path in (GAME_DATA / VERSION / side).glob("*.json")]
    return GameDataFolder(tmp_path_factory.mktemp("data"), files)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, data: GameDataFolder) -> Iterator[LocalSystem]:
    running = LocalSystem(tmp_path_factory.mktemp("merged") / "run", f"--game-data={data.root}", "--edges=2")
    try:
        yield running.start(QUICK)
    finally:
        running.clean_up()


@pytest.fixture(scope="module")
def town(system: LocalSystem, data: GameDataFolder) -> Town:
    """The players, after operators have merged their worlds as the manual says."""
    game = Game(system.endpoints)
    ada, bea, cid = families.grown(game, HOME), families.grown(game, MERGED), families.grown(game, MERGED)
    befriend(bea, cid)
    give(cid, f"3:5:{families.CREATE}")
    assert cid.call("create_family", name="Oaks", icon=1)["status"] == SUCCESS
    built = Town(game, data, ada, bea, cid)
    built.set_worlds(CLOSED)
    wait_for(lambda: execute(game, "SELECT 1 FROM outbox") == [], what="all deliveries")
    merge(game.endpoints["mysql"], str(system.data / "mail"), MERGED, HOME)
    data.set("server/world", ["worlds", NUMBERS[MERGED], "merge"], HOME)
    built.set_worlds(OPEN)
    return built


def mailbox(system: LocalSystem, town: Town, player: Player, world: str) -> Path:
    return system.data / "mail" / world / uid_of(town.game, player)


def test_everybody_has_a_name_of_its_own(town: Town) -> None:
    assert [name_of(player).endswith(f"_{MERGED}") for player in (town.ada, town.bea, town.cid)] == [False, True, True]
    shown = {world["world"]: world["gn"] for world in town.bea.call("get_account_world_info")["data"]["worlds"]}
    assert (shown[MERGED], shown[HOME]) == (name_of(town.bea), "")


def test_players_of_both_worlds_write_to_one_another(system: LocalSystem, town: Town) -> None:
    new = town.newcomer(MERGED)
    for sender, target in ((town.ada, town.bea), (town.bea, town.ada), (new, town.ada), (town.cid, new)):
        name = name_of(target)
        assert sender.call("send_mail", gn_target=name, subj="hi", body=name)["data"]["sent"] >= 1
        mail = mails(target)[-1]
        assert (mail["from"], mail["body"]) == (name_of(sender), name)
        assert mailbox(system, town, target, HOME).is_dir()
    assert not (system.data / "mail" / MERGED).exists()


def test_a_gift_from_before_and_one_from_after_the_merge_are_claimed_once(town: Town) -> None:
    for player in (town.bea, town.newcomer(MERGED)):
        before = balances(player).get(DIAMOND, 0)
        key = mails(player)[0]["key"]
        assert list(player.call("accept_gifts", gift=[key], other=[])["data"]["success"]) == [key]
        assert player.call("accept_gifts", gift=[key], other=[])["data"] == {"error": [key], "success": {}}
        assert balances(player)[DIAMOND] == before + NEW_PLAYERS_DIAMONDS


def test_all_hear_one_another_in_the_room_of_the_world_that_stays(town: Town) -> None:
    players = (town.ada, town.bea, town.newcomer(MERGED))
    chats: list[Chat] = [join(town.game, player, number) for number, player in enumerate(players)]
    try:
        for player, chat in zip(players, chats, strict=True):
            chat.say("PUBLIC", text := f"I am {name_of(player)}")
            assert [hears(other, text) for other in chats] == [f"0000PUBLIC{name_of(player)}:{text}"] * len(chats)
    finally:
        for chat in chats:
            chat.close()


def test_tasks_and_their_rewards_are_those_of_the_player(town: Town) -> None:
    for player in (town.ada, town.bea, town.newcomer(MERGED)):
        assert 1 in {task["tid"] for task in player.call("get_all_task")["data"]["tasks"]}
        assert player.call("get_task_reward", task_id=1)["status"] == SUCCESS
        assert player.call("get_task_reward", task_id=1)["status"] == 99


def test_friends_stay_and_are_made_across_origins(town: Town) -> None:
    assert are_friends(town.bea, town.cid)
    befriend(town.ada, town.bea)
    assert are_friends(town.ada, town.bea)
    assert town.ada.call("find_person", gn_target=name_of(town.cid))["data"]["fid"] == OAKS
    assert town.bea.call("send_gift_all")["data"] == sorted([name_of(town.ada), name_of(town.cid)], key=str.casefold)
    names = [row["gn"] for row in list_of(town.bea)]
    assert town.bea.call("get_gifts_friend", gns=names)["data"]["reward"] == "3:16:2"
    give(town.bea, "3:1:50")
    assert town.bea.call("give_friend", gn_target=name_of(town.ada), items=["3:1:50"])["status"] == SUCCESS
    assert (mails(town.ada)[-1]["subj"], mails(town.ada)[-1]["from"]) == ("FRIEND_GIFT", name_of(town.bea))
    assert ask(town.ada, name_of(town.newcomer("s7"))) == 97


def test_a_family_takes_players_of_both_origins_and_speaks_with_them(town: Town) -> None:
    name = family_name(town.cid)
    assert name == OAKS
    other = families.grown(town.game, HOME)
    families.join(town.cid, other)
    assert family_name(other) == name
    assert families.invite(town.cid, town.ada) == SUCCESS
    assert town.ada.call("respond_family", key=families.request_key(town.ada))["status"] == SUCCESS
    assert roles(town.cid) == {name_of(player): role for player, role in (
        (town.cid, families.OWNER), (town.ada, families.BASIC), (other, families.BASIC))}
    with join(town.game, town.cid, 0) as speaker, join(town.game, town.ada, 1) as listener:
        speaker.say("FAMILY", "oaks")
        assert hears(listener, "oaks") == f"0000FAMILY{name_of(town.cid)}:oaks"


def test_families_are_found_whatever_the_world_is_called(town: Town) -> None:
    rich = founder(town.game)  # of a third world
    for player in (town.ada, town.bea):
        found = player.call("search_family", family_name=OAKS.upper())
        assert found["data"]["info"]["name"] == OAKS
        assert player.call("search_family", family_name=family_name(rich))["status"] == 99


def test_names_are_taken_in_both(town: Town) -> None:
    for world in (HOME, MERGED):
        guest = town.game.guest(world)
        guest.call("enter_world")
        assert guest.call("create_player", gn=name_of(town.ada).upper())["status"] == 99
