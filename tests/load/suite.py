"""All measurements by name, on one running system."""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from apps.local.ports import HOST
from tests.load import chat, database, lists, phase, players, scenario, targets, word_filter
from tests.load.floors import Floors
from tests.load.phase import Load
from tests.load.results import Row, median
from tests.load.scenario import Account, Scenario
from tests.load.settings import Sizes
from tests.load.system import MeasuredSystem
from tests.support.certificates import write_self_signed
from tests.support.waiting import wait_for

Phase = Callable[[], Row]
CLOSED_LOOPS = (16, 32, 64)
WORKERS = (1, 2, 4)
OVERLOAD = 3
SEED = 1
OUTBOX_SECONDS = 120.0


class Suite:
    """``rows`` has the rows of each measurement, one a repetition."""

    def __init__(self, system: MeasuredSystem, sizes: Sizes, options: argparse.Namespace) -> None:
        self._system = system
        self._sizes = sizes
        self._options = options
        self._clients: int = options.clients
        self.rows: dict[str, list[Row]] = {}
        self._receivers = [players.crowd_name(number) for number in range(sizes.crowd)]
        self._accounts = players.register(system.endpoints, sizes.players)
        players.insert_crowd(system.endpoints["mysql"], 0, sizes.crowd)
        self._listed: list[Account] = []
        self._floors = Floors(system, sizes.floor_span, self._clients, self._reads(self._accounts)[0])
        self._floors.prepare()
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
            **{Path(file).stem: lambda file=file: self._file(file)  # type: ignore[misc]
               for file in self._options.scenario},
        }

    def once(self) -> dict[str, Phase]:
        """Return the measurements that grow the system, or overload it."""
        return {
            "overload": self._overload,
            "players_1k": lambda: self._crowd_reads(self._sizes.crowd),
            "players_10k": self._large_crowd,
            **{f"workers_{count}": lambda count=count: self._workers(count) for count in WORKERS},  # type: ignore[misc]
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

    def _closed(self, name: str, clients: int) -> Row:
        chosen = scenario.load(name)
        return self._load(f"{chosen.title}, {clients} clients", chosen, clients=clients)

    def _file(self, file: str) -> Row:
        chosen, rate = scenario.load(file), self._options.rate
        if not rate:
            return self._closed(file, self._clients)
        return self._load(f"{chosen.title}, open loop at {rate:g}/s", chosen, rate=rate)

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
        self._listed = self._listed or lists.fill(self._system.endpoints, self._accounts, self._sizes.crowd)
        chosen = scenario.load(name)
        return self._known(f"{chosen.title}, {self._clients} clients", self._lines(chosen, self._listed))

    def _half_peak(self) -> Row:
        rate = self.peak() / 2
        return self._load(f"open loop at half the peak, {rate:.0f} reads/s", scenario.load("reads"), rate=rate)

    def _overload(self) -> Row:
        """Measure the peak again just before, so that both meet the same noise."""
        peak = self._closed("reads", max(CLOSED_LOOPS)).per_second
        row = self._load(f"open loop at {OVERLOAD} times the peak, {peak * OVERLOAD:.0f} reads/s",
                         scenario.load("reads"), rate=peak * OVERLOAD)
        row.more["peak just before"] = peak
        return row

    def _tls(self, name: str) -> Row:
        chosen = scenario.load(name)
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = write_self_signed(Path(folder))
            with self._system.another("gate-tls", "gate-0", tls_cert=certificate, tls_key=key) as ports:
                return self._load(f"{chosen.title}, TLS, {self._clients} clients", chosen, clients=self._clients,
                                  addresses=[(HOST, ports["client_port"])], authority=str(certificate))

    def _workers(self, count: int) -> Row:
        with self._system.workers(count):
            return self._known(f"reads, {count} workers", self._reads(self._accounts))

    def _large_crowd(self) -> Row:
        players.insert_crowd(self._system.endpoints["mysql"], self._sizes.crowd, self._sizes.large_crowd)
        return self._crowd_reads(self._sizes.large_crowd)

    def _crowd_reads(self, count: int) -> Row:
        """Let every player of the crowd ask in turn."""
        accounts = players.crowd_accounts(self._system.endpoints["auth"], 0, count)
        return self._known(f"reads of {count} players in turn", self._reads(accounts, count))

    def _known(self, title: str, lines: Sequence[str]) -> Row:
        """Measure reads of players whom every worker has met before."""
        load = Load(self._system.gates, lines, clients=self._clients)
        phase.send_once(load)
        return phase.measure(title, load, self._system.usage(), self._sizes.span)

    def _load(self, title: str, chosen: Scenario, *, clients: int = 0, rate: float = 0.0,
              addresses: Sequence[tuple[str, int]] = (), authority: str = "") -> Row:
        load = Load(addresses or self._system.gates, self._lines(chosen, self._accounts), clients=clients, rate=rate,
                    arrivals=self._options.arrivals, keep_alive=chosen.keep_alive, authority=authority,
                    processes=1 if clients == 1 else 2)
        return phase.measure(title, load, self._system.usage(), self._sizes.span)

    def _reads(self, accounts: Sequence[Account], count: int = 0) -> list[str]:
        return self._lines(scenario.load("reads"), accounts, count)

    def _lines(self, chosen: Scenario, accounts: Sequence[Account], count: int = 0) -> list[str]:
        return chosen.lines(accounts, self._receivers, count or self._sizes.lines, Random(SEED))
