"""The corpus of lines for single functions, ``tests/e2e/lines/functions``: what a file says, one case after the other.

A file is named after its function. A line is the statuses that the answer may have, a tab, and what a client sends; one
that begins with ``#`` is a comment. ``{{word}}`` in it stands for something that only a running system knows:
a token, a name, a key (see ``tests.support.cast``), and

- ``{{long 65}}`` for a text of so many characters,
- ``{{texts 51}}`` for so many different texts with commas between, to be put into an array,
- ``{{forbidden}}`` for each character that names may not have: the line is as many cases as there are such characters.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "e2e" / "lines" / "functions"
PLACEHOLDER = re.compile(r"\{\{([a-z_]+)(?: ([0-9]+))?\}\}")
FORBIDDEN = "{{forbidden}}"
FORBIDDEN_CHARACTERS = [
    *(chr(code) for code in range(32, 127) if not re.fullmatch("[A-Za-z0-9_]", chr(code))),
    *"\x01\t\n\r\x1b\x7f\x80\u0085\xa0éßÅ\u0301\u0660\u200b\u202e\u2028\ufeff\uff21\u3000\u4dff\u9fa6가あ💎",
]


@dataclass(frozen=True)
class Case:
    """One line that a client sends; ``statuses`` are those that the answer may have."""

    name: str
    function: str
    statuses: frozenset[int]
    line: str

    @property
    def is_served(self) -> bool:
        """Whether it may change something."""
        return 0 in self.statuses

    def filled(self, value: Callable[[str], str]) -> bytes:
        """Return what is sent, with what ``value`` gives for each word."""
        def text(match: "re.Match[str]") -> str:
            word, number = match.groups()
            if word == "long":
                return "x" * int(number)
            if word == "texts":
                return ", ".join(f'"t{count}"' for count in range(int(number)))
            return value(word)

        return PLACEHOLDER.sub(text, self.line).encode()


def read(folder: Path = FOLDER) -> Iterator[Case]:
    """Yield the cases of all files."""
    for path in sorted(folder.glob("*.lines")):
        for number, text in enumerate(path.read_text("utf-8").rstrip("\n").split("\n"), 1):
            if not text.startswith("#"):
                yield from _cases(path.stem, number, text)


def _cases(function: str, number: int, text: str) -> Iterator[Case]:
    status, _, line = text.partition("\t")
    statuses = frozenset(map(int, status.split("|")))
    if FORBIDDEN not in line:
        yield Case(f"{function}-{number}", function, statuses, line)
        return
    for character in FORBIDDEN_CHARACTERS:
        name = unicodedata.name(character, f"U+{ord(character):04X}").lower().replace(" ", "_")
        yield Case(f"{function}-{number}-{name}", function, statuses,
                   line.replace(FORBIDDEN, json.dumps(character)[1:-1]))
