"""Types of fields for functions that have a status of their own for what is no integer."""

from typing import Annotated, Any

from apps.worker.fields import to_int


def to_number(value: Any) -> int | None:
    """Convert an integer or its decimal digits; None for anything else."""
    try:
        return to_int(value)
    except ValueError:
        return None


Number = Annotated[int | None, to_number]
"""An integer, or None for what is none. With the default None a missing field is no integer either."""
