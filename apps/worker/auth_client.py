"""What the worker asks of auth."""

import logging
from collections.abc import Callable
from typing import Any

from common.http_client import JsonClient, ServiceUnavailableError
from common.metrics import Counter

log = logging.getLogger(__name__)

RETRIED = Counter("worker_tickets_retried_total", "Chat tickets that were given up for new ones, as auth was silent")

OK, EXISTS = 0, 1
TICKET_TRIES = 4


class TicketRefusedError(Exception):
    """Auth does not take what a ticket is to be worth."""


class AuthClient:
    """Tokens and tickets. Every method raises ServiceUnavailableError when auth cannot be asked."""

    def __init__(self, http: JsonClient, tickets: JsonClient) -> None:
        """``tickets`` registers tickets; its time limit is that of one try, of which there are a few."""
        self._http = http
        self._tickets = tickets

    def issue_account_token(self, account: str) -> str:
        """Return a new token of an account; it ends the one before."""
        return self._issue({"uid": account, "kind": "account"})

    def issue_session_token(self, account: str, world: str) -> str:
        """Return a new token of an account in one world; it ends the one before in that world."""
        claims = {"account": account, "world": world}
        return self._issue({"uid": f"{account}-{world}", "kind": "session", "claims": claims})

    def validate(self, token: str) -> dict[str, Any] | None:
        """Return what a live token says, or None."""
        answer = self._http.post("/validate_token", {"token": token}, idempotent=True)
        data: dict[str, Any] | None = answer["data"] if answer["status"] == OK else None
        return data

    def register_ticket(self, draw: Callable[[], str], payload: dict[str, Any], seconds: int) -> str:
        """Return a ticket that is worth ``payload``, once, for ``seconds``. ``draw`` makes tickets by chance.

        Each try has a ticket of its own: one that auth did not answer for may be registered yet, long after it was
        given up, and nobody must be able to use it a second time then. The next try asks another address first, because
        this one has just failed. Raises TicketRefusedError.
        """
        for left in reversed(range(TICKET_TRIES)):
            ticket = draw()
            try:
                if self._register(ticket, payload, seconds):
                    return ticket
            except ServiceUnavailableError as error:
                if not left:
                    raise
                log.info("another ticket is tried", extra={"reason": error.reason})
            RETRIED.inc()
        raise TicketRefusedError("tickets are not drawn by chance")

    def probe(self) -> str:
        """Return a sign of life."""
        return self._http.probe()

    def _register(self, ticket: str, payload: dict[str, Any], seconds: int) -> bool:
        """Return whether the ticket is registered now; False when it was before."""
        answer = self._tickets.post("/register_nonce", {"nonce": ticket, "payload": payload, "ttl": seconds})
        if answer["status"] not in (OK, EXISTS):
            raise TicketRefusedError(f"auth answered {answer['status']}: {answer.get('message', '')}")
        return bool(answer["status"] == OK)

    def _issue(self, body: dict[str, Any]) -> str:
        # Repeating is harmless: the token of the first try is replaced before anybody has seen it.
        return str(self._http.post("/issue_token", body, idempotent=True)["token"])
