"""Who is connected to NATS and subscribed to what, as its server says: what it still has and nobody wants is a leak."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from common.nats import Client

CONNECTIONS = "$SYS.REQ.SERVER.PING.CONNZ"
"""Every NATS server answers it for the account that asks, whether it has a port for monitoring or not."""
NAME = "fault-tests"
MOST_MORE = 2
"""So many more subscriptions of one kind of process are no leak: a client makes one for replies when it first asks."""
MOST_NAMED = 3
SECONDS = 2.0


@dataclass(frozen=True)
class Kind:
    """All connections of one kind of process, which is the name that its client gives."""

    connections: int
    subjects: Counter[str]

    @property
    def subscriptions(self) -> int:
        return self.subjects.total()


def ask(url: str) -> dict[str, Kind]:
    """Return what the server has by kind, this question's own connection left out. Raises NATSError."""
    client = Client([url], name=NAME, timeout=SECONDS)
    client.start()
    try:
        answer = client.request(CONNECTIONS, payload=orjson.dumps({"subscriptions": True}))
    finally:
        client.close()
    return by_kind(orjson.loads(answer.payload)["data"]["connections"])


def by_kind(connections: Iterable[Mapping[str, Any]]) -> dict[str, Kind]:
    """Sum up the connections of one answer."""
    found: dict[str, Kind] = {}
    for one in connections:
        name = one.get("name", "")
        if name != NAME:
            known = found.get(name, Kind(0, Counter()))
            found[name] = Kind(known.connections + 1, known.subjects + Counter(one.get("subscriptions_list", ())))
    return found


def growth(name: str, first: Kind, now: Kind) -> list[str]:
    """Describe what a kind has too much of, compared with its first look."""
    problems = []
    if now.connections > first.connections:
        problems.append(f"NATS has {now.connections} connections of {name}, {first.connections} at first")
    if now.subscriptions > first.subscriptions + MOST_MORE:
        more = list(now.subjects - first.subjects)
        problems.append(f"NATS has {now.subscriptions} subscriptions of {name}, {first.subscriptions} at first; "
                        f"new: {', '.join(more[:MOST_NAMED])}")
    return problems
