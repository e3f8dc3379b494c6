"""One player: a gate and the tokens that belong together."""

from typing import Any

from apps.client.gate import Gate
from apps.client.state import State


class Player:
    """Calls functions with the right token, and keeps the tokens that come back."""

    def __init__(self, gate: Gate, state: State | None = None) -> None:
        self._gate = gate
        self.state = state or State()

    def call(self, function: str, request_id: str | None = None, **data: Any) -> Any:
        """Return the answer of a function."""
        token = self.state.token(function)
        if token and "token" not in data:
            data["token"] = token
        answer = self._gate.call(function, data, self.state.world, request_id)
        self.state.learn(function, answer)
        return answer
