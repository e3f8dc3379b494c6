"""A runner of client functions on a database of a test, without gate and worker."""

import itertools
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import gevent

from apps.worker.acts import Acts
from apps.worker.call import Call
from apps.worker.claims import ClaimRules, Claims
from apps.worker.functions import Entry
from apps.worker.outbox import Outbox
from apps.worker.runner import Runner
from apps.worker.seals import Seals
from apps.worker.worlds import NO_WORLD
from common.mysql import Database

SEALS = Seals("a secret of tests")
RULES = ClaimRules(lasts=10, patience=5)
NUMBERS = itertools.count(1)


def pause(number: int) -> None:
    """Wait, as workers do, but shorter."""
    gevent.sleep(0.01 * number)


def runner(database: Database, outbox: Outbox, *, services: Any = None, clock: Callable[[], datetime],
           rules: ClaimRules = RULES, seals: Seals = SEALS) -> Runner:
    """Return a runner as each worker has one."""
    claims = Claims(database, seals, rules, lease=timedelta(seconds=10), draw=lambda: f"holder{next(NUMBERS)}",
                    pause=pause, clock=time.monotonic)
    return Runner(database, services, outbox, Acts(claims, outbox), seals, clock=clock, random=Random(1),
                  lease=timedelta(seconds=10))


def call(entry: Entry, uid: str, request_id: str, **arguments: Any) -> Call:
    """Return a request of a player."""
    return Call(entry, uid, uid, NO_WORLD, arguments, request_id, "message", {})
