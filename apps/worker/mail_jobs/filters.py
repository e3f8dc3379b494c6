"""Which players get the mails of a job: as the operator says it, and as conditions on rows of players (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.worker.module.enums import Timer
from apps.worker.operators import RefusedError
from apps.worker.rules import shanghai, utc

STORED = "%Y-%m-%d %H:%M:%S"
CONDITIONS = {
    "exp_from": "p.exp >= %s",
    "exp_below": "p.exp < %s",
    "vipexp_from": "p.vipexp >= %s",
    "login_from": "EXISTS (SELECT 1 FROM timer t WHERE t.uid = p.uid "  # noqa: S608  # a number of ours
                  f"AND t.tid = {int(Timer.LOGIN)} AND t.time >= %s)",
    "created_before": "p.created < %s",
    "origin": "p.origin = %s",
}


@dataclass(frozen=True)
class Filter:
    """What the operator asks for; None and empty ask for nothing. Levels are inclusive, times in Asia/Shanghai."""

    min_level: int | None = None
    max_level: int | None = None
    vip_level: int | None = None
    login_since: str = ""
    registered_before: str = ""
    origin: str = ""
    listed: str = ""
    """Digest of the list of players, if there is one."""

    def given(self) -> dict[str, Any]:
        """Return what is asked for, and only that."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != ""}


@dataclass(frozen=True)
class Bounds:
    """What follows from a filter for a player's row; None bounds nothing."""

    exp_from: int | None = None
    exp_below: int | None = None
    vipexp_from: int | None = None
    login_from: str | None = None
    """Text of a timer."""
    created_before: str | None = None
    """UTC."""
    origin: str | None = None
    listed: bool = False
    """Only players of the job's list."""

    def given(self) -> dict[str, Any]:
        """Return the bounds that there are."""
        return {name: value for name, value in asdict(self).items() if value is not None and value is not False}

    def where(self, world: str, cutoff: datetime) -> tuple[str, list[Any]]:
        """Return a condition on ``player p`` and its values: who lives in ``world`` since ``cutoff`` (UTC) or before.

        The list is not part of it.
        """
        bounds = {name: value for name, value in self.given().items() if name in CONDITIONS}
        parts = ["p.world = %s", "p.created <= %s", *(CONDITIONS[name] for name in bounds)]
        return " AND ".join(parts), [world, cutoff, *bounds.values()]


def bounds(asked: Filter, config: Mapping[str, Any]) -> Bounds:
    """Return the bounds of a filter by the levels of the game data. Raises RefusedError."""
    curve = config["player_experience"]["player_level"]["experience"]
    vip_curve = config["vip_config"]["vip_level"]["experience"]
    if asked.min_level is not None and asked.max_level is not None and asked.min_level > asked.max_level:
        raise RefusedError(f"no player has level {asked.min_level} at least and {asked.max_level} at most")
    if asked.origin and asked.origin not in {entry["id"] for entry in config["world"]["worlds"]}:
        raise RefusedError(f"there is no world {asked.origin!r} that players come from")
    return Bounds(
        exp_from=_reaching("level", asked.min_level, curve),
        exp_below=_above(asked.max_level, curve),
        vipexp_from=_reaching("VIP level", asked.vip_level, vip_curve),
        login_from=_timer(asked.login_since),
        created_before=_utc(asked.registered_before),
        origin=asked.origin or None,
        listed=bool(asked.listed))


def _reaching(what: str, level: int | None, curve: Sequence[int]) -> int | None:
    """Return the experience from which on players have this level."""
    if level is None:
        return None
    _require_level(what, level, curve)
    return curve[level - 1] if level else 0


def _above(level: int | None, curve: Sequence[int]) -> int | None:
    """Return the experience from which on players are above this level; None where nobody is."""
    if level is None:
        return None
    _require_level("level", level, curve)
    return curve[level] if level < len(curve) else None


def _require_level(what: str, level: int, curve: Sequence[int]) -> None:
    if not 0 <= level <= len(curve):
        raise RefusedError(f"there is no {what} {level}; they go from 0 to {len(curve)}")


def _timer(text: str) -> str | None:
    return shanghai.moment_text(_moment("login since", text)) if text else None


def _utc(text: str) -> str | None:
    return utc.stored(_moment("registered before", text)).strftime(STORED) if text else None


def _moment(what: str, text: str) -> datetime:
    try:
        return shanghai.parse(text)
    except ValueError:
        raise RefusedError(f"{what}: {text[:40]!r} is neither YYYY-MM-DD nor YYYY-MM-DD HH:MM:SS") from None
