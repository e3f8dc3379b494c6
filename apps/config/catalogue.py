"""The game data of one version, checked and encoded once, so that a poll costs no more than a look-up."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from apps.config.checks import RESERVED, VERSIONS, Checker, Files, data_files, folders, stem
from apps.config.files import JsonFiles, Signatures
from apps.config.problems import Problem

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
"""A version names a folder, so it may not be a path."""


@dataclass(frozen=True)
class Document:
    """An encoded JSON document and the ETag of exactly these bytes: equal on every replica, whatever its age."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Catalogue:
    """All that the service hands out, of one version and consistent in itself."""

    version: str
    files: Mapping[str, Document]
    """By file name without ending."""
    everything: Document
    """All files by name, and under ``version`` the versions of game data, server and client."""
    world_map: Document
    server_version: Document
    client_version: Document


@dataclass(frozen=True)
class Outcome:
    """What a look at the files gave: a catalogue, or the problems that keep them from being one."""

    catalogue: Catalogue | None
    problems: tuple[Problem, ...] = ()


class Loader:
    """Looks at the folder of the game data. Each look sees all files of one version, or none."""

    def __init__(self, root: Path, version: str, size_limit: int) -> None:
        """``version`` empty: the one that versions.json names. ``size_limit``: largest file, in bytes."""
        self._version = version
        self._top = JsonFiles(root, size_limit)
        self._data = JsonFiles(root, size_limit)
        self._checker = Checker()
        self._seen: Signatures | None = None

    def load(self) -> Outcome | None:
        """Return what the files on disk give; None when they are as they were, or are being written just now."""
        top = self._top.scan(["."])
        named = self._top.read(top)
        version = self._version or _named_version(named)
        if not VERSION.fullmatch(version):
            return Outcome(None, (_no_version(named, version),))
        data = self._data.scan(folders(version))
        if top | data == self._seen:
            return None
        files = named | self._data.read(data)
        if self._top.scan(["."]) | self._data.scan(folders(version)) != top | data:
            return None
        self._seen = top | data if self._top.settled and self._data.settled else None
        problems = self._checker.check(files, version)
        return Outcome(None, tuple(problems)) if problems else Outcome(build(files, version))


def build(files: Files, version: str) -> Catalogue:
    """Encode checked files."""
    contents = {stem(name): files[name].content for name in data_files(files, version)}
    versions = files[VERSIONS].content | {"game": version}
    return Catalogue(
        version=version,
        files={name: document(content) for name, content in contents.items()},
        everything=document(contents | {RESERVED: versions}),
        world_map=document({"worlds": contents["world"]["worlds"]}),
        server_version=document({"version": versions["server"]}),
        client_version=document({"version": versions["client"]}),
    )


def document(content: object) -> Document:
    """Encode ``content``, which is known to be JSON."""
    body = orjson.dumps(content)
    return Document(body, hashlib.sha256(body).hexdigest()[:32])


def _no_version(files: Files, version: str) -> Problem:
    if VERSIONS not in files:
        return Problem(VERSIONS, "", "is missing")
    return Problem(VERSIONS, "", files[VERSIONS].fault or f"no version to serve is named, but {version!r}")


def _named_version(files: Files) -> str:
    content = files[VERSIONS].content if VERSIONS in files else None
    version = content.get("game") if isinstance(content, dict) else None
    return version if isinstance(version, str) else ""
