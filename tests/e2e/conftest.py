"""The running system that end-to-end tests share. Each test uses players of its own."""

from typing import Any

import pytest

from tests.support.game import Game
from tests.support.local_system import LocalSystem


@pytest.fixture(scope="session")
def game(local_system: LocalSystem, system: dict[str, Any]) -> Game:
    """The system as clients see it, with the device that the corpus of lines uses."""
    running = Game({**system, "codes": str(local_system.data / "codes.txt")})
    running.gate.call("login_unique", {"unique_id": "corpus"})
    return running
