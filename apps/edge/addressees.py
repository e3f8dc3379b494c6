"""Finds the player who is meant by a game name: asks a worker over NATS, and remembers the answer for a moment.

The database alone knows who has a name now. Only who speaks to a name waits for the answer, and of the same question
each edge asks one.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

import gevent
import orjson

from apps.edge.membership import Renaming
from common.metrics import Counter
from common.nats.errors import NATSError, NATSRequestTimeoutError
from common.nats.message import Message

log = logging.getLogger(__name__)

ASKED = Counter("edge_name_questions_total", "Questions to workers about who has a game name", ["result"])

Name = tuple[str, str]
"""World and game name, as somebody wrote it."""


class UnavailableError(Exception):
    """It cannot be told for now who has a name."""


class Known(NamedTuple):
    """The uid of who has a name, empty when nobody has it, and until when that is taken for true."""

    uid: str
    until: float


class Nats(Protocol):
    """The part of the NATS client that is used here."""

    @property
    def connected(self) -> bool: ...

    def request(self, subject: str, *, payload: bytes, timeout: float) -> Message: ...


class Addressees:
    """Of all sessions of an edge."""

    def __init__(self, nats: Nats, subject: str, *, seconds: float, tries: int, most: int, memory: float, size: int,
                 clock: Callable[[], float]) -> None:
        """Each of ``tries`` takes ``seconds`` at most; ``most`` names are asked for at once.

        ``size`` answers are remembered for ``memory`` seconds.
        """
        self._nats = nats
        self._subject = subject
        self._seconds = seconds
        self._tries = tries
        self._most = most
        self._memory = memory
        self._size = size
        self._clock = clock
        self._known: OrderedDict[Name, Known] = OrderedDict()
        self._open: dict[Name, gevent.Greenlet[..., str | None]] = {}
        self._changes = 0

    def find(self, world: str, game_name: str) -> str:
        """Return the uid of who has a name, '' when nobody has it. Waits for a worker. Raises UnavailableError."""
        name = (world, game_name)
        known = self._known.get(name)
        if known is not None and self._clock() < known.until:
            return known.uid
        uid = self._question(name).get()
        if uid is None:
            raise UnavailableError
        return uid

    def renamed(self, renaming: Renaming) -> None:
        """Forget what was known of the old and of the new name of a player; never waits."""
        self._changes += 1
        world, uid = renaming.player
        key = renaming.name.casefold()
        for name in [name for name, known in self._known.items()
                     if known.uid == uid or (name[0] == world and name[1].casefold() == key)]:
            del self._known[name]

    def _question(self, name: Name) -> "gevent.Greenlet[..., str | None]":
        if name in self._open:
            return self._open[name]
        if len(self._open) >= self._most:
            ASKED.labels("too many").inc()
            raise UnavailableError
        question = self._open[name] = gevent.spawn(self._answer, name)
        return question

    def _answer(self, name: Name) -> str | None:
        """Ask, and remember the answer unless somebody changed a name meanwhile; None where there is none."""
        changes = self._changes
        try:
            uid = self._ask(orjson.dumps({"world": name[0], "gn": name[1]}))
        finally:
            del self._open[name]
        if uid is not None and changes == self._changes:
            self._remember(name, uid)
        return uid

    def _remember(self, name: Name, uid: str) -> None:
        self._known[name] = Known(uid, self._clock() + self._memory)
        self._known.move_to_end(name)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def _ask(self, payload: bytes) -> str | None:
        for _ in range(self._tries if self._nats.connected else 0):
            try:
                uid = _read(self._nats.request(self._subject, payload=payload, timeout=self._seconds).payload)
            except NATSRequestTimeoutError:  # perhaps another worker is asked next
                ASKED.labels("too late").inc()
            except NATSError as error:
                ASKED.labels("not asked").inc()
                log.info("no worker can be asked about a name", extra={"detail": str(error)[:200]})
                return None
            else:
                ASKED.labels("refused" if uid is None else "answered").inc()
                if uid is not None:
                    return uid
        return None


def _read(payload: bytes) -> str | None:
    """Return the uid in an answer; None where it has none."""
    try:
        uid = orjson.loads(payload)["uid"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return uid if isinstance(uid, str) else None
