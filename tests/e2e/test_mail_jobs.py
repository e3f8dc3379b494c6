"""System mails to many players: every one of them gets the mail once, whatever dies meanwhile."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from apps.worker.ledger import verify
from common.mysql import Database
from operations.merge_worlds import CannotMergeError, merge
from tests.support.database_rows import execute
from tests.support.game import SUCCESS, Game, at_once, balances, mails
from tests.support.local_system import LocalSystem
from tests.support.mail_jobs import Operator
from tests.support.process_tree import descendants
from tests.support.waiting import wait_for

SLOW = {"MAIL_JOB_BATCH": "20", "MAIL_JOB_PAUSE": "0.2", "MAIL_JOB_BACKLOG": "60", "MAIL_JOB_SECONDS": "0.2",
        "OUTBOX_LEASE_SECONDS": "2"}
"""Options of workers that give a test the time to do something in the middle of a job of some hundred players."""

PLAYERS = 400


@pytest.fixture
def operator(game: Game, local_system: LocalSystem) -> Operator:
    """Somebody who sends mails in the system that all tests share."""
    return Operator(game, local_system)


@pytest.fixture(scope="module")
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose processes may be killed, with slow jobs."""
    system = LocalSystem(tmp_path_factory.mktemp("mail_jobs") / "run", "--workers=2", "--restart-delay=0.2",
                         "--restart-reset=1")
    try:
        yield system.start(SLOW)
    finally:
        system.clean_up()


@pytest.fixture(scope="module")
def own_operator(own_system: LocalSystem) -> Operator:
    return Operator(Game(own_system.endpoints), own_system)


def test_every_player_of_the_world_gets_it_once(operator: Operator) -> None:
    world, player = "s5", operator.game.player(world="s5")
    strangers, uids = operator.players(5, "s6"), operator.players(450, world)
    key = operator.create(world, "--body=two\nlines 陈 💎", "--sender=GM")
    late = operator.game.player(world=world)
    operator.wait_until_done(key)
    assert operator.mail_counts(world, uids) == {1: 450}
    assert operator.mail_counts("s6", strangers) == {0: 5}
    mail = mails(player)[-1]
    assert mail | {"time": "", "key": ""} == {
        "read": 0, "type": "0", "from": "GM", "subj": "Hello", "body": "two\nlines 陈 💎", "time": "", "key": ""}
    assert operator.written(key) == 451 + sum(mail["from"] == "GM" for mail in mails(late))


def test_what_an_operator_reads(operator: Operator, tmp_path: Path) -> None:
    world, names = "s6", tmp_path / "names"
    one, other = operator.players(2, world)
    names.write_text(one)
    order = ("create", "--who=Ada", f"--world={world}", "--title=Hi", "--items=3:5:20", f"--names={names}")
    key = f"--key=read-{one}"
    assert operator.say(*order, key, "--dry-run") == "1 players would get it; nothing was stored\n"
    assert operator.say(*order, key) == f"the job read-{one} runs: 1 players get it\n"
    operator.wait_until_done(f"read-{one}")
    assert operator.say(*order, key) == f"the job read-{one} was there already, done: 1 of 1 mails are written\n"
    shown = operator.say("show", f"read-{one}")
    for line in ("state:       done", "written:     1", "undelivered: 0", "items:       3:5:20", "who:         Ada"):
        assert line in shown
    assert f"read-{one}  done" in operator.say("list", "--most=1000")
    assert (operator.mails(world, one), operator.mails(world, other)) == (1, 0)
    for wrong, code, reason in (
        ("--items=3:5:21", 1, "is that of another job"), ("--items=3:24:1", 1, "items: there is no '3:24:1'"),
        ("--min-lvl=3", 2, "--min-lvl=3"),
    ):
        refused = operator.command(*order, key, wrong)
        assert refused.returncode == code, wrong
        assert reason in refused.stderr, wrong


def test_worlds_are_not_merged_while_a_job_goes_on(operator: Operator, local_system: LocalSystem) -> None:
    key = operator.create("s7")
    operator.wait_until_done(key)
    set_state = "UPDATE mail_job SET state = %s WHERE job_key = %s"
    execute(operator.game, set_state, "paused", key)
    with pytest.raises(CannotMergeError, match=f"the mail job {key} is not finished"):
        merge(operator.game.endpoints["mysql"], str(local_system.data / "mail"), "s7", "s6")
    execute(operator.game, set_state, "done", key)


def test_a_job_stops_goes_on_and_is_cancelled(own_operator: Operator) -> None:
    world, uids = "s1", own_operator.players(500, "s1")
    key = own_operator.create(world)
    wait_for(lambda: own_operator.written(key), what="the first mails")
    assert f"the job {key} is paused" in own_operator.say("pause", key)
    stopped = own_operator.written(key)
    assert 0 < stopped < 500
    wait_for(lambda: own_operator.waiting(key) == 0, what="the outbox to be empty")
    assert own_operator.written(key) == stopped
    assert own_operator.mail_counts(world, uids) == {0: 500 - stopped, 1: stopped}
    own_operator.say("resume", key)
    wait_for(lambda: own_operator.written(key) > stopped, what="more mails")
    own_operator.say("cancel", key)
    cancelled = own_operator.written(key)
    assert stopped < cancelled < 500
    wait_for(lambda: own_operator.waiting(key) == 0, what="the outbox to be empty")
    assert own_operator.mail_counts(world, uids) == {0: 500 - cancelled, 1: cancelled}
    assert "is cancelled, so it cannot become running" in own_operator.command("resume", key).stderr
    assert own_operator.written(key) == cancelled


def test_a_gift_of_a_job_is_claimed_once(own_operator: Operator, own_system: LocalSystem) -> None:
    world, game = "s2", own_operator.game
    ada, bea = game.player(world=world), game.player(world=world)
    key = own_operator.create(world, "--items=3:5:20,4:2:1,3:6:3")
    own_operator.wait_until_done(key)
    [mail] = [mail for mail in mails(ada) if mail["subj"] == "Hello"]
    assert (mail["type"], mail["items"]) == ("1", "3:5:20,4:2:1,3:6:3")
    before = balances(ada)
    assert bea.call("accept_gifts", gift=[mail["key"]], other=[])["data"]["error"] == [mail["key"]]
    assert ada.call("delete_mail", key=mail["key"])["data"] == {"keys": []}
    answers = at_once(5, lambda: ada.call("accept_gifts", gift=[mail["key"]], other=[]))
    assert [answer["status"] for answer in answers] == [SUCCESS] * 5
    assert sum(mail["key"] in answer["data"]["success"] for answer in answers) == 1
    after = balances(ada)
    assert (after[5] - before.get(5, 0), after[6] - before.get(6, 0)) == (20, 3)
    database = Database(own_system.endpoints["mysql"], connections=1, connect_seconds=5, statement_seconds=60,
                        pause=lambda _: None)
    assert database.read(lambda db: list(verify(db))) == []
    database.close()
    assert execute(game, "SELECT uid FROM claim WHERE mail = %s", mail["key"]) == []


def test_killed_workers_leave_their_job_to_others(own_operator: Operator, own_system: LocalSystem) -> None:
    world, uids = "s3", own_operator.players(PLAYERS, "s3")
    key = own_operator.create(world, "--items=3:5:1")
    for name in ("worker-0", "worker-1"):
        before = own_operator.written(key)
        wait_for(lambda before=before: own_operator.written(key) > before, what="more mails")  # type: ignore[misc]
        os.kill(own_system.pid_of(name), signal.SIGKILL)
    assert own_operator.written(key) < PLAYERS
    own_operator.wait_until_done(key)
    assert own_operator.written(key) == PLAYERS
    assert own_operator.mail_counts(world, uids) == {1: PLAYERS}
    owners = [uid for uid, in execute(own_operator.game, "SELECT uid FROM claim WHERE type = 1")]
    assert [owners.count(uid) for uid in uids] == [1] * PLAYERS


def test_without_the_mail_service_a_job_waits_and_then_goes_on(
    own_operator: Operator, own_system: LocalSystem
) -> None:
    world, uids = "s4", own_operator.players(PLAYERS, "s4")
    key = own_operator.create(world)
    wait_for(lambda: own_operator.written(key), what="the first mails")
    with frozen(own_system, "mail-0"):
        wait_for(lambda: own_operator.waiting(key) >= 60, what="as many undelivered mails as there may be")
        held = own_operator.written(key)
        gevent.sleep(1.0)  # five turns of the job
        assert own_operator.written(key) == held < PLAYERS
        assert own_operator.waiting(key) < 60 + 20
    own_operator.wait_until_done(key)
    assert own_operator.mail_counts(world, uids) == {1: PLAYERS}


@contextmanager
def frozen(system: LocalSystem, name: str) -> Iterator[None]:
    """Stop a process and its children for a while."""
    pid = system.pid_of(name)
    pids = [pid, *(found.pid for found in descendants(pid))]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)
