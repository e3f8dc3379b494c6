"""The HTTP interface of the config service."""

from collections.abc import Callable
from typing import Protocol

from flask import Flask, Response, request

from apps.config.catalogue import Catalogue, Document
from common.health import Health
from common.http_service import HttpServiceSettings, equip, reply
from common.ops import JSON


class Source(Protocol):
    """Where the catalogue comes from; None before there is a good one."""

    @property
    def catalogue(self) -> Catalogue | None: ...


def create_app(settings: HttpServiceSettings, health: Health, source: Source) -> Flask:
    """Return the app. All answers are read-only JSON with an ETag; 503 while there is no game data."""
    app = Flask(__name__, static_folder=None)

    @app.get("/get_game_manager_config")
    def get_game_manager_config() -> Response:
        return _answer(source, lambda catalogue: catalogue.everything)

    @app.get("/get_server_version")
    def get_server_version() -> Response:
        return _answer(source, lambda catalogue: catalogue.server_version)

    @app.get("/get_client_version")
    def get_client_version() -> Response:
        return _answer(source, lambda catalogue: catalogue.client_version)

    @app.get("/get_world_map")
    def get_world_map() -> Response:
        return _answer(source, lambda catalogue: catalogue.world_map)

    @app.get("/config/<name>")
    def config(name: str) -> Response:
        return _answer(source, lambda catalogue: catalogue.files.get(name))

    return equip(app, health, settings)


def _answer(source: Source, pick: Callable[[Catalogue], Document | None]) -> Response:
    catalogue = source.catalogue
    if catalogue is None:
        return reply({"status": -1, "message": "there is no game data yet"}, 503)
    document = pick(catalogue)
    if document is None:
        return reply({"status": -1, "message": "no such configuration"}, 404)
    return _conditional(document)


def _conditional(document: Document) -> Response:
    """Answer 304 without a body when the client already has exactly this document."""
    known = request.if_none_match.contains(document.etag)
    response = Response(status=304) if known else Response(document.body, content_type=JSON)
    response.set_etag(document.etag)
    response.headers["Cache-Control"] = "no-cache"
    return response
