"""The autoscalers fit what the capacity model says of the largest installation."""

import re
from dataclasses import replace
from typing import Any

from operations.capacity_model import need
from operations.capacity_settings import CapacitySettings
from tests.manifests.support.objects import Objects
from tests.manifests.support.settings import read
from tests.manifests.test_pods import FIELDS, main_container, without_files

USUAL = CapacitySettings()
LARGEST = 125_000
"""Players of one installation: one Redis serves no more."""
RESERVE = (2, 5)
FEWEST = 6


def scalers(production: Objects) -> dict[str, Any]:
    return {item["metadata"]["name"]: item["spec"] for item in production.of_kind("HorizontalPodAutoscaler")}


def test_the_largest_installation_is_what_one_redis_serves() -> None:
    assert need(LARGEST, USUAL).installations == 1
    assert need(int(LARGEST * 1.1), USUAL).installations == 2


def test_there_may_be_a_few_times_as_many_pods_as_it_needs(production: Objects) -> None:
    needed = need(LARGEST, USUAL).processes
    for name, spec in scalers(production).items():
        least, most = (max(FEWEST, times * needed[name]) for times in RESERVE)
        assert least <= spec["maxReplicas"] <= most, name


def test_autoscalers_leave_as_much_of_a_core_free_as_the_model(production: Objects) -> None:
    for name, spec in scalers(production).items():
        request = main_container(production, name)["resources"]["requests"]["cpu"]
        (target,) = (metric["resource"]["target"]["averageUtilization"] for metric in spec["metrics"]
                     if metric["type"] == "Resource")
        cores = int(re.fullmatch(r"(\d+)m", request)[1]) / 1000 * target / 100  # type: ignore[index]
        assert 0.8 * USUAL.used <= cores <= 1.2 * USUAL.used, name


def test_workers_remember_the_tokens_of_all_players(production: Objects) -> None:
    settings = read("worker", without_files(production.environment(main_container(production, "worker"), FIELDS)))
    assert settings.token_cache == USUAL.token_cache >= LARGEST
    assert settings.player_cache >= LARGEST
    forgetful = need(LARGEST, replace(USUAL, token_cache=20_000))
    assert forgetful.cores["auth"] > 5 * need(LARGEST, USUAL).cores["auth"]
