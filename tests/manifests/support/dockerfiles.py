"""Reads our Dockerfiles: one instruction a line, after joining continued lines."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property

from apps.local.processes import ROOT

FOLDER = ROOT / "Dockerfiles"
PORT_OF_CHECK = re.compile(r"http://127\.0\.0\.1:(\d+)/livez")


@dataclass(frozen=True)
class Dockerfile:
    """The Dockerfile of one program."""

    program: str

    @cached_property
    def instructions(self) -> list[tuple[str, str]]:
        """All instructions as (word, rest)."""
        text = (FOLDER / f"{self.program}.Dockerfile").read_text("utf-8")
        joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
        lines = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
        return [(word, rest) for word, rest in lines]

    @cached_property
    def stages(self) -> list[list[tuple[str, str]]]:
        """The instructions of each stage, its FROM first."""
        stages: list[list[tuple[str, str]]] = []
        for word, rest in self.instructions:
            if word == "FROM":
                stages.append([])
            if stages:
                stages[-1].append((word, rest))
        return stages

    def all(self, word: str, stage: int = -1) -> list[str]:
        """Return what stands after each ``word`` of a stage."""
        return [rest for name, rest in self.stages[stage] if name == word]

    def one(self, word: str) -> str:
        """Return what stands after the only ``word`` of the last stage."""
        (rest,) = self.all(word)
        return rest

    @property
    def copied(self) -> set[str]:
        """What comes from the repository."""
        return {path for stage in range(len(self.stages)) for rest in self.all("COPY", stage)
                if not rest.startswith("--from") for path in shlex.split(rest)[:-1]}

    @property
    def entry_point(self) -> list[str]:
        """The command of the image."""
        words = json.loads(self.one("ENTRYPOINT"))
        assert isinstance(words, list)
        return words

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the image."""
        return dict(word.split("=", 1) for rest in self.all("ENV") for word in shlex.split(rest))

    @property
    def checked_port(self) -> int:
        """The port that HEALTHCHECK asks."""
        found = PORT_OF_CHECK.search(self.one("HEALTHCHECK"))
        assert found, self.program
        return int(found[1])

    @property
    def exposed(self) -> set[int]:
        """The ports that the image names."""
        return {int(port) for rest in self.all("EXPOSE") for port in rest.split()}


def programs() -> list[str]:
    """Return the programs that have a Dockerfile."""
    return sorted(path.name.removesuffix(".Dockerfile") for path in FOLDER.glob("*.Dockerfile"))
