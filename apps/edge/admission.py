"""Redeems nonces at auth, many with one request when many clients come at once."""

import logging
from typing import Any, Protocol

import gevent
from gevent.event import AsyncResult

from apps.edge import identity
from apps.edge.identity import Identity
from common.http_client import ServiceUnavailableError

log = logging.getLogger(__name__)

PATH = "/redeem_nonce"


class RefusedError(Exception):
    """The nonce is unknown, used or expired, or there was no usable answer about it."""


class Auth(Protocol):
    """Posts JSON to auth. Raises ServiceUnavailableError when auth is away."""

    def post(self, path: str, body: dict[str, Any], *, idempotent: bool = ...) -> dict[str, Any]: ...


class Waiting:
    """A nonce and who waits for its payload."""

    __slots__ = ("nonce", "result")

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self.result: AsyncResult[dict[str, Any]] = AsyncResult()


class Admission:
    """Turns a nonce into an identity, once.

    The first client is asked about at once; those who come while requests are under way share the next ones.
    """

    def __init__(self, auth: Auth, *, batch: int, requests: int) -> None:
        """A request carries at most ``batch`` nonces, and at most ``requests`` run at once."""
        self._auth = auth
        self._batch = batch
        self._free = requests
        self._waiting: list[Waiting] = []

    def redeem(self, nonce: bytes, seconds: float) -> Identity:
        """Return whom the nonce admits, within ``seconds``. Raises RefusedError."""
        try:
            waiting = Waiting(identity.nonce(nonce))
        except identity.IdentityError as error:
            raise RefusedError(str(error)) from None
        self._waiting.append(waiting)
        if self._free:
            self._free -= 1
            gevent.spawn(self._work)
        return self._read(self._await(waiting, seconds))

    def _await(self, waiting: Waiting, seconds: float) -> dict[str, Any]:
        try:
            return waiting.result.get(timeout=seconds) or {}
        except gevent.Timeout:
            raise RefusedError("auth took too long") from None

    def _read(self, payload: dict[str, Any]) -> Identity:
        if payload.get("status") != 0:
            raise RefusedError("auth refused the nonce")
        try:
            return identity.read(payload)
        except identity.IdentityError as error:
            raise RefusedError(f"payload of a nonce: {error}") from None

    def _work(self) -> None:
        try:
            while batch := self._take():
                self._ask(batch)
        finally:
            self._free += 1

    def _take(self) -> dict[str, Waiting]:
        """Take nonces for one request, each once: a second client with the same nonce is asked about separately."""
        batch: dict[str, Waiting] = {}
        left: list[Waiting] = []
        for waiting in self._waiting:
            if len(batch) < self._batch and waiting.nonce not in batch:
                batch[waiting.nonce] = waiting
            else:
                left.append(waiting)
        self._waiting = left
        return batch

    def _ask(self, batch: dict[str, Waiting]) -> None:
        answers: dict[str, Any] = {}
        try:
            answers = self._auth.post(PATH, {"keys": list(batch)}, idempotent=False)
        except ServiceUnavailableError as error:
            log.warning("nonces not redeemed", extra={"count": len(batch), "detail": str(error)})
        except Exception:  # those who come next are asked about all the same
            log.exception("nonces not redeemed", extra={"count": len(batch)})
        finally:  # those who wait hear of it, whatever happened
            for nonce, waiting in batch.items():
                answer = answers.get(nonce)
                waiting.result.set(answer if isinstance(answer, dict) else {})
