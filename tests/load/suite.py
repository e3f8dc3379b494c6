"""All measurements by name, on one running system."""

import argparse
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from apps.local.ports import HOST
from tests.load import chat, database, lists, scenario, targets, word_filter
from tests.load.floors import Floors
from tests.load.pairs import MANY_WORKERS, Pairs, tls_gate
from tests.load.results import Row, median, refusals
from tests.load.runner import Runner
from tests.load.scenario import Account
from tests.load.settings import Sizes
from tests.load.system import MeasuredSystem
from tests.support.waiting import wait_for

Phase = Callable[[], Row]
CLOSED_LOOPS = (16, 32, 64)
OVERLOAD = 3
OUTBOX_SECONDS = 120.0


class Suite:
    """``rows`` has the rows of each measurement, one a repetition."""

    def __init__(self, system: MeasuredSystem, sizes: Sizes, options: argparse.Namespace) -> None:
        self._system = system
        self._sizes = sizes
        self._options = options
        self._clients: int = options.clients
        self.rows: dict[str, list[Row]] = {}
        self._runner = runner = Runner(system, sizes, options)
        self._closed = runner.closed
        self._listed: list[Account] = []
        self._just_before = Row("no overload yet")
        self._floors = Floors(system, sizes.floor_span, self._clients, runner.reads(runner.accounts)[0])
        self._floors.prepare()
        self._pairs = Pairs(runner, cache(lambda: self.peak() / 2))
        self._closed("mix", max(CLOSED_LOOPS))  # opens the pools of connections; its figures count for nothing

    def repeated(self) -> dict[str, Phase]:
        """Return the measurements that are repeated in turn, so that all of them meet the same noise."""
        return {
            **self._floors.phases(),
            **{f"reads_{number}": lambda number=number: self._closed("reads", number)  # type: ignore[misc]
               for number in CLOSED_LOOPS},
            "half_peak": self._half_peak,
            "info": lambda: self._closed("info", 1),
            "mix": lambda: self._closed("mix", self._clients),
            "mail": self._mail,
            **{name: lambda name=name: self._list(name) for name in targets.LISTS},  # type: ignore[misc]
            "keep_alive": lambda: self._closed("keep_alive", self._clients),
            "tls": lambda: self._tls("reads"),
            "tls_keep_alive": lambda: self._tls("keep_alive"),
            **self._pairs.phases(),
            **{Path(file).stem: lambda file=file: self._file(file)  # type: ignore[misc]
               for file in self._options.scenario},
        }

    def once(self) -> dict[str, Phase]:
        """Return the measurements that change the system for those after them, or overload it."""
        return {
            "overload": self._overload,
            "refusals": self._refusals,
            "workers_4": self._workers,
            "chat": lambda: chat.fan_out(self._system, self._sizes.chat_clients, self._sizes.chat_rate,
                                         self._sizes.span.measured),
            "chat_quiet": lambda: chat.quiet(self._system, chat.plain(self._system), self._sizes.quiet_clients,
                                             self._sizes.quiet_seconds),
            "chat_quiet_tls": lambda: chat.quiet_tls(self._system, self._sizes.quiet_clients,
                                                     self._sizes.quiet_seconds),
            "chat_idle": lambda: chat.idle(self._system, self._sizes.idle_clients),
            "word_filter": word_filter.measure,
        }

    def run(self, name: str, phase_: Phase) -> Row:
        """Run one measurement and keep its row."""
        row = phase_()
        self.rows.setdefault(name, []).append(row)
        return row

    def medians(self) -> dict[str, Row]:
        """Return a row for each measurement that was run."""
        return {name: median(rows) for name, rows in self.rows.items()}

    def peak(self) -> float:
        """Return the most reads a second of the latest repetition; measures them first when nobody has."""
        if not any(name in self.rows for name in targets.READS):
            self.run("reads_32", lambda: self._closed("reads", 32))
        return max(self.rows[name][-1].per_second for name in targets.READS if name in self.rows)

    def _file(self, file: str) -> Row:
        chosen, rate = scenario.load(file), self._options.rate
        if not rate:
            return self._closed(file, self._clients)
        return self._runner.run(f"{chosen.title}, open loop at {rate:g}/s", chosen, rate=rate)

    def _mail(self) -> Row:
        """Send mails; then wait until the last one has left the outbox, so that nobody else pays for it."""
        row = self._closed("mail", self._clients)
        with closing(database.connect(self._system.endpoints["mysql"])) as connection, connection.cursor() as cursor:
            connection.autocommit(True)

            def left() -> int:
                cursor.execute("SELECT COUNT(*) FROM outbox")
                return int((cursor.fetchone() or (0,))[0])

            wait_for(lambda: left() == 0, OUTBOX_SECONDS, "an empty outbox")
        return row

    def _list(self, name: str) -> Row:
        """Measure a long list, whose players are made when the first one is asked for."""
        self._listed = self._listed or lists.fill(self._system.endpoints, self._runner.accounts, self._sizes.crowd)
        chosen = scenario.load(name)
        return self._runner.known(f"{chosen.title}, {self._clients} clients",
                                  self._runner.lines(chosen, self._listed))

    def _half_peak(self) -> Row:
        rate = self.peak() / 2
        return self._runner.run(f"open loop at half the peak, {rate:.0f} reads/s", scenario.load("reads"), rate=rate)

    def _overload(self) -> Row:
        """Measure the peak again just before, so that both meet the same noise."""
        peak = self._just_before = self._closed("reads", max(CLOSED_LOOPS))
        rate = peak.per_second * OVERLOAD
        row = self._runner.run(f"open loop at {OVERLOAD} times the peak, {rate:.0f} reads/s", scenario.load("reads"),
                               rate=rate)
        row.more["peak just before"] = peak.per_second
        return row

    def _refusals(self) -> Row:
        """Look at the overload again: at those who were refused then."""
        if "overload" not in self.rows:
            self.run("overload", self._overload)
        return refusals(self.rows["overload"][-1], self._just_before)

    def _tls(self, name: str) -> Row:
        chosen = scenario.load(name)
        with tls_gate(self._runner) as (port, authority):
            return self._runner.run(f"{chosen.title}, TLS, {self._clients} clients", chosen, clients=self._clients,
                                    addresses=[(HOST, port)], authority=authority)

    def _workers(self) -> Row:
        """Measure what more workers do when all cores are busy; what they cost otherwise is told by a pair."""
        with self._system.workers(MANY_WORKERS):
            return self._runner.known(f"reads, {MANY_WORKERS} workers, {self._clients} clients",
                                      self._runner.reads(self._runner.accounts))
