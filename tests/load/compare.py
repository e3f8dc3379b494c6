"""What has changed between two runs. Pure."""

from collections.abc import Mapping

from tests.load.results import Row
from tests.load.table import aligned

HEAD = ("", "req/s", "", "", "p99 ms", "", "", "CPU ms", "", "")


def compared(old: Mapping[str, Row], new: Mapping[str, Row]) -> str:
    """Return a table of the measurements that both runs have: old, new, change."""
    lines: list[tuple[str, ...]] = [HEAD]
    for name in new:
        if name in old:
            pairs = [(old[name].per_second, new[name].per_second), (old[name].p99, new[name].p99),
                     (old[name].cpu_in_all, new[name].cpu_in_all)]
            lines.append((name, *(cell for pair in pairs for cell in _cells(*pair))))
    return "\n".join(aligned(lines))


def _cells(old: float, new: float) -> tuple[str, str, str]:
    change = f"{new / old - 1:+.0%}" if old else ""
    return f"{old:,.4g}", f"{new:,.4g}", change

