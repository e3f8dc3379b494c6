"""The table of the rehearsal with NATS and Redis of production."""

from collections.abc import Sequence
from typing import Any

from tests.faults import rollout_table

HEADINGS = ("what", "servers", "seconds", "requests", "failed tries", "slowest s", "given up", "chat lost", "SIGKILLs")
COLUMNS = ("what", "servers", "seconds", "requests", "failed", "slowest", "given_up", "unheard", "kills")
DETAIL = "servers"
"""Where the details of a result have the rows."""


def rows(results: Sequence[Any]) -> list[tuple[str, ...]]:
    """Return the cells of all rows that results have."""
    return rollout_table.rows(results, DETAIL, COLUMNS)


def text(results: Sequence[Any]) -> str:
    """Return the table for a terminal; empty when there was no such rehearsal."""
    return rollout_table.text(HEADINGS, rows(results))


def section(results: Sequence[Any]) -> str:
    """Return the section of docs/faults.md; empty when there was no such rehearsal."""
    return rollout_table.section(SECTION, HEADINGS, rows(results))


SECTION = """
## Servers of NATS and Redis

The case `rolling-servers` runs the services of the staging overlay, two pods each, with NATS and Redis as production
has them: three servers each, and three sentinels. The StatefulSets are updated as their controller does it, the last
server first, each when the one before is ready again; a pod ends as a kubelet ends it, containers side by side, first
`preStop`, then SIGTERM, sidecars after the others, SIGKILL when `terminationGracePeriodSeconds` are over. Then the
primary of Redis dies with its sentinel, and stays away for 20 s.

*Failed tries* and *given up* are those of players. An update of Redis must cost neither; one of NATS may cost single
tries, because a job that is in a server when it ends is lost, but the repeat must go well. *Slowest* is the longest
request with all its tries: writes wait while Redis hands over. *Chat lost* are messages that who said them never heard,
or was told could not be passed on, and had to say again: what an edge publishes while the stream looks for another
leader is not kept. Afterwards everything is counted as after the other cases.

{table}
"""
