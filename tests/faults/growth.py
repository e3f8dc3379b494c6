"""Many cheap requests of each kind to processes that go on running: what each request leaves behind is a leak."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import gevent

from tests.faults.crowd import MAIL, READ, WRITE, Crowd
from tests.faults.overload import look_for_writes, unanswered
from tests.faults.processes import Processes, memory
from tests.faults.strikes import Field
from tests.load import chat, players
from tests.load.scenario import Scenario

MOST_BYTES = 4096
"""Growth for each request, all processes of a kind together, beyond what memory does by itself."""
SLACK = 6 * 1024 * 1024
WARM_UP_SECONDS, SECONDS = 5.0, 6.0
SETTLE_SECONDS = 1.0
MIXES = {name: Scenario(name, keep_alive=False, templates=(template,))
         for name, template in (("reads", READ), ("writes", WRITE), ("mails", MAIL))}
CHATTERS, CHAT_RATE, CHAT_SECONDS = 200, 400.0, 2.0
CHAT_ROUNDS = 4
WORLD = "growth"
"""Where nobody else talks."""
BACKENDS = ("nats", "redis", "mysql")
"""What they keep is what they were given."""


@dataclass(frozen=True)
class Growth:
    """How much each kind of process has grown, in bytes, while so many things of one kind were done."""

    what: str
    count: int
    grown: Mapping[str, int]

    @property
    def problems(self) -> list[str]:
        """What has grown more than it may."""
        return [f"{kind} grew by {grown / 2**20:.1f} MiB in {self.count} {self.what}, {grown / self.count:.0f} bytes "
                "each" for kind, grown in self.grown.items() if grown > SLACK and grown > MOST_BYTES * self.count]

    @property
    def note(self) -> str:
        """The figures of the kind that grew most."""
        kind = max(self.grown, key=lambda one: self.grown[one])
        return f"{self.count} {self.what}: most growth {self.grown[kind] / 2**20:.1f} MiB ({kind})"


def growth(field: Field) -> None:
    """One kind after the other, each once to warm up and then once to be measured."""
    auth, outcomes = field.stage.processes.system.endpoints["auth"], []
    for name, mix in MIXES.items():
        crowd = Crowd(field.stage, auth, mix)
        outcomes.append(crowd.capacity(WARM_UP_SECONDS))
        before = weights(field.stage.processes)
        outcomes.append(crowd.capacity(SECONDS))
        tell(field, Growth(name, outcomes[-1].tally.outcomes.total(), grown(field.stage.processes, before)))
    field.problems += unanswered(outcomes)
    look_for_writes(field, outcomes)
    chat_round(field, auth)
    before = weights(field.stage.processes)
    for _ in range(CHAT_ROUNDS):
        chat_round(field, auth)
    done = CHAT_ROUNDS * round(CHATTERS + CHAT_RATE * CHAT_SECONDS)
    tell(field, Growth("joins and messages of the chat", done, grown(field.stage.processes, before)))


def tell(field: Field, found: Growth) -> None:
    """Note the figures."""
    field.notes.append(found.note)
    field.problems += [f"memory: {text}" for text in found.problems]


def weights(processes: Processes) -> dict[str, int]:
    """Return the bytes that each kind of process holds, once the clients have gone."""
    gevent.sleep(SETTLE_SECONDS)
    held: dict[str, int] = {}
    for name in processes.names():
        kind = name.rpartition("-")[0] or name
        if kind not in BACKENDS:
            held[kind] = held.get(kind, 0) + sum(map(memory, processes.tree(name)))
    return held


def grown(processes: Processes, before: Mapping[str, int]) -> dict[str, int]:
    """Return how much each kind holds more than before."""
    return {kind: held - before[kind] for kind, held in weights(processes).items()}


def chat_round(field: Field, auth: str) -> None:
    """Let many join one edge, talk, and leave."""
    order = {"port": field.stage.edges[0].port, "authority": "", "nonces": players.nonces(auth, CHATTERS, WORLD),
             "rate": CHAT_RATE, "size": 60, "seconds": CHAT_SECONDS, "joins": 32}
    crowd = chat.Crowd(order)
    try:
        assert crowd.line() == "joined", "the clients of the chat have not joined"
        crowd.write("talk")
        found = json.loads(crowd.line())
    finally:
        crowd.kill()
    if found["lost"]:
        field.problems.append(f"chat: {found['lost']} of {CHATTERS} clients were closed")
