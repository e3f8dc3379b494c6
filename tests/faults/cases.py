"""What goes wrong: one entry a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults import strikes
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
        Case("garbage", "garbage on every port of every service", strikes.garbage(SERVICES), 4),
        Case("triple", "three times the load", strikes.triple, 6),
    ]


ALL: Sequence[Case] = (*killed(), *strained(), *stopped())
QUICK = ("kill-worker", "kill-redis", "garbage")


def select(names: Sequence[str], cases: Sequence[Case] = ALL) -> list[Case]:
    """Return the cases with these names in the order of ``cases``; all when there are no names. Raises ValueError."""
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}")
    return [case for case in cases if not names or case.name in names]

