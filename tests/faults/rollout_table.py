"""Tables of the rehearsals, for a terminal and for a page."""

from collections.abc import Sequence
from typing import Any


def rows(results: Sequence[Any], detail: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the cells of all rows that results have under ``detail``."""
    return [tuple(str(row[column]) for column in columns) for result in results
            for row in result.details.get(detail, ())]


def text(headings: Sequence[str], found: Sequence[Sequence[str]]) -> str:
    """Return a table for a terminal; empty without rows."""
    table = [headings, *found]
    if len(table) == 1:
        return ""
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    return "\n" + "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
                            for row in table) + "\n"


def section(page: str, headings: Sequence[str], found: Sequence[Sequence[str]]) -> str:
    """Return ``page`` with a table in Markdown in it; empty without rows."""
    if not found:
        return ""
    lines = ["| " + " | ".join(row) + " |" for row in (headings, *found)]
    rule = "|---|" + "---:|" * (len(headings) - 1)
    return page.format(table="\n".join([lines[0], rule, *lines[1:]]))
