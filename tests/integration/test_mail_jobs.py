"""Turns of mail jobs on a real database: who is reached, what a turn costs, and what it holds back."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import gevent
import orjson
import pymysql
import pytest

from apps.local.backends import MariaDB
from apps.worker.mail_jobs import arguments, creation, store
from apps.worker.mail_jobs.batch import Pace, Turn, mail_key, take_turn
from apps.worker.mail_jobs.creation import Created
from apps.worker.mail_jobs.part import MailJobs
from apps.worker.mail_jobs.store import State
from apps.worker.module.enums import Timer
from apps.worker.operators import RefusedError
from apps.worker.outbox import NotNowError, Outbox, Rows
from apps.worker.rules import letters, utc
from common.mysql import DatabaseUnavailableError, Transaction
from common.mysql_url import connection_options
from tests.support import backend_servers
from tests.support.dated_calls import SECONDS, DatedCalls, dated_calls

NOW = datetime(2030, 1, 5, 12)
PACE = Pace(batch=4, window=10, pause=timedelta(), backlog=1000, horizon=timedelta(seconds=10))
LONG_AGO = "2020-01-01 00:00:00"
MOST_TURNS = 50
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def module_calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_mail_jobs") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture
def calls(module_calls: DatedCalls) -> DatedCalls:
    """The database, without players and jobs of other tests."""
    for table in ("player", "timer", "outbox", "claim", "mail_job", "mail_job_player"):
        module_calls.execute(f"DELETE FROM {table}")
    return module_calls


def players(calls: DatedCalls, number: int, world: str = "s1", **columns: object) -> list[str]:
    """Write players who registered long ago; return their ids in order."""
    uids = [f"p{next(NUMBERS):08d}" for _ in range(number)]
    fields = {"origin": world, "world": world, "icon": "0", "energy": 0, "exp": 0, "created": LONG_AGO, **columns}
    names = ", ".join(["uid", "account", "gn", "gn_key", *fields])
    marks = ", ".join(["%s"] * (4 + len(fields)))
    calls.database.transaction(lambda tx: tx.many(f"INSERT INTO player ({names}) VALUES ({marks})",
                                                  [(uid, uid, uid, uid, *fields.values()) for uid in uids]))
    return uids


def create(calls: DatedCalls, *more: str, key: str = "k", dry_run: bool = False) -> Created:
    given, _ = arguments.parse(["create", f"--key={key}", "--who=me", "--world=s1", "--title=t", "--body=b", *more])
    return creation.create(calls.database, creation.draft(given, calls.config), Random(), dry_run=dry_run)


def turn(calls: DatedCalls, pace: Pace = PACE) -> Turn | None:
    return calls.database.transaction(lambda tx: take_turn(tx, pace, NOW))


def finish(calls: DatedCalls, pace: Pace = PACE) -> list[Turn]:
    """Do turns until no job runs."""
    turns = list(itertools.islice(iter(lambda: turn(calls, pace), None), MOST_TURNS))
    assert len(turns) < MOST_TURNS
    return turns


def reached(calls: DatedCalls) -> list[str]:
    """Return whose mails are in the outbox, in the order in which they were written."""
    return [orjson.loads(body)["uid"] for body, in calls.rows("SELECT body FROM outbox ORDER BY id")]


def test_each_player_is_reached_once_in_bounded_turns(calls: DatedCalls) -> None:
    uids, _ = players(calls, 23), players(calls, 5, world="s2")
    assert create(calls).planned == 23
    turns = finish(calls)
    assert reached(calls) == uids
    assert [done.written for done in turns] == [4, 4, 4, 4, 4, 3]
    assert turns[-1].state is State.DONE
    job = create(calls).job
    assert job is not None
    assert (job.state, job.written, job.planned) == (State.DONE, 23, 23)
    body = orjson.loads(calls.rows("SELECT body FROM outbox LIMIT 1")[0][0])
    assert body == {"world": "s1", "uid": uids[0], "key": mail_key(job.id, uids[0]),
                    "mail": {"type": "0", "from": "Lukseun", "subj": "t", "body": "b"}}
    assert calls.rows("SELECT * FROM claim") == []


def test_who_registers_later_is_left_out(calls: DatedCalls) -> None:
    [early] = players(calls, 1)
    calls.execute("UPDATE player SET created = UTC_TIMESTAMP()")
    create(calls)
    players(calls, 1, created=utc_later(calls, 3))
    finish(calls)
    assert reached(calls) == [early]


def utc_later(calls: DatedCalls, seconds: int) -> datetime:
    now: datetime = calls.rows("SELECT UTC_TIMESTAMP()")[0][0]
    return now + timedelta(seconds=seconds)


def test_the_filter_holds_when_a_player_is_reached(calls: DatedCalls) -> None:
    curve = calls.config["player_experience"]["player_level"]["experience"]
    low, high, vip, merged, away = (players(calls, 1)[0] for _ in range(5))
    players(calls, 1, exp=curve[9] - 1)
    calls.execute("UPDATE player SET exp = %s WHERE uid <> %s", curve[9], low)
    calls.execute("UPDATE player SET exp = %s WHERE uid = %s", curve[19], high)
    calls.execute("UPDATE player SET vipexp = 60 WHERE uid = %s", vip)
    calls.execute("UPDATE player SET origin = 's7' WHERE uid = %s", merged)
    for uid in (low, high, vip, merged):
        day = "2029-12-31 23:59:59" if uid == low else "2030-01-01 00:00:00"
        calls.execute("INSERT INTO timer (uid, tid, time) VALUES (%s, %s, %s)", uid, int(Timer.LOGIN), day)
    for asked, wanted in (
        (["--min-level=20"], [high]), (["--max-level=9"], [low]), (["--vip-level=1"], [vip]),
        (["--origin=s7"], [merged]), (["--login-since=2030-01-01"], [high, vip, merged]),
        (["--login-since=2030-01-01", "--max-level=19"], [vip, merged]), (["--registered-before=2020-01-01"], []),
        (["--registered-before=2020-01-01 08:00:01", "--min-level=20"], [high]),
    ):
        calls.execute("DELETE FROM outbox")
        assert create(calls, *asked, key=str(next(NUMBERS))).planned == len(wanted), asked
        finish(calls)
        assert reached(calls) == wanted, asked
    assert away not in reached(calls)


def test_a_list_of_ids_and_names(calls: DatedCalls, tmp_path: Path) -> None:
    uids = players(calls, 12)
    calls.execute("UPDATE player SET gn = 'Ada陈', gn_key = 'ada陈' WHERE uid = %s", uids[3])
    (tmp_path / "uids").write_text("\n".join([uids[9], uids[1], uids[3]]))
    (tmp_path / "names").write_text("ADA陈\n", "utf-8")
    lists = [f"--uids={tmp_path}/uids", f"--names={tmp_path}/names"]
    assert create(calls, *lists).planned == 3
    finish(calls, replace(PACE, window=2))
    assert reached(calls) == [uids[1], uids[3], uids[9]]
    (tmp_path / "uids").write_text(f"{uids[0]}\np1\n")
    with pytest.raises(RefusedError, match="no such players in s1: 'p1'"):
        create(calls, *lists, key="other")
    (tmp_path / "names").write_text("Bob\n" * 2 + "\n".join(f"x{number}" for number in range(20)))
    with pytest.raises(RefusedError, match=r"'Bob', 'x0', .* and 11 more"):
        create(calls, lists[1], key="other")
    assert len(calls.rows("SELECT id FROM mail_job")) == 1


@pytest.mark.parametrize("cancelled", [True, False])
def test_the_list_of_a_job_goes_after_its_end_and_not_before(
        calls: DatedCalls, tmp_path: Path, cancelled: bool) -> None:
    for key in ("ends", "runs"):
        (tmp_path / key).write_text("\n".join(players(calls, 7)))
        create(calls, f"--uids={tmp_path / key}", key=key)
    [[ends], [runs]] = calls.rows("SELECT id FROM mail_job ORDER BY job_key")
    assert forget(calls) == []
    if cancelled:
        calls.database.transaction(lambda tx: store.change_state(tx, "ends", State.CANCELLED))
    else:
        calls.execute("UPDATE mail_job SET state = 'paused' WHERE id = %s", runs)
        finish(calls)
    assert forget(calls) == [3, 3, 1]
    assert calls.rows("SELECT job, COUNT(*) FROM mail_job_player GROUP BY job") == [(runs, 7)]
    assert create(calls, f"--uids={tmp_path}/ends", key="ends").is_new is False
    assert ends not in {job for (job,) in calls.rows("SELECT job FROM mail_job_player")}


def forget(calls: DatedCalls) -> list[int]:
    """Remove the lists of jobs that have ended, three players at a time; return how many each time."""
    def batch() -> int:
        return calls.database.transaction(lambda tx: store.forget_listed(tx, 3))

    return list(iter(batch, 0))


def test_few_matches_among_many_players_take_bounded_turns(calls: DatedCalls) -> None:
    players(calls, 34)
    [rare] = players(calls, 1, exp=10**6)
    create(calls, "--min-level=2")
    assert [done.written for done in finish(calls)] == [0, 0, 0, 1]
    assert reached(calls) == [rare]


def test_a_turn_takes_the_same_statements_for_many_as_for_few(calls: DatedCalls) -> None:
    players(calls, 300)
    create(calls, "--items=3:5:1")

    def counted(tx: Transaction, pace: Pace) -> int:
        before = int(tx.all("SHOW SESSION STATUS LIKE 'Questions'")[0][1])
        take_turn(tx, pace, NOW)
        return int(tx.all("SHOW SESSION STATUS LIKE 'Questions'")[0][1]) - before - 1

    few, many = (calls.database.transaction(lambda tx, n=n: counted(tx, replace(PACE, batch=n, window=500)))  # type: ignore[misc]
                 for n in (2, 250))
    assert len(reached(calls)) == 252
    assert few == many == 7


def test_the_same_key_makes_one_job(calls: DatedCalls) -> None:
    players(calls, 3)
    assert create(calls, dry_run=True) == Created(3)
    assert calls.rows("SELECT * FROM mail_job") == []
    made = [job.get() for job in gevent.joinall([gevent.spawn(create, calls) for _ in range(2)])]
    assert sorted(result.is_new for result in made) == [False, True]
    assert made[0].job == made[1].job
    assert create(calls).is_new is False
    assert finish(calls)[-1].state is State.DONE
    assert create(calls).is_new is False
    with pytest.raises(RefusedError, match=r"is that of another job, created .* UTC by me"):
        create(calls, "--title=other")
    assert len(reached(calls)) == 3


def test_a_job_holds_still_while_its_mails_are_not_delivered(calls: DatedCalls) -> None:
    uids = players(calls, 12)
    create(calls)
    pace = replace(PACE, backlog=6)
    done = [turn(calls, pace) for _ in range(4)]
    assert [one.written for one in done if one] == [4, 4, 0, 0]
    # A mail that has to wait for long, as for a full mailbox, holds up nobody.
    calls.execute("UPDATE outbox SET due = %s", NOW + timedelta(minutes=2))
    assert [one.written for one in finish(calls, pace)] == [4, 0]
    assert reached(calls) == uids


def test_paused_and_cancelled_jobs_write_nothing(calls: DatedCalls) -> None:
    players(calls, 12)
    create(calls)

    def change(state: State) -> State:
        return calls.database.transaction(lambda tx: store.change_state(tx, "k", state)).state

    turn(calls)
    assert [change(State.PAUSED), change(State.PAUSED)] == [State.PAUSED, State.PAUSED]
    assert turn(calls) is None
    assert change(State.RUNNING) is State.RUNNING
    assert turn(calls) == Turn("k", 4, State.RUNNING)
    assert change(State.CANCELLED) is State.CANCELLED
    assert turn(calls) is None
    for state in (State.RUNNING, State.PAUSED):
        with pytest.raises(RefusedError, match="is cancelled"):
            change(state)
    assert len(reached(calls)) == 8
    with pytest.raises(RefusedError, match="no job"):
        calls.database.transaction(lambda tx: store.change_state(tx, "x", State.PAUSED))


def test_jobs_take_turns_and_one_that_is_held_by_another_worker_is_passed_over(calls: DatedCalls) -> None:
    players(calls, 12)
    create(calls, key="a")
    create(calls, key="b")
    calls.execute("UPDATE mail_job SET turned = '2020-01-01' WHERE job_key = 'a'")
    calls.execute("UPDATE mail_job SET turned = '2021-01-01' WHERE job_key = 'b'")
    keys = [done.key for done in (turn(calls), turn(calls), turn(calls), turn(calls)) if done]
    assert keys == ["a", "b", "a", "b"]

    def beside(tx: Transaction) -> list[str]:
        """Return whose turns three workers do while the first of them has not committed yet."""
        return [done.key for done in (take_turn(tx, PACE, NOW), turn(calls), turn(calls)) if done]

    assert calls.database.transaction(beside) == ["a", "b", "b"]
    finish(calls)
    assert len(mail_keys(calls)) == len(set(mail_keys(calls))) == 24


def mail_keys(calls: DatedCalls) -> list[str]:
    return [orjson.loads(body)["key"] for body, in calls.rows("SELECT body FROM outbox ORDER BY id")]


def test_the_pause_is_that_of_the_job_whoever_works_on_it(calls: DatedCalls) -> None:
    players(calls, 12)
    create(calls)
    pace = replace(PACE, pause=timedelta(seconds=30))
    assert turn(calls, pace) is None  # the creation counts as a turn
    calls.execute("UPDATE mail_job SET turned = TIMESTAMPADD(SECOND, -31, UTC_TIMESTAMP(3))")
    assert turn(calls, pace) == Turn("k", 4, State.RUNNING)
    assert turn(calls, pace) is None


def test_a_turn_that_is_cut_off_is_done_again_as_a_whole(calls: DatedCalls) -> None:
    uids = players(calls, 6)
    create(calls, "--items=3:5:1")

    def cut_off(tx: Transaction) -> None:
        take_turn(tx, PACE, NOW)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        calls.database.transaction(cut_off)
    assert reached(calls) == []
    finish(calls)
    assert reached(calls) == uids
    assert calls.rows("SELECT uid, mail FROM claim ORDER BY uid") == list(zip(uids, mail_keys(calls), strict=True))


def test_a_job_that_this_version_does_not_understand_holds_up_no_other(calls: DatedCalls) -> None:
    uids = players(calls, 2)
    create(calls, key="later")
    calls.execute("UPDATE mail_job SET bounds = %s", '{"zodiac": "lion"}')
    create(calls, key="plain")
    part = MailJobs(calls.database, PACE, seconds=1, clock=lambda: utc.moment(NOW))
    done = [part.turn() for _ in range(2)]
    assert [(one.key, one.written, bool(one.problem)) for one in done if one] == [
        ("later", 0, True), ("plain", 2, False)]
    assert reached(calls) == uids
    assert calls.rows("SELECT state FROM mail_job WHERE job_key = 'later'") == [("running",)]


class Mailbox:
    """Notes what the outbox brings."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.errors: list[Exception] = []

    def take(self, body: dict[str, Any]) -> None:
        if self.errors:
            raise self.errors.pop()
        self.got.append(body["uid"])


def outbox(calls: DatedCalls, mailbox: Mailbox, rows: Rows, **more: Any) -> Outbox:
    options = {"parallel": 3, "longest_wait": timedelta(hours=1), "seconds": 1.0, "lease": timedelta(seconds=10),
               "batch": 100, "inline_seconds": 1.0, "clock": lambda: NOW, **more}
    return Outbox(calls.database, {letters.MAIL: mailbox.take}, rows=rows, **options)


def test_mails_of_jobs_do_not_stand_before_what_requests_left(calls: DatedCalls) -> None:
    uids, mailbox = players(calls, 8), Mailbox()
    create(calls)
    finish(calls)
    calls.execute("INSERT INTO outbox (kind, body, due, created) VALUES ('mail', %s, %s, %s)",
                  '{"uid": "fresh"}', NOW, NOW)
    assert outbox(calls, mailbox, Rows.REQUESTS, batch=5).sweep() == 1
    assert mailbox.got == ["fresh"]
    jobs = outbox(calls, mailbox, Rows.JOBS, batch=5)
    assert [jobs.sweep(), jobs.sweep(), jobs.sweep()] == [5, 3, 0]
    assert sorted(mailbox.got) == ["fresh", *uids]
    jobs.settle()
    assert len(reached(calls)) == 1


def test_a_mail_for_a_full_mailbox_waits_longer_each_time(calls: DatedCalls) -> None:
    [uid], mailbox = players(calls, 1), Mailbox()
    create(calls)
    finish(calls)
    jobs = outbox(calls, mailbox, Rows.JOBS)
    waits = []
    for _ in range(8):
        mailbox.errors.append(NotNowError("full", timedelta(minutes=2)))
        calls.execute("UPDATE outbox SET due = %s", NOW)
        assert jobs.sweep() == 1
        jobs.settle()
        waits.append((calls.rows("SELECT due FROM outbox")[0][0] - NOW) // timedelta(minutes=1))
    assert waits == [4, 8, 16, 32, 60, 60, 60, 60]
    calls.execute("UPDATE outbox SET due = %s", NOW)
    jobs.sweep()
    jobs.settle()
    assert (mailbox.got, reached(calls)) == ([uid], [])


def test_what_is_not_begun_within_the_lease_is_left_to_others(calls: DatedCalls) -> None:
    players(calls, 6)
    create(calls)
    finish(calls)
    times, mailbox = iter([NOW, NOW, NOW, NOW] + [NOW + timedelta(seconds=11)] * 9), Mailbox()
    jobs = outbox(calls, mailbox, Rows.JOBS, parallel=1, clock=lambda: next(times))
    assert jobs.sweep() == 6
    assert len(mailbox.got) == 2
    jobs.settle()
    assert len(reached(calls)) == 4


def test_without_the_database_nothing_is_forgotten(calls: DatedCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    uids, mailbox = players(calls, 2), Mailbox()
    create(calls)
    finish(calls)
    jobs = outbox(calls, mailbox, Rows.JOBS)
    jobs.sweep()
    with monkeypatch.context() as context:
        def away(_: object) -> None:
            raise DatabaseUnavailableError

        context.setattr(jobs, "_write", lambda *_: away(None))
        with pytest.raises(DatabaseUnavailableError):
            jobs.settle()
    assert len(reached(calls)) == 2
    jobs.settle()
    assert (mailbox.got, reached(calls)) == (uids, [])


def test_the_migration_can_be_applied_after_it_failed_in_the_middle(database_url: str) -> None:
    text = (Path(__file__).parents[2] / "conf" / "migrations" / "0007_mail_job.sql").read_text("utf-8")
    options = connection_options(database_url, SECONDS, SECONDS)
    with closing(pymysql.connect(**options, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE outbox (id INT PRIMARY KEY, due DATETIME(3))")
        statements = [part for part in text.split(";\n") if part.strip()]
        for statement in [*statements[:-1], *statements]:
            cursor.execute(statement)
