"""``/issue_token`` and ``/validate_token``: from the fields of a request to an answer."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Flask, Response

from apps.auth import inputs
from apps.auth.live_tokens import LiveTokens
from apps.auth.tokens import KINDS, UID, Token, TokenCodec, TokenError
from common.http_service import reply
from common.metrics import Counter

ISSUED = Counter("auth_tokens_issued_total", "Tokens issued", ["kind"])
VALIDATED = Counter("auth_tokens_validated_total", "Tokens validated, by what came out", ["outcome"])
LIVE = VALIDATED.labels("live")
SUPERSEDED = VALIDATED.labels("superseded")

REFUSED = {"status": 1}


class TokenEndpoints:
    """Issues and validates tokens."""

    def __init__(self, codec: TokenCodec, live_tokens: LiveTokens, clock: Callable[[], float],
                 seconds: Mapping[str, int], claims_bytes: int) -> None:
        """``clock`` gives seconds since 1970; ``seconds`` is how long a token of each kind is valid."""
        self._codec = codec
        self._live_tokens = live_tokens
        self._clock = clock
        self._seconds = seconds
        self._claims_bytes = claims_bytes

    def add_to(self, app: Flask) -> None:
        app.add_url_rule("/issue_token", view_func=self.issue_token, methods=["POST"])
        app.add_url_rule("/validate_token", view_func=self.validate_token, methods=["POST"])

    def issue_token(self) -> Response:
        """``{uid, kind?, claims?}`` to ``{token}``; the token that the player had before is live no more."""
        fields = inputs.of_request()
        uid, kind, claims = _uid(fields), _kind(fields), self._claims(fields)
        now = int(self._clock())
        seconds = self._seconds[kind]
        token_id = self._live_tokens.begin(kind, uid, seconds)
        token = Token(uid=uid, kind=kind, claims=claims, iat=now, exp=now + seconds, jti=token_id)
        ISSUED.labels(kind).inc()
        return reply({"token": self._codec.sign(token)})

    def validate_token(self) -> Response:
        """``{token}`` to status 0 and what it says, or to status 1."""
        text = inputs.text(inputs.of_request(), "token")
        now = self._clock()
        try:
            token = self._codec.read(text, now)
        except TokenError as error:
            VALIDATED.labels(error.reason).inc()
            return reply(REFUSED)
        if not self._live_tokens.is_live(token, now):
            SUPERSEDED.inc()
            return reply(REFUSED)
        LIVE.inc()
        return reply({"status": 0, "data": _data(token)})

    def _claims(self, fields: inputs.Fields) -> dict[str, Any]:
        if fields.get("claims") is None:
            return {}
        claims: dict[str, Any] = orjson.loads(inputs.json_object(fields, "claims", self._claims_bytes))
        return claims


def _data(token: Token) -> dict[str, object]:
    return {"uid": token.uid, "kind": token.kind, "claims": token.claims, "jti": token.jti, "exp": token.exp}


def _uid(fields: inputs.Fields) -> str:
    uid = inputs.text(fields, "uid")
    if not UID.fullmatch(uid):
        raise inputs.BadInputError("uid must be 1 to 64 of A-Z a-z 0-9 _ -")
    return uid


def _kind(fields: inputs.Fields) -> str:
    if fields.get("kind") is None:
        return KINDS[0]
    kind = inputs.text(fields, "kind")
    if kind not in KINDS:
        raise inputs.BadInputError(f"kind must be one of {', '.join(KINDS)}")
    return kind
