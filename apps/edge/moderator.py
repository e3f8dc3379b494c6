"""Decides what becomes of a message: said as it is, said with words masked, or held back."""

from enum import Enum
from typing import NamedTuple, Protocol

from apps.edge import mutes
from apps.edge.identity import Identity
from apps.edge.mutes import Mutes
from common.metrics import Counter
from common.token_bucket import Rates
from common.word_filter import WordFilter

RULED = Counter("edge_messages_moderated_total", "Messages that were masked or held back", ["ruling"])


PRIVATE = "private"
"""Stands for the channels of all players together, where one of them speaks to others."""


class FilterMode(Enum):
    """What happens to a message with an unwanted word."""

    MASK = "mask"
    REFUSE = "refuse"
    OFF = "off"


class Reason(Enum):
    """Why a message is held back."""

    MUTED = "muted"
    TOO_MANY = "too many"
    WORDS = "words"
    UNKNOWN = "unknown"
    UNAVAILABLE = "unavailable"


class Ruling(NamedTuple):
    """What to say; ``text`` is None when the message is held back, for a ``reason``.

    ``until`` is when a mute ends, in seconds since 1970; ``to`` is the name that was spoken to, where it is the reason.
    ``wait`` is after how many seconds of silence nothing is too many any more.
    """

    text: bytes | None
    reason: Reason | None = None
    until: float = 0.0
    to: str = ""
    wait: float = 0.0


class Lists(Protocol):
    """Has the filter of the moment."""

    filter: WordFilter


class Moderator:
    """Judges messages of all sessions of an edge."""

    def __init__(self, muted: Mutes, rates: Rates, lists: Lists, mode: FilterMode) -> None:
        """``rates`` are of a player in a channel, whatever the connection and the edge."""
        self._mutes = muted
        self._rates = rates
        self._lists = lists
        self._mode = mode

    def judge(self, speaker: Identity, channel: str, text: bytes) -> Ruling:
        """Return what becomes of ``text``, which is UTF-8, in the channel with this subject, or PRIVATE."""
        ruling = self._judge(speaker, channel, text)
        if ruling.text != text:
            RULED.labels(ruling.reason.value if ruling.reason else "masked").inc()
        return ruling

    def overheard(self, uid: str, channel: str) -> None:
        """Count what a player has said in a channel through another edge."""
        self._rates.charge((uid, channel))

    def _judge(self, speaker: Identity, channel: str, text: bytes) -> Ruling:
        until = self._mutes.until(*_targets(speaker, channel))
        if until:
            return Ruling(None, Reason.MUTED, until)
        counted = f"{PRIVATE} {speaker.world}" if channel == PRIVATE else channel
        if speaker.uid and not self._rates.take((speaker.uid, counted)):
            return Ruling(None, Reason.TOO_MANY, wait=self._rates.full_in((speaker.uid, counted)))
        return self._clean(text)

    def _clean(self, text: bytes) -> Ruling:
        if self._mode is FilterMode.OFF:
            return Ruling(text)
        if self._mode is FilterMode.REFUSE:
            found = self._lists.filter.finds(text.decode())
            return Ruling(None, Reason.WORDS) if found else Ruling(text)
        return Ruling(self._lists.filter.mask(text.decode()).encode())


def _targets(speaker: Identity, channel: str) -> list[str]:
    """Return what may be muted when somebody speaks in a channel."""
    found = [mutes.player(speaker.uid)] if speaker.uid else []
    if channel == speaker.public:
        found.append(mutes.public(speaker.world))
    elif channel == speaker.family and speaker.fid:
        found.append(mutes.family(speaker.fid))
    return found
