"""Checks a whole version of the game data: readable, complete, sound by schema, sound by the rules."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from apps.config import rules
from apps.config.files import JsonFile, Signatures
from apps.config.problems import Problem
from apps.config.schemas import Schemas

VERSIONS = "versions.json"
ENDING = ".json"
SCHEMA_ENDING = ".schema.json"
RESERVED = "version"
"""The name by which the versions themselves stand among the files."""
SIDES = ("server", "client")
NEEDED = ("server/world.json",)
"""Files that the service itself reads; all others are needed because they have a schema."""

Files = dict[str, JsonFile]


def folders(version: str) -> list[str]:
    """Return the folders of a version that hold files."""
    return [f"{version}/{part}" for part in (*SIDES, "schemas", *(f"schemas/{side}" for side in SIDES))]


def stem(name: str) -> str:
    """Return the name by which a file is asked for: ``1.0/server/world.json`` is ``world``."""
    return PurePosixPath(name).stem


def data_files(files: Files, version: str) -> list[str]:
    """Return the names of the files that are served."""
    return [name for side in SIDES for name in files if name.startswith(f"{version}/{side}/")]


class Checker:
    """Remembers what it found in a file until the file or a schema changes."""

    def __init__(self) -> None:
        self._signatures: Signatures = {}
        self._schemas = Schemas({})
        self._unsound: list[Problem] = []
        self._found: dict[str, tuple[JsonFile, list[Problem]]] = {}

    def check(self, files: Files, version: str) -> list[Problem]:
        """Return all problems of ``version`` among ``files``, which are named as in the folder of the game data."""
        faults = [Problem(name, "", file.fault) for name, file in files.items() if file.fault]
        self._take_schemas({name: file for name, file in files.items() if name.endswith(SCHEMA_ENDING)})
        if self._unsound:
            return faults + self._unsound
        missing = [*_missing(files, version), *_twice(data_files(files, version))]
        found = self._by_schema(files, version)
        return sorted({*faults, *missing, *found, *_by_rules(files, version, {problem.file for problem in found})})

    def _take_schemas(self, schemas: Files) -> None:
        signatures = {name: file.signature for name, file in schemas.items()}
        if signatures == self._signatures:
            return
        self._signatures = signatures
        self._schemas = Schemas({name: file.content for name, file in schemas.items() if not file.fault})
        self._unsound = self._schemas.faults()
        self._found = {}

    def _by_schema(self, files: Files, version: str) -> list[Problem]:
        names = [VERSIONS, *data_files(files, version)]
        ready = [name for name in names if _is_sound(files, name) and _is_sound(files, schema_of(name, version))]
        for name in ready:
            if name not in self._found or self._found[name][0] is not files[name]:
                told = self._schemas.problems(schema_of(name, version), name, files[name].content)
                self._found[name] = (files[name], told)
        return [problem for name in ready for problem in self._found[name][1]]


def schema_of(name: str, version: str) -> str:
    """Return the name of a file's schema: ``1.0/server/x.json`` has ``1.0/schemas/server/x.schema.json``."""
    ended = name.removesuffix(ENDING) + SCHEMA_ENDING
    return ended if name == VERSIONS else ended.replace(f"{version}/", f"{version}/schemas/", 1)


def _is_sound(files: Files, name: str) -> bool:
    return name in files and not files[name].fault


def _missing(files: Files, version: str) -> Iterator[Problem]:
    data = data_files(files, version)
    needed = {f"{version}/{name}" for name in NEEDED} | {VERSIONS}
    for side in SIDES:
        prefix = f"{version}/schemas/{side}/"
        needed |= {f"{version}/{side}/{name.removeprefix(prefix).removesuffix(SCHEMA_ENDING)}{ENDING}"
                   for name in files if name.startswith(prefix) and name.endswith(SCHEMA_ENDING)}
    for name in sorted(needed - set(files)):
        yield Problem(name, "", "is missing")
    for name in (VERSIONS, *data):
        if schema_of(name, version) not in files:
            yield Problem(name, "", f"has no schema: {schema_of(name, version)} is missing")


def _twice(data: list[str]) -> Iterator[Problem]:
    seen = {RESERVED: VERSIONS}
    for name in data:
        if stem(name) in seen:
            yield Problem(name, "", f"takes the name of {seen[stem(name)]}")
        seen[stem(name)] = name


def _by_rules(files: Files, version: str, unsound: set[str]) -> list[Problem]:
    sound = [name for name in data_files(files, version)
             if name not in unsound and _is_sound(files, name) and schema_of(name, version) in files]
    contents: dict[str, Any] = {stem(name): files[name].content for name in sound}
    return rules.problems(contents, {stem(name): name for name in sound})
