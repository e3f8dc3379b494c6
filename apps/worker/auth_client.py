"""What the worker asks of auth."""

from typing import Any

from common.http_client import JsonClient

OK = 0


class NonceExistsError(Exception):
    """The nonce was registered before."""


class AuthClient:
    """Tokens and nonces. Every method raises ServiceUnavailableError when auth cannot be asked."""

    def __init__(self, http: JsonClient) -> None:
        self._http = http

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

    def register_nonce(self, nonce: str, payload: dict[str, Any], seconds: int) -> None:
        """Make ``nonce`` worth ``payload``, once, for ``seconds``. Raises NonceExistsError."""
        answer = self._http.post("/register_nonce", {"nonce": nonce, "payload": payload, "ttl": seconds})
        if answer["status"] != OK:
            raise NonceExistsError

    def probe(self) -> str:
        """Return a sign of life."""
        return self._http.probe()

    def _issue(self, body: dict[str, Any]) -> str:
        # Repeating is harmless: the token of the first try is replaced before anybody has seen it.
        return str(self._http.post("/issue_token", body, idempotent=True)["token"])
