"""The page about speed: the tables of a run, and what they were measured on. Pure."""

import argparse
from collections.abc import Mapping

PAGE = """# Speed

Written by `make bench ARGS="--page docs/speed.md"`, which starts a system of its own and needs no preparation. All
processes, the servers of the backends and the load clients share one machine, so what the clients use is missing
elsewhere; the cost in CPU tells more than the rates. Latencies of open loops count from the moment when a request
should have been sent. The floors are what the building blocks cost at least, in the same run: a bare line server on
gevent, a round trip over NATS and over Redis, a bare statement and a bare transaction of PyMySQL.

{machine}; medians of {repeat} rounds.

```
{tables}
```
"""


def text(tables: str, machine: Mapping[str, object], options: argparse.Namespace) -> str:
    """Return the page. ``tables`` is what the run printed."""
    facts = ", ".join(f"{name} {value}" for name, value in machine.items() if name != "load")
    return PAGE.format(machine=facts, repeat=options.repeat or (1 if options.quick else 3), tables=tables)
