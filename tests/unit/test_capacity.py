"""The capacity model: what it computes, and that the page shows what it prints."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from operations import capacity, capacity_settings
from operations.capacity import table
from operations.capacity_model import need
from operations.capacity_settings import CapacitySettings

ROOT = Path(__file__).resolve().parents[2]
USUAL = CapacitySettings()


def test_requests_cost_what_was_measured() -> None:
    assert sum(capacity_settings.READ.values()) == pytest.approx(0.9)
    assert sum(capacity_settings.WRITE.values()) == pytest.approx(1.4)
    assert sum(capacity_settings.MAIL.values()) == pytest.approx(2.5)
    only_reads = replace(USUAL, requests=1, writes=0, mails=0, handshake_ms=0, silence_us=0, public_messages=0,
                         family_messages=0, sessions=0, config_ms=0)
    cores = need(1000, only_reads).cores
    assert sum(cores.values()) == pytest.approx(0.9)
    assert cores["gate"] == pytest.approx(0.27)
    assert need(1000, replace(only_reads, writes=1)).cores["worker"] == pytest.approx(0.6)


def test_there_are_always_two_of_everything() -> None:
    assert need(1, USUAL).processes == dict.fromkeys(("gate", "worker", "mail", "edge", "auth", "config"), 2)


def test_processes_leave_half_a_core_free() -> None:
    found = need(100_000, USUAL)
    for part in ("gate", "worker", "mail", "edge", "auth", "config"):
        assert found.cores[part] <= USUAL.used * found.processes[part] + 1e-9


def test_public_chat_reaches_the_world_and_no_other() -> None:
    public = replace(USUAL, public_messages=2, family_messages=0, world_players=500)
    assert need(1000, public).deliveries == pytest.approx(2 * 2 * 500)
    assert need(100, public).deliveries == pytest.approx(2 * 100)


def edge_cores(**changes: Any) -> float:
    """Return the cores of the edges for a thousand players who all hear one world."""
    quiet = replace(USUAL, family_messages=0, silence_us=0, edge_message_us=0, delivery_us=1, flush_us=20,
                    flush_tls_us=100, flush_milliseconds=10)
    return need(1000, replace(quiet, **changes)).cores["edge"]


def test_a_quiet_room_costs_a_flush_for_each_message_and_a_loud_one_shares_them() -> None:
    assert edge_cores(public_messages=1, tls=False) == pytest.approx(1000 * (20 / 1.01 + 1) / 1e6)
    assert edge_cores(public_messages=1, tls=True) == pytest.approx(1000 * (100 / 1.01 + 1) / 1e6)
    assert edge_cores(public_messages=900, tls=False) == pytest.approx(1000 * (900 * 20 / 10 + 900) / 1e6)


def test_silent_clients_cost_something_too_and_more_memory_over_tls() -> None:
    assert edge_cores(public_messages=0, silence_us=10) == pytest.approx(0.01)
    assert need(1000, replace(USUAL, tls=False)).edge_megabytes == pytest.approx(15)
    assert need(1000, USUAL).edge_megabytes == pytest.approx(30)


def test_auth_is_asked_at_each_session_and_for_tokens_that_workers_forgot() -> None:
    rare = replace(USUAL, session_ms=4, validation_ms=1, sessions=3.6, requests=0.1)
    sessions = 10_000 * 3.6 / 3600
    assert need(10_000, rare).cores["auth"] == pytest.approx(sessions * (4 + 2) / 1000)
    forgetful = need(10_000, replace(rare, token_cache=2500)).cores["auth"]
    assert forgetful == pytest.approx((sessions * (4 + 2) + 1000 * 0.75) / 1000)


def test_accounts_fill_redis_and_split_the_game() -> None:
    found = need(100_000, replace(USUAL, accounts=100, account_bytes=300, requests=0))
    assert found.redis_megabytes == pytest.approx(3000)
    assert found.groups["redis"] == 4


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
    without = table([need(int(players), replace(USUAL, tls=False)) for players in USUAL.players])
    (edges,) = (line for line in without.splitlines() if line.startswith("| edge processes"))
    assert edges.replace("edge processes", "edge processes without TLS") in page


@pytest.mark.parametrize(("arguments", "says"), [
    (["--players", "0"], "numbers from 1 on"), (["--players", "x"], "invalid literal"),
    (["--writes", "0.9", "--mails", "0.2"], "more than all"),
])
def test_inputs_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                                   arguments: list[str], says: str) -> None:
    monkeypatch.setattr(sys, "argv", ["capacity", *arguments])
    assert capacity.main() == 2
    assert says in capsys.readouterr().err
