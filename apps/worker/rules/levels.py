"""Levels: an ascending list of thresholds of experience."""

from bisect import bisect_right
from collections.abc import Sequence


def level(exp: int, thresholds: Sequence[int]) -> int:
    """Return how many thresholds ``exp`` has reached."""
    return bisect_right(thresholds, exp)


def exp_info(exp: int, thresholds: Sequence[int], gained: int = 0) -> dict[str, int]:
    """Return what clients get; ``need`` is what is missing for the next level, 0 at the top."""
    reached = level(exp, thresholds)
    need = thresholds[reached] - exp if reached < len(thresholds) else 0
    return {"exp": exp, "level": reached, "need": need, "reward": gained}
