import gevent
import greenlet
import pytest
from gevent.event import Event

from apps.gate import crew
from apps.gate.crew import Crew


def test_a_greenlet_is_used_again() -> None:
    seen: list[greenlet.greenlet] = []
    members = Crew()
    for _ in range(5):
        members.run(lambda: seen.append(gevent.getcurrent()))
        gevent.sleep(0)
        gevent.sleep(0)
    assert len(seen) == 5
    assert len(set(seen)) == 1


def test_tasks_that_wait_hold_up_nobody() -> None:
    members, go, done = Crew(), Event(), list[int]()

    def wait(number: int) -> None:
        go.wait()
        done.append(number)

    for _ in range(3):
        for number in range(20):
            members.run(wait, number)
        members.run(done.append, -1)
        gevent.sleep(0.01)
        assert done == [-1]
        go.set()
        gevent.sleep(0.01)
        assert sorted(done) == [-1, *range(20)]
        go.clear()
        done.clear()


def test_a_task_that_fails_spoils_no_other(caplog: pytest.LogCaptureFixture) -> None:
    members, done = Crew(), list[int]()
    for number in range(4):
        members.run(lambda number=number: done.append(1 // (number % 2)))
        gevent.sleep(0)
        gevent.sleep(0)
    assert done == [1, 1]
    assert caplog.text.count("a task failed") == 2


def test_only_so_many_wait_for_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "MOST_IDLE", 2)
    members, greenlets = Crew(), list[greenlet.greenlet]()
    for _ in range(6):
        members.run(lambda: greenlets.append(gevent.getcurrent()))
    gevent.sleep(0.01)
    assert [one.dead for one in greenlets] == [False] * 2 + [True] * 4
