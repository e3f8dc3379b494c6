"""Finds unwanted words in a text, in a few passes however long the list is. Pure.

Case, width and other forms of the same character make no difference (NFKC, then case folding), nor do invisible
characters. Where a script separates words, only whole words count, so that no harmless word is hit for what it
contains; scripts that write without spaces match anywhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

MASK = "*"
IGNORED = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
"""Characters that show nothing: hyphens that are none, joiners, marks of direction, variation selectors."""
WITHOUT_SPACES = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x10FFFF))
"""Thai and Lao, Burmese, Khmer, and from the CJK radicals on all of East Asia; emoji too."""

PIECE = 5000
"""Words that one automaton has. All threads of the process wait while one is built: 5 to 16 ms for so many words, but
250 ms for a list of 40,000, which so takes eight quick passes over a text instead of one."""

Span = tuple[int, int]
"""From a position to before another one."""


class WordFilter:
    """Knows a list of words."""

    def __init__(self, words: Iterable[str]) -> None:
        """An entry may hold spaces; what is empty after folding is left out."""
        folded = list(dict.fromkeys(word for word in map(fold, map(str.strip, words)) if word))
        self._automata = [AhoCorasick(folded[start:start + PIECE]) for start in range(0, len(folded), PIECE)]
        self._size = len(folded)

    def __len__(self) -> int:
        """Return how many different words there are."""
        return self._size

    def finds(self, text: str) -> bool:
        """Whether the text has one of the words."""
        return bool(self._spans(fold(text)))

    def mask(self, text: str) -> str:
        """Return the text with each character of a found word replaced by ``*``."""
        folded = fold(text)
        spans = self._spans(folded)
        if not spans:
            return text
        characters = list(text)
        for begin, end in spans if text.isascii() else _original(text, folded, spans):
            characters[begin:end] = MASK * (end - begin)
        return "".join(characters)

    def _spans(self, folded: str) -> list[Span]:
        return [(begin, end) for automaton in self._automata
                for _, begin, end in automaton.find_matches_as_indexes(folded, overlapping=True)
                if _stands_alone(folded, begin, end)]


def fold(text: str) -> str:
    """Return the form in which texts and words are compared."""
    if text.isascii():
        return text.lower()
    visible = IGNORED.sub("", text)
    return unicodedata.normalize("NFKC", visible).casefold()


def _stands_alone(folded: str, begin: int, end: int) -> bool:
    starts = begin == 0 or not _is_joined(folded[begin - 1], folded[begin])
    return starts and (end == len(folded) or not _is_joined(folded[end - 1], folded[end]))


def _is_joined(one: str, two: str) -> bool:
    """Whether two neighbours belong to one word of a script with spaces."""
    return _is_of_word(one) and _is_of_word(two)


@lru_cache(maxsize=4096)  # asked about a few characters again and again
def _is_of_word(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character)[0] in "LMN" and not any(low <= code <= top for low, top in WITHOUT_SPACES)


def _original(text: str, folded: str, spans: list[Span]) -> Iterator[Span]:
    """Return where the spans of the folded text lie in the text; all of it where that cannot be told."""
    places: list[Span] = []
    pieces = []
    for begin, end in _clusters(text):
        piece = fold(text[begin:end])
        pieces.append(piece)
        places += [(begin, end)] * len(piece)
    if "".join(pieces) != folded:
        yield 0, len(text)
        return
    for begin, end in spans:
        yield places[begin][0], places[end - 1][1]


def _clusters(text: str) -> Iterator[Span]:
    """Cut a text before each character that can begin something, so that a mark stays with its letter."""
    begin = 0
    for position in range(1, len(text)):
        character = text[position]
        if not IGNORED.match(character) and not unicodedata.category(character).startswith("M"):
            yield begin, position
            begin = position
    if text:
        yield begin, len(text)
