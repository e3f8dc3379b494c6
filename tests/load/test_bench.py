"""The benchmark itself, quick and small: it starts its system, measures each kind of thing once, leaves nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.local.processes import ROOT
from tests.load.plots import PICTURES, picture
from tests.load.results import Row

BENCH = [sys.executable, "-m", "tests.load.bench", "--quick"]
SECONDS = 150
WITHOUT_STATUS = ("chat", "refusals")
SERVED_OR_REFUSED = {"0", "-3", "closed"}
"""A machine that is busy with other tests may refuse some of what it could do a moment before; one without time for a
TLS handshake is refused by a close."""


@pytest.mark.timeout(SECONDS + 20)
def test_every_kind_of_measurement_gives_figures(tmp_path: Path) -> None:
    only = "floor_line,reads_16,mix,kept,players_even_10k,refusals,chat"
    path = tmp_path / "figures.json"
    done = subprocess.run([*BENCH, "--only", only, "--json", str(path), "--data-dir", str(tmp_path)], cwd=ROOT,
                          timeout=SECONDS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = {name: Row(**row) for name, row in json.loads(path.read_text())["rows"].items()}
    assert {"floor_line", "reads_16", "mix", "kept_even_tls", "refusals", "chat", "chat_idle"} <= rows.keys()
    assert all(row.per_second > 0 for row in rows.values()), done.stdout
    assert all(row.outcomes["0"] > 0 for name, row in rows.items() if not name.startswith(WITHOUT_STATUS)), done.stdout
    for name in ("reads_16", "mix", "kept_even", "kept_even_tls", "players_even_10k"):
        assert set(rows[name].outcomes) <= SERVED_OR_REFUSED, done.stdout
        assert rows[name].cpu["gate"] > 0
    assert rows["kept_even"].offered == rows["kept_even_tls"].offered > 0
    assert rows["chat"].more["lost"] == rows["chat_idle"].more["lost"] == 0
    assert {found.name for found in tmp_path.iterdir()} - {picture(tmp_path, name).name for name in PICTURES} == {
        path.name}


@pytest.mark.timeout(SECONDS + 20)
def test_a_name_that_means_nothing_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    arguments = ["--only", "reads,lists,", "--json", str(tmp_path / "x"), "--data-dir", str(tmp_path)]
    done = subprocess.run([*BENCH, *arguments], cwd=ROOT, timeout=SECONDS, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no measurement begins with lists, ; there are floor_line" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
