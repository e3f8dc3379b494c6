"""What becomes of names and texts of players with unwanted words, before anybody else sees them."""

from enum import Enum
from typing import Protocol

from apps.worker.fields import FieldError
from apps.worker.rules import names
from common.metrics import Counter
from common.word_filter import WordFilter

RULED = Counter("worker_texts_moderated_total", "Names and texts that were refused or masked", ["ruling"])


class Mode(Enum):
    """What happens to a text with an unwanted word."""

    MASK = "mask"
    REFUSE = "refuse"
    OFF = "off"


class Lists(Protocol):
    """Has the filter of the moment."""

    filter: WordFilter


class Wording:
    """Judges what players write."""

    def __init__(self, lists: Lists, mode: Mode) -> None:
        self._lists = lists
        self._mode = mode

    def allows(self, name: str) -> bool:
        """Whether a player or a family may have this name; one with an unwanted word is refused in any mode but OFF."""
        if not names.is_name(name):
            return False
        if self._mode is Mode.OFF or not self._lists.filter.finds(name):
            return True
        RULED.labels("refused").inc()
        return False

    def clean(self, field: str, text: str) -> str:
        """Return a text as others may see it, of the same length. Raises FieldError for one that is refused."""
        if self._mode is Mode.OFF or not self._lists.filter.finds(text):
            return text
        if self._mode is Mode.REFUSE:
            RULED.labels("refused").inc()
            raise FieldError(f"{field} holds an unwanted word")
        RULED.labels("masked").inc()
        return self._lists.filter.mask(text)
