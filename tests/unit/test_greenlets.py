"""The count of greenlets that a process shows."""

import gc

import gevent
from gevent.event import Event

from common import greenlets
from common.metrics import exposition
from tests.support.waiting import wait_for


def test_greenlets_count_while_they_wait() -> None:
    before, go_on = greenlets.count(), Event()
    waiting = [gevent.spawn(go_on.wait) for _ in range(5)]
    assert greenlets.count() >= before + 5
    go_on.set()
    gevent.joinall(waiting)
    wait_for(lambda: greenlets.count() <= before, what="the greenlets to be forgotten, although they are referred to")


def test_a_greenlet_that_nobody_refers_to_counts_as_long_as_it_waits() -> None:
    before, go_on = greenlets.count(), Event()
    gevent.spawn(go_on.wait)
    gc.collect()
    assert greenlets.count() >= before + 1
    go_on.set()
    wait_for(lambda: greenlets.count() <= before, what="the greenlet to end")


def test_the_page_of_metrics_has_it() -> None:
    [line] = [line for line in exposition().decode().splitlines() if line.startswith("process_greenlets ")]
    assert float(line.split()[1]) == greenlets.count()
