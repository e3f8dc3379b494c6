"""All ports of a system, services and backends, each with what is most awkward for it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from urllib.parse import urlsplit

import gevent

from tests.faults import idle
from tests.faults.garbage import shots, throw
from tests.faults.processes import Processes
from tests.faults.strikes import Field

PAUSE_SECONDS = 0.01
WORKERS, NATS, REDIS, MYSQL = "gate for workers", "nats", "redis", "mysql"
ANSWER = b'{"status":0,"message":"forged","data":{}}'
LONG = 1_100_000
"""More than a gate takes as an answer."""
UNKNOWN = "gate_unknown_answers_total"


def forged(source: random.Random) -> Iterator[bytes]:
    """Yield what looks like answers of workers: to nobody, twice, too long, and frames that are none."""
    while True:
        frames = [source.randbytes(16).hex().encode() + b"~" + ANSWER for _ in range(50)]
        yield b"\r\n".join([*frames, *frames, b""])
        yield frames[0][:source.randint(1, 60)] + b"\r\n"
        yield frames[0] + b"x" * LONG + b"\r\n"
        yield b"\r\n".join([b"~" + ANSWER, b"~~~", ANSWER, b"g" * 32 + b"~" + ANSWER, b"\xff" * 32 + b"~\x00", b""])


def nats(source: random.Random) -> Iterator[bytes]:
    """Yield what a NATS server must not take from somebody without a password."""
    yield from cycle([b'CONNECT {"verbose":false}\r\nPUB jobs 5\r\nhello\r\nSUB > 1\r\nPING\r\n',
                      b"PUB jobs 99999999999\r\n", b"CONNECT {" + source.randbytes(500) + b"\r\n",
                      b"INFO {}\r\nMSG jobs 1 5\r\nhello\r\n", b"P" * 100_000])


def redis(source: random.Random) -> Iterator[bytes]:
    """The same for Redis."""
    yield from cycle([b"*1\r\n$8\r\nFLUSHALL\r\n", b"AUTH wrong\r\nFLUSHALL\r\n", b"*99999999\r\n", b"$-5\r\n",
                      b"*-1\r\n", b"*2\r\n$3\r\nGET\r\n$999999999\r\nx\r\n", source.randbytes(4096)])


def mysql(source: random.Random) -> Iterator[bytes]:
    """The same for MySQL: packets that are too long, out of order, or cut off."""
    yield from cycle([b"\xff\xff\xff\x00", b"\x01\x00\x00\x05\x00", source.randbytes(2000),
                      b"\x20\x00\x00\x01" + source.randbytes(32), b"\x55\x00\x00\x01\x85\xa6\x03\x00root\x00"])


SPECIAL: Mapping[str, Callable[[random.Random], Iterator[bytes]]] = {
    WORKERS: forged, NATS: nats, REDIS: redis, MYSQL: mysql}


def all_ports(processes: Processes) -> dict[int, str]:
    """Return port -> whose it is: what kind of process, and what for when it has several."""
    endpoints = processes.system.endpoints
    clients = {int(text.rpartition(":")[2]) for kind in ("gates", "edges") for text in endpoints[kind]}
    ops = {urlsplit(one["ops"]).port for one in endpoints["processes"] if one["ops"]}
    found: dict[int, str] = {}
    for name in processes.names():
        kind = name.rpartition("-")[0] or name
        for port in processes.ports(name):
            found[port] = ("ops" if port in ops else f"{kind} for clients" if port in clients
                           else WORKERS if kind == "gate" else kind)
    return found


def garbage(field: Field) -> None:
    """Throw it at all ports at the same time; then see that the gates took the forged answers for what they were."""
    ports, counts = all_ports(field.stage.processes), Counter[str]()
    before = unknown_answers(field)
    throwers = [gevent.spawn(bombard, port, owner, counts) for port, owner in ports.items()]
    gevent.joinall(throwers, timeout=field.seconds)
    gevent.killall(throwers)
    field.notes += [f"{counts.total()} shots at {len(ports)} ports",
                    ", ".join(f"{owner} {count}" for owner, count in sorted(counts.items()))]
    forged_answers = unknown_answers(field) - before
    field.notes.append(f"{forged_answers:.0f} forged answers counted and dropped by gates")
    field.problems += missed(counts, forged_answers)


def missed(counts: Mapping[str, int], forged_answers: float) -> list[str]:
    """Describe what was not tried, or has not arrived."""
    texts = [f"garbage: nothing was sent to {owner}" for owner in (*SPECIAL, "ops", "gate for clients")
             if not counts.get(owner)]
    return texts if forged_answers else [*texts, "garbage: no forged answer has reached a gate"]


def bombard(port: int, owner: str, counts: Counter[str]) -> None:
    """Throw things at one port until killed: what is made for it, and by turns what no port expects."""
    source = random.Random(port)
    general = shots(source)
    made = SPECIAL[owner](source) if owner in SPECIAL else general
    while True:
        for supply in (made, general):
            throw(port, next(supply), source)
            counts[owner] += 1
            gevent.sleep(PAUSE_SECONDS)


def unknown_answers(field: Field) -> float:
    """Return how many answers the gates have got that nobody waited for."""
    pages = [idle.page(one["ops"]) for one in field.stage.processes.system.endpoints["processes"]
             if one["name"].startswith("gate-")]
    return sum(float(line.rpartition(" ")[2]) for page in pages for line in page.splitlines()
               if line.startswith(UNKNOWN + " "))
