"""Runs one load on the running system: whose players ask, what they ask, and how often."""

import argparse
from collections.abc import Sequence
from random import Random

from tests.load import phase, players, scenario
from tests.load.phase import Load
from tests.load.results import Row
from tests.load.scenario import Account, Scenario
from tests.load.settings import Sizes
from tests.load.system import MeasuredSystem

SEED = 1


class Runner:
    """``accounts`` are the registered players, ``system`` is where they are."""

    def __init__(self, system: MeasuredSystem, sizes: Sizes, options: argparse.Namespace) -> None:
        self.system = system
        self.sizes = sizes
        self.clients: int = options.clients
        self._arrivals: str = options.arrivals
        self._receivers = [players.crowd_name(number) for number in range(sizes.crowd)]
        self.accounts = players.register(system.endpoints, sizes.players)
        players.insert_crowd(system.endpoints["mysql"], 0, sizes.crowd)

    def closed(self, name: str, clients: int) -> Row:
        """Measure a scenario with so many clients, each of which asks again when it has its answer."""
        chosen = scenario.load(name)
        return self.run(f"{chosen.title}, {clients} clients", chosen, clients=clients)

    def run(self, title: str, chosen: Scenario, *, clients: int = 0, rate: float = 0.0,
            addresses: Sequence[tuple[str, int]] = (), authority: str = "") -> Row:
        """Measure a scenario in a closed loop of ``clients``, or an open one at ``rate``."""
        load = Load(addresses or self.system.gates, self.lines(chosen, self.accounts), clients=clients, rate=rate,
                    arrivals=self._arrivals, keep_alive=chosen.keep_alive, authority=authority,
                    processes=1 if clients == 1 else 2)
        return phase.measure(title, load, self.system.usage(), self.sizes.span)

    def known(self, title: str, lines: Sequence[str], rate: float = 0.0) -> Row:
        """Measure what players ask whom every worker has met before: in an open loop if there is a ``rate``."""
        load = Load(self.system.gates, lines, clients=0 if rate else self.clients, rate=rate, arrivals=self._arrivals)
        phase.send_once(Load(self.system.gates, lines, clients=self.clients))
        return phase.measure(title, load, self.system.usage(), self.sizes.span)

    def reads(self, accounts: Sequence[Account], count: int = 0) -> list[str]:
        """Return lines of reads."""
        return self.lines(scenario.load("reads"), accounts, count)

    def lines(self, chosen: Scenario, accounts: Sequence[Account], count: int = 0) -> list[str]:
        """Return ``count`` lines of a scenario."""
        return chosen.lines(accounts, self._receivers, count or self.sizes.lines, Random(SEED))
