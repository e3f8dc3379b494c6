"""What clients ask: a scenario file becomes lines that are ready to be sent. Pure but for reading the file.

A file has a ``title``, ``keep_alive`` (or not), and ``[[request]]`` tables: ``function``, ``weight``, ``request_id``
(true for writes) and ``data``, whose texts may hold ``{number}`` and ``{receiver}``.
"""

import itertools
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("scenarios")
REQUEST_ID = "@REQUEST-ID@"
"""Stands in a line where the client writes an id that it has never used."""


class Account(NamedTuple):
    """Somebody who asks."""

    name: str
    token: str


@dataclass(frozen=True)
class Template:
    """One kind of request."""

    function: str
    weight: int = 1
    request_id: bool = False
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Scenario:
    """Requests and how often each comes."""

    title: str
    keep_alive: bool
    templates: Sequence[Template]

    def lines(self, accounts: Sequence[Account], receivers: Iterable[str], count: int, random: Random) -> list[str]:
        """Return ``count`` lines of accounts taken in turn; ``receivers`` are taken in turn too."""
        takers, weights = itertools.cycle(receivers), [template.weight for template in self.templates]
        chosen = random.choices(self.templates, weights, k=count)
        return [self._line(template, account, takers, random)
                for template, account in zip(chosen, itertools.cycle(accounts), strict=False)]

    def _line(self, template: Template, account: Account, takers: Iterable[str], random: Random) -> str:
        data = _filled(template.data or {}, iter(takers), random)
        line: dict[str, Any] = {"function": template.function, "world": "s0", "data": {"token": account.token, **data}}
        if template.request_id:
            line["request_id"] = REQUEST_ID
        if self.keep_alive:
            line["keep_alive"] = True
        return json.dumps(line, separators=(",", ":"))


def load(name: str) -> Scenario:
    """Read ``scenarios/NAME.toml``, or the file that ``name`` is the path of."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    return parse(path.read_text())


def parse(text: str) -> Scenario:
    """Read the content of a scenario file. Raises ValueError and TypeError for what it must not hold."""
    content = tomllib.loads(text)
    templates = [Template(**table) for table in content.get("request", [])]
    if not templates:
        raise ValueError("a scenario needs a [[request]]")
    return Scenario(content["title"], content.get("keep_alive", False), templates)


def _filled(value: Any, takers: Any, random: Random) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item, takers, random) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, takers, random) for item in value]
    if not isinstance(value, str):
        return value
    if "{receiver}" in value:
        value = value.replace("{receiver}", next(takers))
    return value.replace("{number}", str(random.randrange(1_000_000)))
