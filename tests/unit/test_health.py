"""Readiness over time: a dependency that is away for a moment, for long, or was never there."""

from common.health import Health


class Dependency:
    """Something that is there or not, with a clock."""

    def __init__(self, patience: float) -> None:
        self.there = True
        self.now = 0.0
        self.health = Health(patience=patience, clock=lambda: self.now)
        self.health.add("redis", self._probe)

    def _probe(self) -> str:
        if not self.there:
            raise OSError("away")
        return "answers"

    def at(self, now: float, *, there: bool) -> tuple[bool, list[str]]:
        """Return whether the process is ready then, and what it misses."""
        self.now, self.there = now, there
        self.health.probe_all()
        report = self.health.report()
        assert report["ready"] is self.health.ready
        return report["ready"], report["missing"]


def test_a_failover_of_a_dependency_is_told_and_borne() -> None:
    redis = Dependency(patience=60)
    assert redis.at(1, there=True) == (True, [])
    assert redis.at(10, there=False) == (True, ["redis"])
    assert redis.at(60.9, there=False) == (True, ["redis"])
    assert redis.at(61.1, there=False) == (False, ["redis"])
    assert redis.at(62, there=True) == (True, [])
    assert redis.at(63, there=False) == (True, ["redis"])


def test_what_was_never_there_is_not_borne() -> None:
    redis = Dependency(patience=60)
    assert redis.at(0, there=False) == (False, ["redis"])
    assert redis.at(1, there=True) == (True, [])


def test_without_patience_nothing_is_borne() -> None:
    redis = Dependency(patience=0)
    assert redis.at(0, there=True) == (True, [])
    assert redis.at(0.1, there=False) == (False, ["redis"])


def test_a_process_that_leaves_is_not_ready_whatever_is_there() -> None:
    redis = Dependency(patience=60)
    assert redis.at(0, there=True) == (True, [])
    redis.health.drain()
    assert redis.at(1, there=True) == (False, [])
