"""The energy of a player in the database: points in ``player``, the start of the running point in ``timer``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.worker.module.enums import Timer
from apps.worker.rules import energy
from apps.worker.rules.energy import EnergyRule


def rule_of(config: Mapping[str, Any]) -> EnergyRule:
    """Return the rule of the game data, which counts in minutes a point."""
    data = config["player"]["energy"]
    return EnergyRule(seconds=data["cooling_time"] * 60, maximum=data["max_energy"])


def info(points: int, moments: Mapping[int, datetime], config: Mapping[str, Any], now: datetime) -> dict[str, object]:
    """Return the energy of now as clients get it."""
    rule = rule_of(config)
    return energy.settle(points, moments.get(Timer.ENERGY_RECOVER), rule, now).info(rule, now)
