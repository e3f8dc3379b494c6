"""A replacement is started and ready first, then a process is asked to end: no single try of a request may fail."""

import signal
from dataclasses import dataclass

from tests.faults.strikes import Field, Strike
from tests.faults.tally import Tally
from tests.load.system import Twin


@dataclass(frozen=True)
class Counts:
    """What has failed by some moment."""

    refused: int
    timed_out: int
    broken: int

    @classmethod
    def of(cls, tally: Tally) -> "Counts":
        """Read a tally; tries beyond the first that were neither refused nor timed out have followed a broken one."""
        return cls(tally.refused, tally.timed_out, max(0, tally.retried - tally.refused - tally.timed_out))

    def since(self, before: "Counts") -> list[str]:
        """Describe what has failed since then."""
        return [f"{now - then} tries were {what}" for now, then, what in (
            (self.refused, before.refused, "refused"), (self.timed_out, before.timed_out, "given up by the server"),
            (self.broken, before.broken, "broken")) if now > then]


def replace_first(kind: str) -> Strike:
    """Only for processes that nobody has to be told the address of."""
    def strike(field: Field) -> None:
        processes = field.stage.processes
        twin = Twin(processes.tree(f"{kind}-0")[0], {})
        try:
            twin.wait_ready()
            before = Counts.of(field.tally)
            processes.restart(f"{kind}-0", signal.SIGTERM)
        finally:
            twin.stop()
        field.problems += [f"replacement of {kind}: {text}" for text in Counts.of(field.tally).since(before)]
    return strike
