"""Two ways of serving the same requests at the same rate, in the same round: so that nothing but the way differs.

Closed loops would compare different rates, too: who serves fewer requests a second finds fewer of them together when
it wakes up, and pays more for each.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.local.ports import HOST
from tests.load import players, scenario
from tests.load.results import Row
from tests.load.runner import Runner
from tests.load.scenario import Account
from tests.support.certificates import write_self_signed

MANY_WORKERS = 4


class Pairs:
    """``rate`` tells the requests a second of all of them."""

    def __init__(self, runner: Runner, rate: Callable[[], float]) -> None:
        self._runner = runner
        self._rate = rate
        self._crowd: list[Account] = []

    def phases(self) -> dict[str, Callable[[], Row]]:
        """Return the measurements by name; those of a pair follow each other."""
        sizes = self._runner.sizes
        return {
            "kept_even": self._kept_plain,
            "kept_even_tls": self._kept_tls,
            "workers_even_1": lambda: self._workers(1),
            "workers_even_4": lambda: self._workers(MANY_WORKERS),
            "players_even_1k": lambda: self._players(sizes.crowd),
            "players_even_10k": self._large_crowd,
        }

    def _kept_plain(self) -> Row:
        """Use a gate of its own, as TLS does: as young, with the first one as idle beside it."""
        with self._runner.system.another("gate-plain", "gate-0") as ports:
            return self._kept("plain", ports["client_port"])

    def _kept_tls(self) -> Row:
        with tls_gate(self._runner) as (port, authority):
            return self._kept("TLS", port, authority)

    def _kept(self, way: str, port: int, authority: str = "") -> Row:
        rate = self._rate()
        return self._runner.run(f"reads on kept connections, {way}, open loop at {rate:.0f}/s",
                                scenario.load("keep_alive"), rate=rate, addresses=[(HOST, port)], authority=authority)

    def _workers(self, count: int) -> Row:
        rate, runner = self._rate(), self._runner
        with runner.system.workers(count):
            return runner.known(f"reads, {count} workers, open loop at {rate:.0f}/s", runner.reads(runner.accounts),
                                rate)

    def _large_crowd(self) -> Row:
        url, sizes = self._runner.system.endpoints["mysql"], self._runner.sizes
        players.insert_crowd(url, sizes.crowd, sizes.large_crowd)
        try:
            return self._players(sizes.large_crowd)
        finally:
            players.delete_crowd(url, sizes.crowd, sizes.large_crowd)

    def _players(self, count: int) -> Row:
        """Let every player of the crowd ask in turn."""
        rate, runner = self._rate(), self._runner
        if not self._crowd:  # all at once: a player's later token would end the one before
            self._crowd = players.crowd_accounts(runner.system.endpoints["auth"], 0, runner.sizes.large_crowd)
        return runner.known(f"reads of {count} players in turn, open loop at {rate:.0f}/s",
                            runner.reads(self._crowd[:count], count), rate)


@contextmanager
def tls_gate(runner: Runner) -> Iterator[tuple[int, str]]:
    """Run one more gate, which speaks TLS; yields its port and the file with the certificate."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = write_self_signed(Path(folder))
        with runner.system.another("gate-tls", "gate-0", tls_cert=certificate, tls_key=key) as ports:
            yield ports["client_port"], str(certificate)
