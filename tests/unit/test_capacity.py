"""The capacity model: what it computes, and that the page shows what it prints."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from operations import capacity
from operations.capacity import CapacitySettings, need, table

ROOT = Path(__file__).resolve().parents[2]
USUAL = CapacitySettings()


def test_requests_cost_what_was_measured() -> None:
    assert sum(capacity.READ.values()) == pytest.approx(0.9)
    assert sum(capacity.WRITE.values()) == pytest.approx(1.4)
    assert sum(capacity.MAIL.values()) == pytest.approx(2.5)
    only_reads = replace(USUAL, requests=1, writes=0, mails=0, handshake_ms=0, public_messages=0, family_messages=0)
    cores = need(1000, only_reads).cores
    assert sum(cores.values()) == pytest.approx(0.9)
    assert cores["gate"] == pytest.approx(0.27)
    assert need(1000, replace(only_reads, writes=1)).cores["worker"] == pytest.approx(0.6)


def test_there_are_always_two_of_everything() -> None:
    assert need(1, USUAL).processes == {"gate": 2, "worker": 2, "mail": 2, "edge": 2}


def test_processes_leave_half_a_core_free() -> None:
    found = need(100_000, USUAL)
    for part in ("gate", "worker", "mail", "edge"):
        assert found.cores[part] <= USUAL.used * found.processes[part] + 1e-9


def test_public_chat_reaches_the_world_and_no_other() -> None:
    public = replace(USUAL, public_messages=2, family_messages=0, world_players=500)
    assert need(1000, public).deliveries == pytest.approx(2 * 2 * 500)
    assert need(100, public).deliveries == pytest.approx(2 * 100)


def test_loud_worlds_need_more_edges_than_their_clients_do() -> None:
    quiet = need(10_000, replace(USUAL, public_messages=0, family_messages=0))
    loud = need(10_000, replace(USUAL, public_messages=300))
    assert quiet.processes["edge"] == 2
    assert loud.processes["edge"] > 7


def test_what_cannot_be_multiplied_splits_the_game() -> None:
    found = need(1_000_000, replace(USUAL, redis_cores=1, used=0.5))
    assert found.groups["redis"] == 8
    assert found.installations == max(found.groups.values())


def test_the_page_shows_what_the_program_prints() -> None:
    printed = table([need(int(players), USUAL) for players in USUAL.players])
    page = (ROOT / "docs" / "capacity.md").read_text("utf-8")
    assert printed in page, "put the output of `python -m operations.capacity` into docs/capacity.md"


@pytest.mark.parametrize(("arguments", "says"), [
    (["--players", "0"], "numbers from 1 on"), (["--players", "x"], "invalid literal"),
    (["--writes", "0.9", "--mails", "0.2"], "more than all"),
])
def test_inputs_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                                   arguments: list[str], says: str) -> None:
    monkeypatch.setattr(sys, "argv", ["capacity", *arguments])
    assert capacity.main() == 2
    assert says in capsys.readouterr().err
