"""The benchmark's scenarios: files become lines."""

import json
from random import Random

import pytest

from tests.load import scenario
from tests.load.scenario import FOLDER, REQUEST_ID, Account

ACCOUNTS = [Account("a", "token-a"), Account("b", "token-b")]
MIXED = """
title = "some"
keep_alive = true
[[request]]
function = "read"
weight = 3
[[request]]
function = "write"
request_id = true
data = {to = "{receiver}", n = ["{number}", 7]}
"""


def test_lines_follow_weights_accounts_and_templates() -> None:
    lines = [json.loads(line) for line in scenario.parse(MIXED).lines(ACCOUNTS, ["x", "y"], 400, Random(1))]
    assert [line["data"]["token"] for line in lines] == ["token-a", "token-b"] * 200
    assert all(line["keep_alive"] and line["world"] == "s0" for line in lines)
    writes = [line for line in lines if line["function"] == "write"]
    assert len(writes) == pytest.approx(100, abs=25)
    assert [line["data"]["to"] for line in writes[:3]] == ["x", "y", "x"]
    assert all(line["data"]["n"][0].isdigit() and line["data"]["n"][1] == 7 for line in writes)
    assert all((line.get("request_id") == REQUEST_ID) == (line["function"] == "write") for line in lines)


def test_without_keep_alive_nothing_announces_it() -> None:
    [line] = scenario.parse(MIXED.replace("true\n[", "false\n[", 1)).lines(ACCOUNTS, ["x"], 1, Random(1))
    assert "keep_alive" not in json.loads(line)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_every_file_is_a_scenario(name: str) -> None:
    assert scenario.load(name).lines(ACCOUNTS, ["x"], 10, Random(1))


@pytest.mark.parametrize("text", ["title = 'nothing'", "title = 'x'\n[[request]]\nfunction = 'f'\nwieght = 1"])
def test_a_file_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        scenario.parse(text)
