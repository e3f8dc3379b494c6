"""Requests under ids, and their answers to the byte."""

import json
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any

import gevent

from apps.client.player import Player
from common.lines import LineReader
from tests.support.game import WORLD, Game

LIMIT = 1024 * 1024
SECONDS = 30.0
AT_ONCE = 4


@dataclass
class Asker:
    """Somebody who asks, and what with."""

    player: Player
    fields: dict[str, Any]
    known: dict[str, Any] = field(default_factory=dict)
    """Something that was needed before."""

    def line(self, function: str, request_id: str) -> bytes:
        """Return a request line."""
        token = self.player.state.token(function)
        data = {**({"token": token} if token else {}), **self.fields}
        body = {"function": function, "world": WORLD, "data": data, "request_id": request_id}
        return json.dumps({key: value for key, value in body.items() if value}).encode() + b"\r\n"


def new_id() -> str:
    """Return a request id that nobody has used."""
    return secrets.token_hex(16)


def exchange(game: Game, line: bytes) -> bytes:
    """Send a line to a gate on a connection of its own; return the answer line."""
    host, _, port = game.endpoints["gate"].rpartition(":")
    with socket.create_connection((host, int(port)), SECONDS) as peer:
        peer.sendall(line)
        answer = LineReader(peer, LIMIT).read(SECONDS)
    assert answer is not None
    return answer


def repeat_at_once(game: Game, line: bytes) -> list[bytes]:
    """Send a line several times at the same time; return all answers."""
    asking = [gevent.spawn(exchange, game, line) for _ in range(AT_ONCE)]
    gevent.joinall(asking, raise_error=True)
    return [one.get() for one in asking]


def token_of(answer: bytes, field_name: str = "token") -> str:
    """Return the token in an answer."""
    return str(json.loads(answer)["data"][field_name])
