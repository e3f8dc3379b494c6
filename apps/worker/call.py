"""A request that can be run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.worker.functions import Entry
from apps.worker.worlds import World


@dataclass(frozen=True)
class Call:
    """One request, with everything about its sender resolved."""

    entry: Entry
    uid: str
    """Player or account, as the function's scope says; empty for nobody."""
    account: str
    world: World
    arguments: Mapping[str, Any]
    request_id: str
    message_id: str
    config: Mapping[str, Any]
