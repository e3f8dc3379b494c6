"""What goes wrong: one entry a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults import (
    backends,
    garbage_ports,
    growth,
    outages,
    overload,
    places,
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
HTTP = ("auth", "config", "mail")
AWAY_SECONDS = 4.0
"""Longer than anybody waits for a service over HTTP."""
LONG_SECONDS = 12.5
"""Longer than a job may take, and than a gate waits for its answer."""
SHARE, KILL_SHARE = 0.5, 0.3
"""Of the usual rate of reads: while a service is away, and while its processes start on the same cores."""


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
    resets: bool = False
    """Whether it breaks connections of clients, whose requests then get no answer."""
    tracebacks: tuple[str, ...] = ()
    """Exceptions that may be in the logs: parts of their last lines."""
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
        *(Case(f"term-{name}", f"SIGTERM to {name}", strikes.end_each(name), 12, may_fail=True) for name in BACKENDS),
        Case("empty-redis", "Redis loses all its data and is killed", backends.empty_redis, 12, may_fail=True),
        Case("empty-nats", "NATS is killed and loses all that JetStream kept", backends.empty_nats, 12, may_fail=True),
        Case("empty-mysql", "all tables of MySQL are away for a while", backends.empty_mysql, 14, may_fail=True),
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
        Case("cut", "all connections are reset, again and again", strikes.cut_all, 10, may_fail=True, resets=True,
             proxied=True),
    ]


def away() -> list[Case]:
    """All replicas of a service at once; and freezes that last longer than a job may take."""
    return [
        *(Case(f"kill-all-{kind}", f"kill -9 of all {kind} at once; balances are read on",
               outages.reads_go_on(KILL_SHARE, outages.kill_all(kind)), 12, may_fail=True) for kind in HTTP),
        *(Case(f"freeze-all-{kind}", f"SIGSTOP of all {kind} for {seconds:g} s; balances are read on",
               outages.reads_go_on(SHARE, outages.freeze_all(kind, seconds)), seconds + 6, may_fail=True)
          for kind, seconds in zip(HTTP, (AWAY_SECONDS, AWAY_SECONDS, LONG_SECONDS), strict=True)),
        *(Case(f"away-{kind}", f"no {kind} can be reached for {AWAY_SECONDS:g} s; balances are read on",
               outages.reads_go_on(SHARE, outages.unreachable(kind, AWAY_SECONDS)), 12, may_fail=True, proxied=True)
          for kind in HTTP),
        Case("stall-gates", "the network from workers to gates stalls", strikes.stall("gate"), 14, may_fail=True,
             proxied=True),
        *(Case(f"freeze-long-{name}", f"SIGSTOP of {name} for {LONG_SECONDS:g} s, longer than a job may take",
               strikes.freeze(name, LONG_SECONDS), LONG_SECONDS + 6, may_fail=True) for name in ("nats", "redis")),
        Case("freeze-long-mysql", f"SIGSTOP of mysql for {LONG_SECONDS:g} s; transactions at once before and after",
             places.kept_by(strikes.freeze("mysql", LONG_SECONDS)), LONG_SECONDS + 8, may_fail=True),
    ]


def strained() -> list[Case]:
    """Too much of everything."""
    return [
        Case("garbage", "garbage on every port of services and backends, forged answers to gates",
             garbage_ports.garbage, 4),
        Case("growth", "thousands of requests of each kind to processes that go on running", growth.growth, 6,
             may_fail=True),  # it asks as much as is done, and more: some of the others are refused again and again
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
ALL: Sequence[Case] = (*killed(), *strained(), *social(), *stopped(), *away(), REHEARSAL, SERVERS)
QUICK = ("kill-worker", "replace-worker", "freeze-redis", "gift-race", "stall-nats", "mute-mysql")


def select(names: Sequence[str], cases: Sequence[Case] = ALL) -> list[Case]:
    """Return the cases with these names in the order of ``cases``; all when there are no names. Raises ValueError."""
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}")
    return [case for case in cases if not names or case.name in names]

