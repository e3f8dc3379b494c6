"""What the client keeps between calls: the tokens and the world, in a file that only its owner can read."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TOKEN_FUNCTIONS = frozenset({"register", "login_unique", "login"})
ACCOUNT_FUNCTIONS = frozenset({"enter_world", "get_account_world_info"})


@dataclass
class State:
    """Tokens: of the account, and of a session in each world."""

    world: str = "s0"
    account: str = ""
    sessions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "State":
        """Read the file, or begin anew where there is none."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self, path: Path) -> None:
        """Write the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)

    def token(self, function: str) -> str:
        """Return the token that ``function`` wants; empty if there is none yet."""
        if function in TOKEN_FUNCTIONS:
            return ""
        session = self.sessions.get(self.world, "")
        return self.account if function in ACCOUNT_FUNCTIONS or not session else session

    def learn(self, function: str, answer: Any) -> None:
        """Take the tokens out of an answer."""
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            return
        if function in TOKEN_FUNCTIONS and "token" in data:
            self.account, self.sessions = data["token"], {}
        elif function == "enter_world" and "session" in data:
            self.sessions[self.world] = data["session"]
