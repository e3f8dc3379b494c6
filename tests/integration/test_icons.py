"""Pictures of players: any of their form, or those that the game data lists."""

import secrets
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from apps.local.backends import MariaDB
from apps.worker.fields import FieldError
from apps.worker.module import player
from apps.worker.module.common import Reply
from apps.worker.wording import Mode, Wording
from apps.worker.worlds import World
from common.word_filter import WordFilter
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls
from tests.support.game import new_name

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_icons") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def listed(calls: DatedCalls) -> Iterator[None]:
    """Game data with two pictures."""
    calls.config["player"]["icons"] = ["0", "fox"]
    yield
    del calls.config["player"]["icons"]


def choose(calls: DatedCalls, icon: str) -> Reply:
    return calls.call(player.player_set_icon, calls.player(), NOON, icon=icon)


def create(calls: DatedCalls, **fields: str) -> Reply:
    words = Wording(SimpleNamespace(filter=WordFilter(())), Mode.OFF)
    return calls.call(player.create_player, new_name(), NOON, gn=new_name(), world=WORLD, random=secrets.SystemRandom(),
                      services=SimpleNamespace(words=words), **fields)


def test_any_picture_without_a_list(calls: DatedCalls) -> None:
    assert (choose(calls, "bear").data, create(calls, icon="bear").status) == ({"icon": "bear"}, 0)


@pytest.mark.usefixtures("listed")
def test_only_those_of_the_list(calls: DatedCalls) -> None:
    assert choose(calls, "fox").data == {"icon": "fox"}
    assert (create(calls, icon="fox").status, create(calls).status) == (0, 0)
    for icon in ("bear", "Fox", "fox\n", ""):
        with pytest.raises(FieldError, match="icon"):
            choose(calls, icon)
        with pytest.raises(FieldError, match="icon"):
            create(calls, icon=icon)
