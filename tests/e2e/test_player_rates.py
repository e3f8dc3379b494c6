"""Two players and two workers: the rate of one holds for both workers, and the other player does not feel it."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from apps.client.player import Player
from tests.support.game import WORLD, Game
from tests.support.local_system import LocalSystem

RATE, BURST = 5, 64
REQUESTS = 4 * BURST


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Game]:
    system = LocalSystem(tmp_path_factory.mktemp("rates") / "run", "--workers=2")
    try:
        system.start({"PLAYER_RATE": str(RATE), "PLAYER_BURST": str(BURST)})
        yield Game(system.endpoints)
    finally:
        system.clean_up()


def flood(game: Game, player: Player) -> Counter[int]:
    """Send requests on one connection as fast as they are answered; return the statuses."""
    request = {"function": "update_init", "world": WORLD, "data": {"token": player.state.token("update_init")},
               "keep_alive": True}
    host, _, port = game.endpoints["gate"].rpartition(":")
    found: Counter[int] = Counter()
    with socket.create_connection((host, int(port)), 20) as peer:
        lines = peer.makefile("rb")
        for _ in range(REQUESTS):
            peer.sendall(json.dumps(request).encode() + b"\r\n")
            found[json.loads(lines.readline())["status"]] += 1
    return found


def test_a_player_beyond_the_rate_is_refused_and_another_is_not(game: Game) -> None:
    often, other = game.player(), game.player()
    begun = time.monotonic()
    found = flood(game, often)
    most = BURST + 2 * (BURST // 32) + RATE * (time.monotonic() - begun)
    assert BURST / 2 < found[0] <= most
    assert found[0] + found[-3] == REQUESTS
    assert [other.call("update_init")["status"] for _ in range(10)] == [0] * 10


def test_the_rate_comes_back(game: Game) -> None:
    often = game.player()
    assert flood(game, often)[-3] > 0
    assert often.call("update_init")["status"] == 0  # the client comes again when it is told to wait
