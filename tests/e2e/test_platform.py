"""What the platform answers to lines of any kind, from a corpus that anyone can add to, and how fast it gives up."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from common.lines import LineReader
from tests.support.game import Game, name_of

CORPUS = Path(__file__).parent / "lines"
LIMIT = 1024 * 1024


def exchange(game: Game, raw: bytes, *, end: bool = False) -> dict[str, Any] | None:
    """Send bytes to the gate; return its answer, or None when it closes without one."""
    host, _, port = game.endpoints["gate"].rpartition(":")
    with socket.create_connection((host, int(port)), 15) as peer:
        peer.sendall(raw)
        if end:
            peer.shutdown(socket.SHUT_WR)
        answer = LineReader(peer, LIMIT).read(15)
    return None if answer is None else dict(json.loads(answer))


def cases(folder: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted((CORPUS / folder).glob("*.line"))]


def expected(path: Path) -> int | None:
    """The status is the part of the name before the first underscore; ``close`` stands for no answer."""
    word = path.stem.split("_")[0]
    return None if word == "close" else int(word.replace("minus", "-"))


@pytest.mark.parametrize("path", cases("invalid") + cases("valid"))
def test_a_line_of_the_corpus(game: Game, path: Path) -> None:
    answer = exchange(game, path.read_bytes() + b"\r\n")
    assert (None if answer is None else answer["status"]) == expected(path), answer
    if answer is not None and answer["status"] in (10, 11, 12, -1, -2, -4, -5):
        assert "data" not in answer
    assert_still_serving(game)


def assert_still_serving(game: Game) -> None:
    """The next honest request works."""
    answer = exchange(game, b'{"function": "login_unique", "data": {"unique_id": "corpus"}}\r\n')
    assert answer is not None
    assert answer["status"] in (0, 1)


def test_a_very_long_line(game: Game) -> None:
    answer = exchange(game, b'{"function": "' + b"x" * 2_000_000 + b'"}\r\n')
    assert answer is None or answer["status"] == -4
    assert_still_serving(game)


def test_a_line_without_an_end(game: Game) -> None:
    assert exchange(game, b'{"function": "login"}', end=True) is None
    assert_still_serving(game)


def test_a_client_that_goes_away_harms_nobody(game: Game) -> None:
    host, _, port = game.endpoints["gate"].rpartition(":")
    for _ in range(20):
        peer = socket.create_connection((host, int(port)), 5)
        peer.sendall(b'{"function": "login_unique", "data": {"unique_id": "gone"}}\r\n')
        peer.close()
    assert_still_serving(game)


@pytest.mark.parametrize("token", ["x", "a.b.c", "", " ", "eyJhbGciOiJub25lIn0.eyJ1aWQiOiJ1MSJ9.", "é", "x" * 3000])
def test_forged_tokens(game: Game, token: str) -> None:
    body = {"function": "account_all_info", "data": {"token": token}}
    answer = exchange(game, json.dumps(body).encode() + b"\r\n")
    assert answer is not None
    assert answer["status"] == (11 if token else 12)


def test_a_token_with_a_changed_letter(game: Game) -> None:
    token = game.guest().state.account
    changed = token[:-4] + ("A" if token[-4] != "A" else "B") + token[-3:]
    answer = exchange(game, json.dumps({"function": "account_all_info", "data": {"token": changed}}).encode() + b"\r\n")
    assert answer == {"status": 11, "message": "token refused"}


def test_forged_answers_to_the_gate_reach_nobody(game: Game) -> None:
    [gate] = [process for process in game.endpoints["processes"] if process["name"] == "gate-0"]
    with socket.create_connection(("127.0.0.1", gate["ports"]["worker_port"]), 5) as peer:
        peer.sendall(b"0" * 32 + b'~{"status":0}\r\n' + b"garbage\r\n" + b"~\r\n" + b"\x00\xff~~\r\n")
        assert name_of(game.player())


def test_keep_alive_serves_again(game: Game) -> None:
    host, _, port = game.endpoints["gate"].rpartition(":")
    line = b'{"function": "login_unique", "keep_alive": true, "data": {"unique_id": "kept"}}\r\n'
    with socket.create_connection((host, int(port)), 15) as peer:
        reader = LineReader(peer, LIMIT)
        for _ in range(3):
            peer.sendall(line)
            answer = reader.read(15)
            assert answer is not None
            assert json.loads(answer)["status"] in (0, 1)
