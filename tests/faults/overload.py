"""Three times what the system can do: what is accepted is done soon, the rest is refused at once."""

from collections.abc import Sequence
from time import monotonic, process_time

import gevent

from tests.faults import crowd_check
from tests.faults.crowd import Crowd, Outcome
from tests.faults.stage import Stage
from tests.faults.strikes import Field
from tests.load.usage import Usage, machine_seconds

WARM_UP_SECONDS = 6.0
"""Every worker has to meet every player of the crowd first: it has their tokens checked, which costs far more."""
CAPACITY_SECONDS = 3.0
TIMES = 3
OVERLOAD_SECONDS = 6.0
REST_SECONDS = 1.0
GOODPUT = 0.9
"""Least part of the capacity that is still done."""
ACCEPTED_MS = 250
REFUSED_MS = 250
"""Most time at the 99th percentile of what is accepted and refused, beyond the time by which the crowd is late."""
USUAL_TIMES = 3
"""So many times the 99th percentile of the closed loop just before or after may take what is accepted, if that is more:
on a slow or busy machine writes and mails take long without an overload."""
SHARE = 99


class Others:
    """How many cores are busy with what is neither the system nor its clients."""

    def __init__(self, stage: Stage) -> None:
        processes = stage.processes.system.endpoints["processes"]
        self._usage = Usage({process["name"]: process["pid"] for process in processes})
        self._begun, self._used = monotonic(), self._look()

    def cores(self, crowd_cpu: float) -> float:
        """Return them since the beginning, in which the crowd used so many seconds of CPU."""
        return max(0.0, self._look() - self._used - crowd_cpu) / (monotonic() - self._begun)

    def _look(self) -> float:
        return machine_seconds() - sum(self._usage.cpu_seconds().values()) - process_time()


def overload(field: Field) -> None:
    """Measure the capacity beside the usual load, then offer three times of it, then measure it once more.

    The lower one of the two capacities counts: whatever else the machine had to do is not the system's fault.
    """
    crowd = Crowd(field.stage, field.stage.processes.system.endpoints["auth"])
    first = crowd.capacity(WARM_UP_SECONDS)
    before = crowd.capacity(CAPACITY_SECONDS)
    gevent.sleep(REST_SECONDS)
    others = Others(field.stage)
    flood = crowd.offer(TIMES * before.per_second, OVERLOAD_SECONDS)
    noise = others.cores(flood.cpu)
    gevent.sleep(REST_SECONDS)
    after = crowd.capacity(CAPACITY_SECONDS)
    field.problems += [f"overload: {text}" for text in wrong(before, flood, after)]
    field.notes += [*described(before, flood, after), f"{noise:.1f} cores were busy with something else"]
    field.problems += unanswered([first, before, flood, after])
    look_for_writes(field, [first, before, flood, after])


def wrong(before: Outcome, flood: Outcome, after: Outcome) -> list[str]:
    """Describe what an overloaded system must not do."""
    capacity, times, texts = min(before.per_second, after.per_second), flood.milliseconds(SHARE), []
    usual = max(before.milliseconds(SHARE)["accepted"], after.milliseconds(SHARE)["accepted"])
    if flood.per_second < GOODPUT * capacity:
        texts.append(f"goodput {flood.per_second:.0f}/s, capacity {capacity:.0f}/s")
    if not flood.refusals.count:
        texts.append("nothing was refused, so it was none")
    return texts + [f"{what}: {times[what]} ms at the 99th percentile, {times['late']} ms of them the crowd's own delay"
                    for what, most in (("accepted", max(ACCEPTED_MS, USUAL_TIMES * usual)), ("refused", REFUSED_MS))
                    if times[what] > most + times["late"]]


def unanswered(outcomes: Sequence[Outcome]) -> list[str]:
    """Describe requests without an answer, or with none that says anything."""
    return [f"crowd: {count} requests ended with {how!r}" for one in outcomes for how, count in one.unanswered.items()]


def look_for_writes(field: Field, outcomes: Sequence[Outcome]) -> None:
    """Look for everything that the crowd has written in all these times."""
    boxes = field.stage.processes.system.data / "mail"
    field.problems += crowd_check.problems(outcomes, field.stage.database_url, boxes)
    done = [sum(len(one.acknowledged[kind]) for one in outcomes) for kind in ("write", "mail")]
    field.notes.append(f"{done[0]} writes and {done[1]} mails of the crowd acknowledged and looked for")


def described(before: Outcome, flood: Outcome, after: Outcome) -> list[str]:
    """Return the figures."""
    times = flood.milliseconds(SHARE)
    return [f"capacity {before.per_second:.0f}/s before, {after.per_second:.0f}/s after; {TIMES} times the first one "
            "offered, half on kept connections",
            f"goodput {flood.per_second:.0f}/s, {flood.refusals.count} refused",
            f"p99 in ms: reads {times['read']}, writes {times['write']}, mails {times['mail']}, "
            f"refusals {times['refused']}; crowd late by {times['late']}",
            f"p99 of all in ms: {before.milliseconds(SHARE)['accepted']} at capacity, {times['accepted']} in overload"]
