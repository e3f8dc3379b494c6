"""The tour plays through, as a new user would play it."""

import subprocess
import sys

import pytest

from tests.support.game import Game

STEPS = {
    "friendship": ("Ada asks Bea to be friends", "Bea accepts", "Ada looks at her friends"),
    "a gift": ("Ada gives Bea 100 coins", "Bea finds the gift", "Bea claims it"),
    "check-in": ("Ada signs in for today",),
    "a task": ("Ada looks at today's tasks", "Ada takes the reward of a task"),
    "an achievement": ("Ada looks at her achievements", "Ada takes the reward of an achievement"),
    "chat": ("Ada speaks, Bea hears (public)",),
    "a family with its chat": ("Ada founds a family", "Bea asks to join", "Ada lets Bea in",
                               "Ada speaks, Bea hears (family)"),
}


@pytest.fixture(scope="module")
def told(game: Game) -> list[str]:
    """What the tour prints, without the times."""
    run = subprocess.run(
        [sys.executable, "-m", "apps.client", "--gate", ",".join(game.endpoints["gates"]),
         "--edge", ",".join(game.endpoints["edges"]), "tour"], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.partition(" ms  ")[2] or line for line in run.stdout.splitlines()]


def test_the_tour(told: list[str]) -> None:
    assert "in all" in told[-1]


@pytest.mark.parametrize("what", STEPS)
def test_the_tour_shows(told: list[str], what: str) -> None:
    """The steps come in their order; the tour ends with an error at the first that does not do what it should."""
    assert [line for line in told if line in STEPS[what]] == list(STEPS[what])
