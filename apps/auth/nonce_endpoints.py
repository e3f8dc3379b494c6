"""``/register_nonce`` and ``/redeem_nonce``: from the fields of a request to an answer."""

from typing import Any

from flask import Flask, Response

from apps.auth import inputs
from apps.auth.nonces import Nonces
from common.http_service import reply
from common.metrics import Counter

REGISTERED = Counter("auth_nonces_registered_total", "Nonces registered, by what came out", ["outcome"])
REDEEMED = Counter("auth_nonces_redeemed_total", "Nonces redeemed, by what came out", ["outcome"])

NONCE_CHARACTERS = 200


class NonceEndpoints:
    """Registers and redeems nonces."""

    def __init__(self, nonces: Nonces, *, seconds: int, seconds_max: int, payload_bytes: int, batch: int) -> None:
        """``seconds`` is how long a nonce is valid when its registration does not say."""
        self._nonces = nonces
        self._seconds = seconds
        self._seconds_max = seconds_max
        self._payload_bytes = payload_bytes
        self._batch = batch

    def add_to(self, app: Flask) -> None:
        app.add_url_rule("/register_nonce", view_func=self.register_nonce, methods=["POST"])
        app.add_url_rule("/redeem_nonce", view_func=self.redeem_nonce, methods=["POST"])

    def register_nonce(self) -> Response:
        """``{nonce, payload, ttl?}`` to status 0, or to status 1 if the nonce exists."""
        fields = inputs.of_request()
        nonce = inputs.text(fields, "nonce", NONCE_CHARACTERS)
        payload = inputs.json_object(fields, "payload", self._payload_bytes)
        new = self._nonces.register(nonce, payload, self._ttl(fields))
        REGISTERED.labels("new" if new else "exists").inc()
        return reply({"status": 0 if new else 1})

    def redeem_nonce(self) -> Response:
        """``{keys}`` to, for each key, status 0 and the payload, or status 1."""
        nonces = inputs.texts(inputs.of_request(), "keys", self._batch)
        payloads = self._nonces.redeem(nonces)
        return reply({nonce: _redeemed(payload) for nonce, payload in zip(nonces, payloads, strict=True)})

    def _ttl(self, fields: inputs.Fields) -> int:
        if fields.get("ttl") is None:
            return self._seconds
        return inputs.whole_number(fields, "ttl", 1, self._seconds_max)


def _redeemed(payload: dict[str, Any] | None) -> dict[str, Any]:
    REDEEMED.labels("unknown" if payload is None else "redeemed").inc()
    return {"status": 1} if payload is None else payload | {"status": 0}  # a status in the payload counts for nothing
