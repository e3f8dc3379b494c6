"""How fast this machine is beside the one on which the absolute targets were set, told by the floor of a line server.

A bare line server is a loop of a few system calls and a little Python: what it costs grows with the machine's slowness
as all else does, and no change of this project can make it cheaper. Pure.
"""

from collections.abc import Mapping

from tests.load.results import Row

FLOOR = "floor_line"


def ratio(rows: Mapping[str, Row], reference: float) -> float | None:
    """Return by what CPU figures are to be multiplied to be those of the reference; None without a floor.

    ``reference`` is the CPU of the floor there, in milliseconds a request.
    """
    here = rows[FLOOR].cpu_in_all if FLOOR in rows else 0.0
    return reference / here if here else None


def told(rows: Mapping[str, Row], reference: float) -> str:
    """Return the line for people."""
    found = ratio(rows, reference)
    if found is None:
        return "speed of this machine: not measured, as the floor of a line server was not"
    return (f"speed of this machine: the line server's floor took {rows[FLOOR].cpu_in_all:.3f} ms of CPU a request; "
            f"on the machine on which absolute targets were set {reference:.3f} ms.\n"
            f"At reference speed: figures of CPU of this run times {found:.2f}.")
