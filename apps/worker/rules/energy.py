"""Energy comes back one point at a time while it is below its maximum."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.worker.rules import shanghai

FULL = -1


@dataclass(frozen=True)
class EnergyRule:
    """Game data: how many seconds a point takes, and where coming back ends."""

    seconds: int
    maximum: int


@dataclass(frozen=True)
class Energy:
    """Points at a moment; ``since`` is when the running point began, None at or above the maximum."""

    points: int
    since: datetime | None

    def info(self, rule: EnergyRule, now: datetime) -> dict[str, object]:
        """Return what clients get."""
        if self.since is None:
            return {"energy": self.points, "recover_time": "", "cooling_time": FULL}
        passed = int((now - self.since).total_seconds())
        return {"energy": self.points, "recover_time": shanghai.moment_text(self.since),
                "cooling_time": rule.seconds - passed}


def settle(points: int, since: datetime | None, rule: EnergyRule, now: datetime) -> Energy:
    """Return the energy of now from what was stored: points, and the start of the point that ran then.

    Points above the maximum, which were bought or given, stay.
    """
    if points >= rule.maximum:
        return Energy(points, None)
    begun = min(since, now) if since is not None else now
    gained = int((now - begun).total_seconds()) // rule.seconds
    if points + gained >= rule.maximum:
        return Energy(rule.maximum, None)
    return Energy(points + gained, begun + timedelta(seconds=gained * rule.seconds))


def spend(energy: Energy, amount: int, rule: EnergyRule, now: datetime) -> Energy | None:
    """Return what is left, or None when there is not enough; the running point goes on."""
    left = energy.points - amount
    if left < 0:
        return None
    return Energy(left, None if left >= rule.maximum else energy.since or now)


def add(energy: Energy, amount: int, rule: EnergyRule) -> Energy:
    """Return the energy with points added, which may exceed the maximum."""
    points = energy.points + amount
    return Energy(points, None if points >= rule.maximum else energy.since)
