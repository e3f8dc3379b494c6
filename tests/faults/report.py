"""The results as a table for people, a page of the documentation, and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults import rollout_report, rollout_servers_report

HEADINGS = ("case", "result", "requests", "refused", "retried", "failed", "unanswered", "return s", "recovery s",
            "longest s", "notes")
NOTE_LENGTH = 120


@dataclass
class Result:
    """One case. ``recovery`` is the longest time without a success of the slowest kind of action, in seconds.

    ``unanswered`` are requests of patient clients that got no answer, ``returned`` is the longest time from a return of
    what was away until every kind of request worked, ``longest`` how long one request took at most, with all its tries.
    """

    case: str
    title: str
    requests: int = 0
    refused: int = 0
    retried: int = 0
    failed: int = 0
    unanswered: int | None = None
    returned: float | None = None
    recovery: float = 0.0
    longest: float = 0.0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        texts = [*self.problems, *self.notes]
        notes = "; ".join(text if len(text) <= NOTE_LENGTH else text[:NOTE_LENGTH] + "..." for text in texts[:6])
        return (self.case, "ok" if self.passed else "FAILED", str(self.requests), str(self.refused),
                str(self.retried), str(self.failed), measured(self.unanswered, "d"), measured(self.returned, ".1f"),
                f"{self.recovery:.1f}", f"{self.longest:.1f}", notes)


def measured(value: float | None, form: str) -> str:
    """Return a figure; a dash where nothing was measured, which is not 0."""
    return "-" if value is None else format(value, form)


def table(results: Sequence[Result]) -> str:
    """Return the table for a terminal."""
    rows = [HEADINGS, *(result.cells for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    return "\n".join(line(row, widths) for row in rows)


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one row: texts to the left, numbers to the right."""
    first = [cell.ljust(width) if index < 2 else cell.rjust(width)
             for index, (cell, width) in enumerate(zip(cells, widths, strict=False))]
    return "  ".join([*first, *cells[len(widths):]]).rstrip()


def page(results: Sequence[Result], machine: str) -> str:
    """Return docs/faults.md."""
    rows = ["| " + " | ".join(with_title(HEADINGS, "what happens")) + " |", "|" + "---|" * (len(HEADINGS) + 1)]
    rows += ["| " + " | ".join(map(escape, with_title(result.cells, result.title))) + " |" for result in results]
    return PAGE.format(machine=machine, table="\n".join(rows)) + (
        rollout_report.section(results) + rollout_servers_report.section(results))


def with_title(cells: Sequence[str], title: str) -> tuple[str, ...]:
    """Put what happens behind the name of the case."""
    return (cells[0], title, *cells[1:])


def escape(text: str) -> str:
    """Return a text that stays in its cell."""
    return text.replace("|", "\\|")


def as_json(results: Sequence[Result], machine: str) -> str:
    """Return everything that is known of the results."""
    cases = [asdict(result) | {"passed": result.passed} for result in results]
    return json.dumps({"machine": machine, "cases": cases}, indent=2, ensure_ascii=False) + "\n"


PAGE = """# What the system withstands

Written by `make faults` (`python -m tests.faults`). Machine: {machine}; the load runs on it too.

The whole system runs with several processes of every kind. While players read, write, rename, send and claim mails
and chat, one thing after the other goes wrong. After each case the load stops and everything is counted:

- every acknowledged write is there once, every other one at most once, and exactly once after it was repeated;
- a repeat under the same request id gets the same bytes;
- the ledger adds up to what the players hold;
- no mail is lost or doubled, every gift is granted exactly once, on however many connections it is claimed;
- two players are friends on both sides or on neither, nobody is in two families or in one that has ended, and nobody
  hears a family without being in it, one second after the change was acknowledged;
- no chat ticket opens two sessions, nobody hears a message twice, out of order, from another world or from another
  family;
- the chat sessions hear one another again, all processes are ready, none died that was not killed, one that was asked
  to end did so with exit code 0, and none keeps sockets, memory, greenlets or subscriptions.

*Refused* are answers that ask the client to come again, *retried* the tries beyond the first, *failed* the requests
that got no answer in five tries within about {{}} s each. *Unanswered* are requests of a few clients that wait for as
long as a gate may take, 12 s and 1 s more on this machine: there may be none but those in flight at a gate that was
killed with -9, and those whose connections the case itself reset. *Return* is the time from the moment when what was
away is there again (SIGCONT, ready again, network passing) until a fresh request of every kind (reading, writing,
listing mails, joining the chat and hearing oneself) has worked: 2 s, and 1 s more because the cores also make the load.
*Recovery* is the longest time in which one kind of action (reading, writing, mail, joining the chat, hearing oneself
there and in the family) did not succeed once, the fault itself and the ordinary pause between two of them included;
*longest* is how long a single request took at most, with all its tries.

Where all processes of a service are away at once, two more clients read balances, which needs none of them: they have
to get half of the usual rate (30 % while processes start again on the same two cores) and no read may take over 1 s.
The rest of the load may wait for the service then and leave them more of the machine: they often get more than usual.
After the long freeze of MySQL as many transactions as before have to run at once.

A *crowd* (`triple`, `growth`, `rolling-update`) are players of their own in processes of their own, half of them on
kept connections. `triple` measures the capacity beside the usual load in a closed loop, before and after, and offers
three times of it in an open loop: every request is answered, goodput stays at 90 % of the lower capacity, and the 99th
percentile is at most 250 ms for refusals and for accepted ones (or three times that of the closed loop, on a slow or
busy machine), the crowd's own delay left out. `growth` allows 4 KiB a request and 6 MiB for all processes of a kind.

{table}
""".replace("{{}}", "2.5")
