"""When a client is to send: the times of an open loop, which do not wait for answers. Pure."""

from collections.abc import Iterator
from random import Random


def fixed(rate: float, begin: float, end: float) -> Iterator[float]:
    """Yield ``rate`` times a second, evenly."""
    number = 0
    while (moment := begin + number / rate) < end:
        yield moment
        number += 1


def poisson(rate: float, begin: float, end: float, random: Random) -> Iterator[float]:
    """Yield ``rate`` times a second on average, as many independent users come."""
    moment = begin + random.expovariate(rate)
    while moment < end:
        yield moment
        moment += random.expovariate(rate)
