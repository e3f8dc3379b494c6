"""Reads JSON files from a folder, each again only when it changed on disk."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

Signature = tuple[int, int, int, int]
"""Inode, size, and times of the last change of content and of state: another one means that a file is another."""

Signatures = dict[str, Signature]

UNREAD: Signature = (0, 0, 0, 0)
"""Of a file that the system did not let us read: no file has it, so that the next look tries again."""


@dataclass(frozen=True)
class JsonFile:
    """A file as it was read: ``fault`` says why there is no ``content``."""

    signature: Signature
    content: Any = None
    fault: str = ""


class JsonFiles:
    """The JSON files under a root, named by their path inside it."""

    def __init__(self, root: Path, size_limit: int) -> None:
        """A file of more than ``size_limit`` bytes is a fault."""
        self._root = root
        self._size_limit = size_limit
        self._known: dict[str, JsonFile] = {}

    def scan(self, folders: Iterable[str]) -> Signatures:
        """Return the signatures of the JSON files right in ``folders``, sorted by name. Opens no file.

        Names that begin with a dot are left out: editors and mounted volumes keep their own things there.
        """
        names = [f"{folder}/{path.name}" for folder in folders for path in (self._root / folder).glob("[!.]*.json")]
        found: Signatures = {}
        for name in sorted(names):
            signature = self._signature(name)
            if signature is not None:
                found[name.removeprefix("./")] = signature
        return found

    def read(self, signatures: Signatures) -> dict[str, JsonFile]:
        """Return the files that ``scan`` found. Reads those of which it does not know this signature."""
        self._known = {name: self._file(name, signature) for name, signature in signatures.items()}
        return self._known

    @property
    def settled(self) -> bool:
        """Whether the last ``read`` could read every file, if only to find a fault in it."""
        return all(file.signature != UNREAD for file in self._known.values())

    def _file(self, name: str, signature: Signature) -> JsonFile:
        known = self._known.get(name)
        if known is not None and known.signature == signature:
            return known
        try:
            return JsonFile(signature, content=parse(self._bytes(name)))
        except OSError as error:
            return JsonFile(UNREAD, fault=f"cannot be read: {error.strerror}")
        except (ValueError, RecursionError) as error:
            return JsonFile(signature, fault=f"not JSON: {error}")

    def _bytes(self, name: str) -> bytes:
        with (self._root / name).open("rb") as file:
            body = file.read(self._size_limit + 1)
        if len(body) > self._size_limit:
            raise ValueError(f"it has more than {self._size_limit} bytes")
        return body

    def _signature(self, name: str) -> Signature | None:
        try:
            status = (self._root / name).stat()
        except FileNotFoundError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def parse(body: bytes) -> Any:
    """Parse JSON strictly. Raises ValueError, with line and column where there is one.

    A key that stands twice in an object is an error, because one of the two would silently be lost; so are numbers and
    texts that JSON itself cannot carry.
    """
    text = body.decode("utf-8-sig")
    content = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float)
    try:
        orjson.dumps(content)
    except orjson.JSONEncodeError as error:
        raise ValueError(str(error)) from None
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice)} stands twice in one object")
    return content


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
