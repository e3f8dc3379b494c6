"""Mail processes side by side, frozen, killed, and on a disk that refuses."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import gevent
import pytest
from gevent.pool import Pool

from tests.integration.mail_system import MAIL, PROJECT, Box, MailProcess, new_uid
from tests.support.waiting import wait_for

Start = Callable[..., MailProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes: list[MailProcess] = []

    def launch(*arguments: str) -> MailProcess:
        process = MailProcess(tmp_path / "root", *arguments)
        processes.append(process)
        return process.launch()

    yield launch
    for process in processes:
        process.kill()


def three(start: Start, *arguments: str) -> list[MailProcess]:
    processes = [start(*arguments) for _ in range(3)]
    for process in processes:
        wait_for(process.ready, what="a mail process")
    return processes


def one(start: Start, *arguments: str) -> MailProcess:
    process = start(*arguments)
    wait_for(process.ready, what="a mail process")
    return process


HOLDER = """
import os, signal, sys
from apps.mail import box
from apps.mail.checks import BoxName

with box.locked(sys.argv[1], BoxName("s1", sys.argv[2])):
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def stopped_holder(box: Box) -> "subprocess.Popen[bytes]":
    """A process that was stopped while it held the lock of ``box``."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(box.service.root), box.uid], cwd=PROJECT)
    state = Path(f"/proc/{holder.pid}/stat")
    wait_for(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", what="the stop of the holder")
    return holder


def test_a_box_holds_what_it_may_under_parallel_deliveries(start: Start) -> None:
    boxes = [Box(process, "uid00000000") for process in three(start, "--lock-seconds=20")]
    jobs = [(boxes[number % 3], f"{number // 2:020d}") for number in range(180)]  # each key twice, mostly elsewhere
    answers = Pool(60).map(lambda job: job[0].call("/send", mail=MAIL, key=job[1]), jobs)
    assert {status for status, _ in answers} == {200}
    assert {answer["status"] for _, answer in answers} == {0, 1}
    stored = {answer["key"] for _, answer in answers if answer["status"] == 0}
    assert len(stored) == 50
    assert {mail["key"] for mail in boxes[0].mails()} == stored
    assert len(list((boxes[0].folder / "cur").iterdir())) == 50
    assert list((boxes[0].folder / "tmp").iterdir()) == []


def test_owner_and_senders_at_once(start: Start) -> None:
    boxes = [Box(process, "uid00000001") for process in three(start, "--lock-seconds=20")]
    keys = [f"{number:020d}" for number in range(30)]
    jobs: list[Callable[[], object]] = [partial(box.send, key) for key in keys for box in boxes]
    jobs += [box.mails for box in boxes for _ in range(10)]
    jobs += [partial(box.ask, "/delete", key=key) for key in keys[:15] for box in boxes]
    pool = Pool(40)
    for job in [pool.spawn(job) for job in jobs[::2] + jobs[1::2]]:
        job.get()
    boxes[1].ask("/delete", keys=keys[:15])
    assert [mail["key"] for mail in sorted(boxes[2].mails(), key=lambda mail: str(mail["key"]))] == keys[15:]


def test_a_stopped_process_harms_one_box(start: Start) -> None:
    service = one(start, "--lock-seconds=0.3")
    held, other = Box(service), Box(service)
    held.send()
    holder = stopped_holder(held)
    try:
        waiting = [gevent.spawn(held.call, path, mail=MAIL, key="k" * 20) for path in ("/send", "/all", "/delete") * 10]
        begun = time.monotonic()
        for _ in range(10):
            other.send()
        assert time.monotonic() - begun < 5
        assert {(status, answer["status"]) for status, answer in (job.get() for job in waiting)} == {(503, -3)}
        batch = [{"world": box.world, "uid": box.uid, "mail": MAIL} for box in (held, other, held, other)]
        assert [one["status"] for one in held.call("/send_batch", mails=batch)[1]["answers"]] == [-3, 0, -3, 0]
        boxes = [{"world": box.world, "uid": box.uid} for box in (held, other)]
        assert [one["status"] for one in held.call("/list_batch", boxes=boxes)[1]["answers"]] == [-3, 0]
        assert service.ready()
        holder.send_signal(signal.SIGCONT)
        holder.wait(10)
        assert held.ask("/count")["count"]["cur"] == 1
    finally:
        holder.kill()
        holder.wait()


def test_a_stopped_service_does_not_stop_the_others(start: Start) -> None:
    first, second, _ = three(start, "--lock-seconds=0.2")
    boxes = [Box(second) for _ in range(20)]
    with gevent.Timeout(60):
        senders = [gevent.spawn(box.through(first).send) for box in boxes]
        wait_for(lambda: any(box.folder.exists() for box in boxes), what="the first delivery")
        first.signal_all(signal.SIGSTOP)
        answers = [box.call("/send", mail=MAIL)[1]["status"] for box in boxes]
        assert sum(status == -3 for status in answers) <= 8  # as many as the first one has threads
        assert set(answers) <= {0, -3}
        first.signal_all(signal.SIGCONT)
        gevent.joinall(senders, raise_error=True)
    assert [box.ask("/count")["count"]["cur"] for box in boxes] == [
        2 if status == 0 else 1 for status in answers]


def more_than(things: list[tuple[str, str]], number: int) -> bool:
    return len(things) > number


def test_a_killed_service_loses_and_doubles_nothing(start: Start) -> None:
    survivor = one(start, "--lock-seconds=20", "--box-size=500")
    uids = [new_uid() for _ in range(4)]
    answered: list[tuple[str, str]] = []
    jobs = [(uid, f"{number:020d}") for number in range(60) for uid in uids]

    def send(victim: MailProcess, uid: str, key: str) -> None:
        try:
            Box(victim, uid).send(key)
        except (OSError, ValueError):  # the connection broke
            return
        answered.append((uid, key))

    for _ in range(3):
        victim = one(start, "--box-size=500")
        pool = Pool(16)
        begun = len(answered)
        senders = [pool.spawn(send, victim, *job) for job in jobs[begun:begun + 20]]
        wait_for(partial(more_than, answered, begun + 3), what="the first deliveries")
        victim.signal_all(signal.SIGKILL)
        gevent.joinall(senders)
        victim.kill()
    for uid, key in answered:
        assert Box(survivor, uid).call("/get", key=key)[1]["status"] == 0
    for uid, key in jobs:
        Box(survivor, uid).send(key)
    for uid in uids:
        assert sorted(mail["key"] for mail in Box(survivor, uid).mails()) == [f"{number:020d}" for number in range(60)]


def test_what_was_deleted_stays_deleted_when_all_processes_change(start: Start) -> None:
    first = one(start)
    box = Box(first)
    key = box.send()
    box.ask("/delete", key=key)
    first.signal_all(signal.SIGKILL)
    first.kill()
    again = box.through(one(start))
    assert again.send(key) == key
    assert again.mails() == []


def test_a_disk_that_refuses_stores_no_half_mail(start: Start) -> None:
    service = one(start)
    box = Box(service)
    box.send()
    worker = service.serving_pid
    limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1000, limits[1]))
    big = MAIL | {"body": "文" * 500}
    status, answer = box.call("/send", mail=big, key="k" * 20)
    assert (status, answer["status"]) == (503, -1)
    assert list((box.folder / "tmp").iterdir()) == []
    assert len(box.mails()) == 1
    resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
    assert box.call("/send", mail=big, key="k" * 20)[1]["status"] == 0
    assert box.mails()[1]["body"] == big["body"]


def test_a_worker_that_is_killed_comes_back(start: Start) -> None:
    service = one(start)
    box = Box(service)
    box.send()
    dead = service.serving_pid
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: service.serving_pid != dead and service.ready(), what="another worker")
    assert len(box.mails()) == 1


def test_the_end_answers_what_was_taken(start: Start) -> None:
    service = one(start)
    boxes = [Box(service) for _ in range(40)]
    service_answers = [gevent.spawn(box.call, "/send", mail=MAIL) for box in boxes]
    wait_for(lambda: any(job.ready() for job in service_answers), what="the first answer")
    assert service.stop() == 0
    stored = sum(1 for box in boxes if box.folder.exists() and list((box.folder / "new").iterdir()))
    done = sum(1 for job in service_answers if answered(job))
    assert stored == done > 0
    assert "Traceback" not in service.log.read_text()


def answered(job: "gevent.Greenlet[..., tuple[int, object]]") -> bool:
    try:
        return job.get(timeout=10)[0] == 200
    except OSError:  # it came too late to be accepted
        return False
