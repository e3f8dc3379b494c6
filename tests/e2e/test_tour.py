"""The tour plays through, as a new user would play it."""

import subprocess
import sys

from tests.support.game import Game


def test_the_tour(game: Game) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "apps.client", "--gate", ",".join(game.endpoints["gates"]),
         "--edge", ",".join(game.endpoints["edges"]), "tour"], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "in all" in run.stdout
    assert "(family)" in run.stdout
