"""What every module uses: the answer of a function, the refusal of one, and the tools that it is given.

A client function is a plain function::

    def find_person(uid: str, gn_target: Label, **kwargs: Unpack[Tools]) -> Reply:

``uid`` is who asks. The other parameters before ``**kwargs`` are the fields of the request's ``data``, checked and
converted by their annotations before the function is called; one with a default may be missing. ``kwargs`` are the
tools below; nothing of the request reaches them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from apps.worker.acts import Deliver
    from apps.worker.services import Services
    from apps.worker.unit_of_work import Work
    from apps.worker.worlds import World
    from common.mysql import Database, Statements

SUCCESS = 0


@dataclass(frozen=True)
class Reply:
    """The answer of a function: ``{"status": ..., "message": ..., "data": {...}}``."""

    status: int = SUCCESS
    message: str = "success"
    data: object = field(default_factory=dict)


class GameError(Exception):
    """A refusal that is part of the game. Nothing that the function did happens; the client gets status and message."""

    def __init__(self, status: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.reply = Reply(status, message, {} if data is None else data)


@dataclass(frozen=True)
class Line:
    """An answer whose whole line is ``value``, for the few functions that never had a status."""

    value: object


class CommonTools(TypedDict):
    """The keyword arguments of every client function."""

    world: "World"
    """The world of the request: ``id`` as the client sent it, ``home`` where its players live after a merge."""
    account_uid: str
    """Uid of the account behind the request; empty before the login."""
    config: Mapping[str, Any]
    """Game data by file name without ending, such as ``config["player"]["energy"]``; one version for the request."""
    now: datetime
    """The time of the request in Asia/Shanghai, the zone of all dates and resets of the game."""
    random: Random
    """Source of chance that nobody can foresee."""
    services: "Services"
    """Auth, mail, Redis, passwords, the sender of codes, the word filter, and limits that are options of the worker."""


class Tools(CommonTools):
    """The keyword arguments of a function that changes something."""

    db: "Work"
    """The open transaction, which holds the lock of the player (or of the account). Everything happens or nothing."""


class ReadTools(CommonTools):
    """The keyword arguments of a function that only reads."""

    db: "Statements"


class ActTools(CommonTools):
    """The keyword arguments of a function that acts outside of the transaction of a request.

    Under a request id it may run twice, if its worker dies; only the answer of the last run is ever seen.
    """

    database: "Database"
    """For reads and transactions of its own."""
    lot: bytes
    """16 bytes of chance that nobody can foresee. Each run of a request with an id gets the same."""
    deliver: "Deliver | None"
    """Sends something with the commit that stores the answer; None where no answer is stored, without a request id."""


class FreeTools(CommonTools):
    """The keyword arguments of a function that needs no database."""


def ok(data: object = None, message: str = "success", status: int = SUCCESS) -> Reply:
    """Return a successful answer."""
    return Reply(status, message, {} if data is None else data)


Function = Callable[..., Any]
