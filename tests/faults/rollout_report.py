"""The table of the rolling update rehearsal."""

from collections.abc import Sequence
from typing import Any

from tests.faults import rollout_table

HEADINGS = ("Deployment", "pods replaced", "seconds", "requests", "failed", "refused", "reset", "p99 ms", "SIGKILLs")
COLUMNS = ("deployment", "pods", "seconds", "requests", "failed", "refused", "reset", "p99_ms", "kills")
DETAIL = "deployments"
"""Where the details of a result have the rows."""


def rows(results: Sequence[Any]) -> list[tuple[str, ...]]:
    """Return the cells of all rows that results have."""
    return rollout_table.rows(results, DETAIL, COLUMNS)


def text(results: Sequence[Any]) -> str:
    """Return the table for a terminal; empty when there was no rehearsal."""
    return rollout_table.text(HEADINGS, rows(results))


def section(results: Sequence[Any]) -> str:
    """Return the section of docs/faults.md; empty when there was no rehearsal."""
    return rollout_table.section(SECTION, HEADINGS, rows(results))


SECTION = """
## Rolling update

The case `rolling-update` runs the containers of the staging overlay, two pods of every service, and replaces them as
Kubernetes does, one Deployment after the other: new pods start and get ready by their probes, and old ones leave as
`maxSurge` and `maxUnavailable` say. An old pod is told to go; Services and load balancers go on sending it new
connections for 2 and 10 more seconds; after `preStop` it gets SIGTERM, and SIGKILL when
`terminationGracePeriodSeconds` are over. All waits are the real ones of the manifests.

*Failed* counts every single try of a player: an answer -2 or -3, a connection that was refused or broken, a chat
session that did not end cleanly, even if the repeat went well. *Refused* are connections that a Service led to a pod
which was gone, those between services included. None of these may be, nor a SIGKILL. *Reset* are connections that a
pod broke off; where they were between services and a service repeated its call in time, players saw nothing. Chat
clients come back and ask for what they missed; each has to hear every message of the others once and in order.
Meanwhile a crowd in processes of its own asks at 40 % of the capacity that was measured at the start, in an open loop,
half of it on kept connections; none of its requests may fail either, and its writes and mails are looked for. It is not
more because pods that start take the two cores that all others work on: at 60 % some requests are refused meanwhile.
Afterwards everything is counted as after the other cases. The seconds last until the last old pod has ended.

{table}
"""
