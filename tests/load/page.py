"""The page about speed: the tables of a run, its pictures, and what they were measured on. Pure."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = """# Speed

Written by `make bench`, which starts a system of its own and needs no preparation. All processes, the servers of the
backends and the load clients share one machine, so what the clients use is missing elsewhere; the cost in CPU tells
more than the rates. Latencies of open loops count from the moment when a request should have been sent. The floors are
what the building blocks cost at least, in the same run: a bare line server on gevent, a round trip over NATS and over
Redis, a bare statement and a bare transaction of PyMySQL.

What is compared (`kept_even`, `workers_even`, `players_even`) is measured in turns at the same rate, half of the peak.

{machine}; medians of {repeat} rounds.

```
{tables}
```
{pictures}"""


def text(tables: str, machine: Mapping[str, object], options: argparse.Namespace,
         pictures: Sequence[tuple[Path, str]] = ()) -> str:
    """Return the page. ``tables`` is what the run printed; ``pictures`` are files and what each shows."""
    facts = ", ".join(f"{name} {value}" for name, value in machine.items() if name != "load")
    folder = options.page.parent if options.page else Path()
    shown = "".join(f"\n![{title}]({os.path.relpath(path, folder)})\n" for path, title in pictures)
    return PAGE.format(machine=facts, repeat=options.repeat, tables=tables, pictures=shown)
