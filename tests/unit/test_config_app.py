"""The HTTP interface: bodies, ETags, and what is answered when there is nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from apps.config.app import create_app
from apps.config.catalogue import Catalogue, Loader
from apps.config.settings import ConfigSettings
from common.health import Health
from tests.support.game_data_folder import GAME_DATA, GameDataFolder, content


@dataclass
class Shelf:
    """What the app serves; the test exchanges it."""

    catalogue: Catalogue | None


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    outcome = Loader(GAME_DATA, "", 10**7).load()
    assert outcome is not None
    assert outcome.catalogue is not None
    return outcome.catalogue


@pytest.fixture
def shelf(catalogue: Catalogue) -> Shelf:
    return Shelf(catalogue)


@pytest.fixture
def client(shelf: Shelf) -> Iterator[FlaskClient]:
    with create_app(ConfigSettings(), Health(), shelf).test_client() as client:
        yield client


def body(response: Response) -> Any:
    return orjson.loads(response.data)


NOTHING = {"status": -1, "message": "there is no game data yet"}
PATHS = ["/get_game_manager_config", "/get_server_version", "/get_client_version", "/get_world_map", "/config/world",
         "/config/monster_config"]


def test_bodies(client: FlaskClient) -> None:
    assert body(client.get("/get_game_manager_config"))["vip_config"] == content("server/vip_config")
    assert body(client.get("/get_server_version")) == {"version": "1.0"}
    assert body(client.get("/get_client_version")) == {"version": "1.0"}
    worlds = body(client.get("/get_world_map"))["worlds"]
    assert worlds[3] == {"status": 0, "id": "s3", "name": "world s3", "merge": "s3"}
    assert body(client.get("/config/stages")) == content("server/stages")


@pytest.mark.parametrize("path", PATHS)
def test_an_etag_saves_the_body(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    etag = first.headers["ETag"]
    assert (first.status_code, first.content_type) == (200, "application/json")
    assert etag.startswith('"')
    assert len(etag) == 34
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    among = client.get(path, headers={"If-None-Match": f'"another", {etag}'})
    assert among.status_code == 304
    other = client.get(path, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.data) == (200, first.data)
    head = client.head(path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", etag)


def test_a_poll_after_a_change_gets_the_new_body(client: FlaskClient, shelf: Shelf, tmp_path: Path) -> None:
    etag = client.get("/get_game_manager_config").headers["ETag"]
    unchanged = client.get("/config/world").headers["ETag"]
    folder = GameDataFolder(tmp_path)
    folder.set("server/task", ["login", "quantity"], 77)
    shelf.catalogue = folder.outcome().catalogue
    answer = client.get("/get_game_manager_config", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert body(answer)["task"]["login"]["quantity"] == 77
    assert client.get("/config/world", headers={"If-None-Match": unchanged}).status_code == 304


@pytest.mark.parametrize("name", ["nothing", "versions", "world.json", "..", "%2e%2e%2fversions", "server%2fworld",
                                  "..%2f..%2fversions.json", "__class__", "%00", "w%C3%B6rld"])
def test_a_name_is_never_a_path(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/config/{name}")
    assert answer.status_code == 404
    assert body(answer)["status"] == -1


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 404), ("GET", "/static/x", 404), ("POST", "/get_world_map", 405), ("GET", "/config/", 404),
])
def test_other_requests_get_json_errors(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert body(answer)["status"] == -1


@pytest.mark.parametrize("path", PATHS)
def test_without_game_data_the_answer_is_503(client: FlaskClient, shelf: Shelf, path: str) -> None:
    shelf.catalogue = None
    answer = client.get(path, headers={"If-None-Match": "*"})
    assert (answer.status_code, body(answer)) == (503, NOTHING)
