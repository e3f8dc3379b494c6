"""What one edge tells the others about a family: who of it is connected there. Pure.

A JSON object on ``presence.chat.<world>.<family>``::

    {"edge": "5f1c...", "members": {"Ada": "p17..."}, "watches": true, "asks": false}

``members`` are game names with the player's uid, '' when it is not known.
"""

from typing import NamedTuple

import orjson

EDGE_LENGTH = 64
NAME_LENGTH = 256
REMEMBERED = 16  # snapshots of a family; a few more than there are edges
MOST = 10_000  # members; far more than any family has, so that edges with different limits understand one another


class SnapshotError(ValueError):
    """What came is no snapshot."""


class Snapshot(NamedTuple):
    """``watches``: somebody on that edge wants to know who is online. ``asks``: the others are to answer at once."""

    edge: str
    members: dict[str, str]
    watches: bool = False
    asks: bool = False


def encode(snapshot: Snapshot) -> bytes:
    """Return the message of a snapshot."""
    return orjson.dumps(snapshot._asdict())


class Reader:
    """Reads the snapshots of one family. Most of them repeat what their edge said before; those are not read anew."""

    def __init__(self) -> None:
        self._known: dict[bytes, Snapshot] = {}

    def read(self, payload: bytes) -> Snapshot:
        """Return the snapshot in a message; it may be read again, so leave it as it is. Raises SnapshotError."""
        found = self._known.get(payload)
        if found is None:
            found = read(payload)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[payload] = found
        return found


def read(payload: bytes) -> Snapshot:
    """Return the snapshot in a message. Raises SnapshotError."""
    try:
        fields = orjson.loads(payload)
        found = Snapshot(fields["edge"], fields["members"], fields["watches"] is True, fields["asks"] is True)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise SnapshotError("a snapshot lacks something") from None
    if not isinstance(found.edge, str) or not 0 < len(found.edge) <= EDGE_LENGTH:
        raise SnapshotError("a snapshot names no edge")
    if not isinstance(found.members, dict) or len(found.members) > MOST:
        raise SnapshotError("a snapshot has no members, or too many")
    if not all(isinstance(uid, str) and len(name) <= NAME_LENGTH and len(uid) <= NAME_LENGTH
               for name, uid in found.members.items()):
        raise SnapshotError("a snapshot has a name that is none")
    return found
