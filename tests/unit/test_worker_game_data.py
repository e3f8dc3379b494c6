"""The copy of the game data: whole, whoever else writes it, and never the end of a worker."""

from pathlib import Path
from typing import Any

import gevent
import pytest

from apps.worker.game_data import GameData, NoGameDataError
from apps.worker.game_data_copies import FileCopy, write_whole
from common.http_client import JsonClient, Reply, ServiceUnavailableError


class Config(JsonClient):
    """A config service that answers what it is told."""

    def __init__(self, *replies: Reply | None) -> None:
        super().__init__("config", ["http://127.0.0.1:1"], timeout=1, connections=1)
        self._replies = list(replies)

    def get(self, path: str, etag: str | None = None) -> Reply:
        reply = self._replies.pop(0)
        if reply is None:
            raise ServiceUnavailableError("config", "away")
        return reply


def game_data(config: Config, *copies: Path) -> GameData:
    return GameData(config, 60, [FileCopy(path) for path in copies], keep_seconds=60)


def version(etag: str, **files: Any) -> Reply:
    return Reply(200, etag, files)


def test_many_may_write_the_copy_at_once(tmp_path: Path) -> None:
    path, content = tmp_path / "copy.json", b"x" * 100_000
    for job in [gevent.get_hub().threadpool.spawn(write_whole, path, content) for _ in range(8)]:
        job.get()
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["copy.json"]


def test_a_copy_that_cannot_be_written_is_no_reason_to_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    data = game_data(Config(version("1", a=1)), tmp_path / "file" / "copy.json")
    data.refresh()
    assert data.current == {"a": 1}


def test_the_last_good_version_stays_when_config_is_away(tmp_path: Path) -> None:
    data = game_data(Config(version("1", a=1), None, Reply(304, "1", None), version("2", a=2)))
    seen = []
    for _ in range(4):
        data.refresh()
        seen.append(data.current["a"])
    assert seen == [1, 1, 1, 2]


def test_a_start_without_config_takes_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "copy.json"
    game_data(Config(version("1", a=1)), path).refresh()
    later = game_data(Config(None), path)
    later.start()
    later.stop()
    assert later.current == {"a": 1}


def test_the_first_good_copy_is_taken(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("none", "broken", "good", "other")]
    for path, content in zip(paths[1:], (b"{half", b'{"a":1}', b'{"a":2}'), strict=True):
        path.write_bytes(content)
    data = game_data(Config(None), *paths)
    data.look()
    assert data.current == {"a": 1}


def test_a_copy_that_got_lost_is_made_again(tmp_path: Path) -> None:
    path, same = tmp_path / "copy.json", Reply(304, "1", None)
    data = GameData(Config(version("1", a=1), same, same), 60, [FileCopy(path)], keep_seconds=0)
    data.refresh()
    path.unlink()
    data.refresh()
    assert path.read_bytes() == b'{"a":1}'


@pytest.mark.parametrize("content", [None, b"", b"{half", b"[]"])
def test_without_config_and_without_a_good_copy_there_is_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "copy.json"
    if content is not None:
        path.write_bytes(content)
    data = game_data(Config(None), path)
    data.start()
    data.stop()
    with pytest.raises(NoGameDataError):
        _ = data.current
