"""``python -m operations.capacity --help``: how much of everything a number of players needs, as a table."""

import os
import sys
from collections.abc import Sequence

from common import options
from operations.capacity_model import Need, need
from operations.capacity_settings import CapacitySettings


def table(needs: Sequence[Need]) -> str:
    """Return a table in Markdown with a column for each number of players."""
    rows: list[tuple[str, list[str]]] = [
        ("players online", [f"{need.players:,}" for need in needs]),
        ("requests a second", [f"{need.requests:,.0f}" for need in needs]),
        ("chat deliveries a second", [f"{need.deliveries:,.0f}" for need in needs]),
    ]
    for part in ("gate", "worker", "edge", "auth", "config", "mail"):
        cells = [f"{need.processes[part]:,} ({need.cores[part]:.1f})" for need in needs]
        rows.append((f"{part} processes (cores used)", cells))
    rows += [("memory of edges for clients, MB", [f"{need.edge_megabytes:,.0f}" for need in needs])]
    rows += [(f"{part}: cores used; servers", [f"{need.cores[part]:.1f}; {need.groups[part]}" for need in needs])
             for part in ("mysql", "redis", "nats")]
    rows += [("redis: memory, MB", [f"{need.redis_megabytes:,.0f}" for need in needs]),
             ("groups of worlds", [f"{need.installations}" for need in needs])]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join([lines[0], f"|---|{'---:|' * len(needs)}", *lines[1:]]) + "\n"


def _checked(settings: CapacitySettings) -> list[int]:
    """Return the numbers of players. Raises ValueError when the inputs make no sense."""
    if settings.writes + settings.mails > 1:
        raise ValueError("--writes and --mails are more than all requests")
    players = [int(text) for text in settings.players]
    if min(players, default=0) < 1:
        raise ValueError("--players are numbers from 1 on")
    return players


def main() -> int:
    """Print the table; return the exit code."""
    settings = options.parse(CapacitySettings, "operations.capacity", sys.argv[1:], os.environ)  # noqa: TID251  # a program
    try:
        players = _checked(settings)
    except ValueError as error:
        sys.stderr.write(f"operations.capacity: error: {error}\n")
        return 2
    sys.stdout.write(table([need(number, settings) for number in players]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
