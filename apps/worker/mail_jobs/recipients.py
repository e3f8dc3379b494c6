"""Lists of players that an operator names, and how many players would get the mails of a job."""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.worker.mail_jobs.filters import Bounds
from apps.worker.operators import RefusedError
from apps.worker.rules import names
from common.mysql import Statements, marks

MOST_PLAYERS = 100_000
"""A list is stored with its job in one transaction, so it must not be of any length."""

UID = re.compile(r"[a-z0-9]{1,40}")
CHUNK = 1000
SHOWN = 10
STDIN = "-"


@dataclass(frozen=True)
class PlayerList:
    """Ids and game names of players, each once, in order."""

    uids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What tells one list from another; empty for no list."""
        if not self.uids and not self.names:
            return ""
        text = "\n".join([*self.uids, "", *self.names])
        return hashlib.sha256(text.encode()).hexdigest()


def read(uids: str, names_file: str) -> PlayerList:
    """Read the files of ids and of names; ``-`` is the standard input, empty is no file. Raises RefusedError."""
    if uids == names_file == STDIN:
        raise RefusedError("only one list can come from the standard input")
    found = PlayerList(_entries(uids), _entries(names_file))
    strange = [uid for uid in found.uids if not UID.fullmatch(uid)]
    if strange:
        raise RefusedError(f"{strange[0][:64]!r} is no id of a player")
    if (uids or names_file) and not found.digest:
        raise RefusedError("the list of players is empty")
    if len(found.uids) + len(found.names) > MOST_PLAYERS:
        raise RefusedError(f"the list has more than {MOST_PLAYERS} players")
    return found


def resolve(db: Statements, world: str, players: PlayerList) -> list[str]:
    """Return the ids of all players of a list. Raises RefusedError, naming those who do not live in ``world``."""
    by_uid = _found(db, "SELECT uid, uid FROM player WHERE world = %s AND uid IN", world, players.uids, str)
    by_name = _found(db, "SELECT gn_key, uid FROM player WHERE world = %s AND gn_key IN", world, players.names,
                     names.name_key)
    return sorted({*by_uid, *by_name})


def count(db: Statements, bounds: Bounds, world: str, uids: Sequence[str]) -> int:
    """Return how many players match now; of ``uids`` where the bounds ask for a list."""
    condition, values = bounds.where(world, db.value("SELECT UTC_TIMESTAMP()"))
    statement = f"SELECT COUNT(*) FROM player p WHERE {condition}"  # noqa: S608  # constants with marks
    if not bounds.listed:
        return int(db.value(statement, *values))
    return sum(int(db.value(f"{statement} AND p.uid IN ({marks(chunk)})", *values, *chunk)) for chunk in _chunks(uids))


def _entries(file: str) -> tuple[str, ...]:
    if not file:
        return ()
    try:
        content = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file}: {error}") from None
    return tuple(sorted({line.strip() for line in text.splitlines()} - {""}))


def _found(db: Statements, statement: str, world: str, wanted: Sequence[str], key: Callable[[str], str]) -> list[str]:
    """Return the ids of the players whose keys are ``wanted``. Raises RefusedError."""
    uids: dict[str, str] = {}
    for chunk in _chunks([key(entry) for entry in wanted]):
        uids |= dict(db.all(f"{statement} ({marks(chunk)})", world, *chunk))
    missing = [entry for entry in wanted if key(entry) not in uids]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        shown = ", ".join(repr(entry[:64]) for entry in missing[:SHOWN])
        raise RefusedError(f"no such players in {world}: {shown}{more}")
    return list(uids.values())


def _chunks(entries: Sequence[str]) -> Iterator[Sequence[str]]:
    return (entries[start:start + CHUNK] for start in range(0, len(entries), CHUNK))
