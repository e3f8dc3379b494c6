"""Two worlds become one: players, families and mailboxes move, and nobody loses a name to somebody else."""

from pathlib import Path
from typing import Any

import pytest

from operations.merge_worlds import CannotMergeError, merge
from tests.support.database_rows import execute
from tests.support.families import grown
from tests.support.game import SUCCESS, Game, give, new_name
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

SOURCE, TARGET = "s9", "s8"


def row(game: Game, name: str) -> tuple[Any, ...]:
    """Return uid, world, key of the name and the world of origin of a player."""
    [found] = execute(game, "SELECT uid, world, gn_key, origin FROM player WHERE gn = %s", name)
    return found


def delivered(game: Game) -> bool:
    return execute(game, "SELECT 1 FROM outbox WHERE JSON_VALUE(body, '$.world') = %s", SOURCE) == []


def test_a_world_moves_into_another(game: Game, local_system: LocalSystem) -> None:
    url, root = game.endpoints["mysql"], str(local_system.data / "mail")
    name, family = new_name(), new_name()
    game.player(name, world=TARGET)
    moves = grown(game, world=SOURCE)
    give(moves, "3:5:2600")
    assert moves.call("change_player_name", gn=name)["status"] == SUCCESS
    assert moves.call("create_family", name=family, icon=1)["status"] == SUCCESS
    assert game.player(world=SOURCE).call("send_mail", gn_target=name, subj="a", body="b")["status"] == SUCCESS
    uid = execute(game, "SELECT uid FROM player WHERE gn = %s AND world = %s", name, SOURCE)[0][0]
    boxes = sorted(path.name for path in Path(root, SOURCE).iterdir())
    before = {path.relative_to(Path(root, SOURCE)) for path in Path(root, SOURCE).rglob("*")}
    wait_for(lambda: delivered(game), what="the outbox to be empty")

    execute(game, "UPDATE family SET named = '2020-01-01' WHERE name = %s", family)

    moved = merge(url, root, SOURCE, TARGET)
    assert moved["family"] == 1
    assert moved["mailboxes"] == len(boxes)
    assert row(game, f"{name}_{SOURCE}") == (uid, TARGET, f"{name}_{SOURCE}".casefold(), SOURCE)
    assert row(game, name)[1] == TARGET
    assert execute(game, "SELECT world FROM family WHERE name = %s", f"{family}_{SOURCE}") == [(TARGET,)]
    named = "SELECT TIMESTAMPDIFF(SECOND, named, UTC_TIMESTAMP(3)) < 60 FROM family WHERE name = %s"
    assert execute(game, named, f"{family}_{SOURCE}") == [(1,)], "it reads nothing that was said under that name before"
    assert not Path(root, SOURCE).exists()
    assert before <= {path.relative_to(Path(root, TARGET)) for path in Path(root, TARGET).rglob("*")}
    assert merge(url, root, SOURCE, TARGET) == {"player": 0, "family": 0, "mailboxes": 0}


def test_what_stands_in_the_way_is_named(game: Game, local_system: LocalSystem) -> None:
    url, root = game.endpoints["mysql"], str(local_system.data / "mail")
    name = new_name()
    game.player(f"{name}_{SOURCE}"[-32:], world=TARGET)
    game.player(name[-29:], world=SOURCE)
    wait_for(lambda: delivered(game), what="the outbox to be empty")
    with pytest.raises(CannotMergeError, match="is taken in"):
        merge(url, root, SOURCE, TARGET)
    with pytest.raises(CannotMergeError, match="itself"):
        merge(url, root, SOURCE, SOURCE)
    with pytest.raises(ValueError, match="world"):
        merge(url, root, "../x", TARGET)
    assert row(game, name[-29:])[1] == SOURCE
    other = new_name()  # what stands in the way must not stay there: other tests merge these worlds
    execute(game, "UPDATE player SET gn = %s, gn_key = %s WHERE gn = %s AND world = %s", other, other.casefold(),
            name[-29:], SOURCE)
