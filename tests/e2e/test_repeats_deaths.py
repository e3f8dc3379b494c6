"""kill -9 of the worker in the middle of a request: a repeat gets an answer, which stays, and there is one effect."""

import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress

import gevent
import pymysql
import pytest

from apps.client.player import Player
from common.mysql_url import connection_options
from tests.support.askers import CASES, PLAYER
from tests.support.database_rows import execute, uid_of
from tests.support.game import Game, balances, mails, settle
from tests.support.local_system import LocalSystem
from tests.support.process_tree import descendants
from tests.support.repeats import Asker, exchange, new_id, token_of
from tests.support.waiting import wait_for

WORKER, GATE = "worker-0", "gate-0"
SECONDS = 30.0


class Deaths:
    """A system whose worker dies at certain moments."""

    def __init__(self, system: LocalSystem) -> None:
        self.game = Game(system.endpoints)
        self._system = system

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Let a process do nothing for a while."""
        self._signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(name, signal.SIGCONT)

    @contextmanager
    def answer_held_up(self, request_id: str, until: AbstractContextManager[None], at: Callable[[], bool]) -> (
            Iterator[None]):
        """Let a request be answered by the worker, which then dies, while its gate hands on nothing.

        The request is held ``until`` it has come to a certain point, at which the gate is frozen.
        """
        with until:
            yield
            wait_for(at, what="the request to come to a point")
            self._signal(GATE, signal.SIGSTOP)
        try:
            wait_for(lambda: self.is_answered(request_id), what="a stored answer")
            self.kill_worker()
        finally:
            self._signal(GATE, signal.SIGCONT)

    @contextmanager
    def locked(self, player: Player) -> Iterator[None]:
        """Hold the lock of a player, so that requests that write wait for it."""
        options = connection_options(self.game.endpoints["mysql"], SECONDS, SECONDS)
        with closing(pymysql.connect(**options)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT uid FROM player WHERE uid = %s FOR UPDATE", (uid_of(self.game, player),))
            yield

    def kill_worker(self) -> None:
        """Kill the worker that works now: after the death of one, its pid stands in the list for a moment more."""
        wait_for(self._has_killed_worker, what="a living worker")

    def _has_killed_worker(self) -> bool:
        with suppress(ProcessLookupError):
            if pid := self._system.pid_of(WORKER):
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def _signal(self, name: str, number: int) -> None:
        pid = self._system.pid_of(name)
        for each in (pid, *(found.pid for found in descendants(pid))):
            os.kill(each, number)

    def waits_for_lock(self) -> bool:
        return bool(execute(self.game, "SELECT id FROM information_schema.processlist "
                                       "WHERE info LIKE 'SELECT r.answer%%FOR UPDATE'"))

    def runs_a_job(self) -> bool:
        [ops] = [process["ops"] for process in self._system.endpoints["processes"] if process["name"] == WORKER]
        with urllib.request.urlopen(f"{ops}/metrics", timeout=SECONDS) as answer:
            return b"\nworker_jobs_running 1.0" in answer.read()

    def is_claimed(self, request_id: str) -> bool:
        return execute(self.game, "SELECT answer FROM request WHERE id = %s", request_id) == [(None,)]

    def is_answered(self, request_id: str) -> bool:
        return bool(execute(self.game, "SELECT id FROM request WHERE id = %s AND answer IS NOT NULL", request_id))

    def insist(self, line: bytes) -> bytes:
        """Repeat a line until it is answered; an answer does not change any more."""
        first = wait_for(lambda: answer_or_none(exchange(self.game, line)), 60, "an answer")
        assert exchange(self.game, line) == first
        return first


def answer_or_none(answer: bytes) -> bytes | None:
    return answer if json.loads(answer)["status"] >= 0 else None


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deaths]:
    system = LocalSystem(tmp_path_factory.mktemp("deaths") / "run", "--restart-delay=0.1", "--restart-delay-max=0.1")
    try:
        # The test waits for so long until a claim is over, and until a request whose worker has died is given up.
        system.start({"JOB_SECONDS": "2", "ANSWER_SECONDS": "2.5", "REPEAT_SECONDS": "1"})
        yield Deaths(system)
    finally:
        system.clean_up()


def die_acting(deaths: Deaths, asker: Asker, function: str, service: str, request_id: str) -> bytes:
    """Kill the worker while it acts in a service; return the line."""
    line = asker.line(function, request_id)
    with deaths.frozen(service):
        asking = gevent.spawn(exchange, deaths.game, line)
        wait_for(lambda: deaths.is_claimed(request_id), what="a claim")
        deaths.kill_worker()
    asking.get()
    return line


@pytest.mark.parametrize("function", ["register", "login_unique", "login"])
def test_in_the_middle_of_a_login(deaths: Deaths, function: str) -> None:
    before = execute(deaths.game, "SELECT COUNT(*) FROM account")[0][0]
    asker, request_id = CASES[function](deaths.game), new_id()
    answer = deaths.insist(die_acting(deaths, asker, function, "auth-0", request_id))
    player = Player(deaths.game.gate)
    player.state.account = token_of(answer)
    assert player.call("get_account_world_info")["status"] == 0
    assert execute(deaths.game, "SELECT COUNT(*) FROM account") == [(before + 1,)]


def test_in_the_middle_of_an_entry(deaths: Deaths) -> None:
    player = deaths.game.player()
    answer = deaths.insist(die_acting(deaths, Asker(player, {}), "enter_world", "auth-0", new_id()))
    player.state.sessions[player.state.world] = token_of(answer, "session")
    assert player.call("get_info_player")["status"] == 0


def test_in_the_middle_of_getting_a_chat_ticket(deaths: Deaths) -> None:
    answer = deaths.insist(die_acting(deaths, PLAYER(deaths.game), "get_login_token_chat", "auth-0", new_id()))
    assert token_of(answer).isdigit()


def test_in_the_middle_of_listing_new_mails(deaths: Deaths) -> None:
    player = deaths.game.player()
    answer = deaths.insist(die_acting(deaths, Asker(player, {}), "get_new_mail", "mail-0", new_id()))
    assert [mail["type"] for mail in json.loads(answer)["data"]["mail"]] == ["1"]
    assert player.call("get_new_mail")["data"]["mail"] == []


def test_in_the_middle_of_marking_a_mail(deaths: Deaths) -> None:
    asker = CASES["mark_read_mail"](deaths.game)
    answer = deaths.insist(die_acting(deaths, asker, "mark_read_mail", "mail-0", new_id()))
    assert json.loads(answer)["data"] == asker.fields
    assert mails(asker.player)[0]["read"] == 1


def test_after_the_act_and_before_its_answer_is_sent(deaths: Deaths) -> None:
    player, request_id = settle(deaths.game.guest()), new_id()
    line = Asker(player, {}).line("enter_world", request_id)
    with deaths.answer_held_up(request_id, deaths.frozen("auth-0"), lambda: deaths.is_claimed(request_id)):
        asking = gevent.spawn(exchange, deaths.game, line)
    answer = deaths.insist(line)
    assert answer_or_none(asking.get()) in (answer, None)
    player.state.sessions[player.state.world] = token_of(answer, "session")
    assert player.call("get_info_player")["status"] == 0


def test_before_a_write_is_committed(deaths: Deaths) -> None:
    asker = CASES["accept_gifts"](deaths.game)
    line = asker.line("accept_gifts", new_id())
    with deaths.locked(asker.player):
        asking = gevent.spawn(exchange, deaths.game, line)
        wait_for(deaths.waits_for_lock, what="a request that waits for the lock")
        deaths.kill_worker()
    asking.get()
    require_granted(deaths, asker, deaths.insist(line))


def test_after_a_write_was_committed_and_before_its_answer_is_sent(deaths: Deaths) -> None:
    asker, request_id = CASES["accept_gifts"](deaths.game), new_id()
    line = asker.line("accept_gifts", request_id)
    with deaths.answer_held_up(request_id, deaths.locked(asker.player), deaths.waits_for_lock):
        asking = gevent.spawn(exchange, deaths.game, line)
    answer = deaths.insist(line)
    assert answer_or_none(asking.get()) in (answer, None)
    require_granted(deaths, asker, answer)


def require_granted(deaths: Deaths, asker: Asker, answer: bytes) -> None:
    """The gift was granted, once."""
    data = json.loads(answer)["data"]
    assert list(data["success"]) == asker.fields["gift"]
    lines = execute(deaths.game, "SELECT COUNT(*) FROM ledger WHERE uid = %s AND reason = 'accept_gifts' AND iid = 5",
                    uid_of(deaths.game, asker.player))
    assert lines == [(1,)]
    assert balances(asker.player)[5] == 10000


def test_in_the_middle_of_a_read(deaths: Deaths) -> None:
    line = PLAYER(deaths.game).line("get_all_mail", new_id())
    with deaths.frozen("mail-0"):
        asking = gevent.spawn(exchange, deaths.game, line)
        wait_for(deaths.runs_a_job, what="the request to run")
        deaths.kill_worker()
    asking.get()
    assert len(json.loads(deaths.insist(line))["data"]["mail"]) == 1
