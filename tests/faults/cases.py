"""What goes wrong: one entry a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults import (
    garbage_ports,
    growth,
    overload,
    replacement,
    social_disband,
    social_families,
    social_friends,
    social_gifts,
    social_mailbox,
    strikes,
)
from tests.faults.strikes import Strike

SERVICES = ("gate", "worker", "edge", "auth", "config", "mail", "chatlog")
BACKENDS = ("nats", "redis", "mysql")


@dataclass(frozen=True)
class Case:
    """One case and what it may cost."""

    name: str
    title: str
    strike: Strike
    recovery: float
    """Most seconds in which a kind of action may not succeed once."""
    may_fail: bool = False
    """Whether requests may get no answer in all their tries; every process of a kind that has two may be lost."""
    proxied: bool = False
    """Whether it needs the proxies between the system and its backends and clients."""
    rehearsed: bool = False
    """Whether it is no strike but a rehearsal on pods of the manifests (``rollout.py``, ``rollout_backends.py``)."""


def killed() -> list[Case]:
    """Processes that end: at once, or because they are asked to."""
    return [
        Case("calm", "nothing goes wrong", strikes.nothing, 4),
        *(Case(f"kill-{kind}", f"kill -9 of each {kind} in turn", strikes.kill_each(kind), 8) for kind in SERVICES),
        Case("kill-http-workers", "kill -9 of the gunicorn workers of auth, config and mail", strikes.kill_children, 8),
        *(Case(f"term-{kind}", f"SIGTERM to each {kind} in turn", strikes.end_each(kind), 6) for kind in SERVICES),
        *(Case(f"kill-{name}", f"kill -9 of {name}", strikes.kill_each(name), 12, may_fail=True) for name in BACKENDS),
        Case("empty-redis", "Redis loses all its data and is killed", strikes.empty_redis, 12, may_fail=True),
        Case("blackout", "kill -9 of every process at the same time", strikes.blackout, 20, may_fail=True),
        Case("replace-worker", "SIGTERM to a worker after its replacement is ready, where no try may fail",
             replacement.replace_first("worker"), 6),
        Case("rolling", "SIGTERM to every service process, one after the other", strikes.roll(SERVICES), 6),
    ]


def stopped() -> list[Case]:
    """Processes and networks that stand still."""
    return [
        Case("freeze-gate", "SIGSTOP of one gate until Redis has forgotten it, then SIGCONT",
             strikes.freeze("gate-0", strikes.FORGOTTEN_SECONDS), 10),
        *(Case(f"freeze-{kind}", f"SIGSTOP of one {kind}, later SIGCONT", strikes.freeze(f"{kind}-0"), 10)
          for kind in SERVICES[1:]),
        *(Case(f"freeze-{name}", f"SIGSTOP of {name}, later SIGCONT", strikes.freeze(name), 14, may_fail=True)
          for name in BACKENDS),
        *(Case(f"stall-{name}", f"the network to {name} stalls", strikes.stall(name), 14, may_fail=True, proxied=True)
          for name in BACKENDS),
        Case("stall-clients", "the network between clients and gates and edges stalls", strikes.stall("clients"), 14,
             may_fail=True, proxied=True),
        *(Case(f"mute-{name}", f"what {name} answers is held back, then lost", strikes.mute(name), 16, may_fail=True,
               proxied=True) for name in ("mysql", "redis", "nats")),
        Case("cut", "all connections are reset, again and again", strikes.cut_all, 10, may_fail=True, proxied=True),
    ]


def strained() -> list[Case]:
    """Too much of everything."""
    return [
        Case("garbage", "garbage on every port of services and backends, forged answers to gates",
             garbage_ports.garbage, 4),
        Case("growth", "thousands of requests of each kind to processes that go on running", growth.growth, 4),
        Case("triple", "three times the load that the system can carry, in an open loop", overload.overload, 8,
             may_fail=True),
    ]


def social() -> list[Case]:
    """What players do to one another at the same time."""
    return [
        Case("gift-race", "each gift is claimed on six connections through all gates at once",
             social_gifts.claim_race, 4),
        Case("gift-kill", "kill -9 of each worker between taking the claim of a gift and granting it",
             social_gifts.killed_claims, 8),
        Case("gift-full-box", "more gifts than a mailbox has room for", social_mailbox.full_mailbox, 4),
        Case("friends-cross", "friend requests are made, agreed to, refused and taken back at the same moment",
             social_friends.crossing_friends, 4),
        Case("families-cross", "players get into families, and out of them, in several ways at the same moment",
             social_families.crossing_families, 4),
        Case("family-ends", "a family ends while its members speak and others join", social_disband.disbanded, 4),
    ]


REHEARSAL = Case("rolling-update", "all Deployments of the manifests are updated, pod by pod", strikes.nothing, 4,
                 rehearsed=True)
SERVERS = Case("rolling-servers", "NATS and Redis of production are updated server by server, then a primary dies",
               strikes.nothing, 4, rehearsed=True)
ALL: Sequence[Case] = (*killed(), *strained(), *social(), *stopped(), REHEARSAL, SERVERS)
QUICK = ("kill-worker", "replace-worker", "freeze-redis", "gift-race", "stall-nats", "mute-mysql")


def select(names: Sequence[str], cases: Sequence[Case] = ALL) -> list[Case]:
    """Return the cases with these names in the order of ``cases``; all when there are no names. Raises ValueError."""
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}")
    return [case for case in cases if not names or case.name in names]

