"""The table of the rolling update rehearsal."""

from collections.abc import Sequence
from typing import Any

HEADINGS = ("Deployment", "pods replaced", "seconds", "requests", "failed", "refused", "reset", "p99 ms", "SIGKILLs")
DETAIL = "deployments"
"""Where the details of a result have the rows."""


def rows(results: Sequence[Any]) -> list[tuple[str, ...]]:
    """Return the cells of all rows that results have."""
    return [cells(row) for result in results for row in result.details.get(DETAIL, ())]


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the columns of one row."""
    return (row["deployment"], str(row["pods"]), str(row["seconds"]), str(row["requests"]), str(row["failed"]),
            str(row["refused"]), str(row["reset"]), str(row["p99_ms"]), str(row["kills"]))


def text(results: Sequence[Any]) -> str:
    """Return the table for a terminal; empty when there was no rehearsal."""
    table = [HEADINGS, *rows(results)]
    if len(table) == 1:
        return ""
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    return "\n" + "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
                            for row in table) + "\n"


def section(results: Sequence[Any]) -> str:
    """Return the section of docs/faults.md; empty when there was no rehearsal."""
    table = ["| " + " | ".join(row) + " |" for row in rows(results)]
    if not table:
        return ""
    head = ["| " + " | ".join(HEADINGS) + " |", "|---|" + "---:|" * (len(HEADINGS) - 1)]
    return SECTION.format(table="\n".join([*head, *table]))


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
Afterwards everything is counted as after the other cases. The seconds last until the last old pod has ended.

{table}
"""
