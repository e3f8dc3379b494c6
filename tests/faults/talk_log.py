"""What a chat listener may hear: each message of its place once, those of one speaker's session in their order."""

from dataclasses import dataclass

SEPARATOR = " "


@dataclass(frozen=True)
class Saying:
    """One numbered message. ``session`` is one stay of the speaker in the chat, ``number`` counts within it."""

    place: str
    """The world or the family that it was said to."""
    speaker: str
    session: int
    number: int

    def __str__(self) -> str:
        return SEPARATOR.join((self.place, self.speaker, str(self.session), str(self.number)))

    @classmethod
    def parse(cls, text: str) -> "Saying":
        """Raises ValueError when this is no numbered message."""
        place, speaker, session, number = text.split(SEPARATOR)
        return cls(place, speaker, int(session), int(number))


class Ear:
    """One stay of one listener in a world or in a family."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._last: dict[tuple[str, int], int] = {}
        self.heard = 0
        self.lost = 0
        self.problems: list[str] = []

    def hear(self, text: str) -> Saying | None:
        """Take a message; None when it is none of ours, which is a problem."""
        try:
            saying = Saying.parse(text)
        except ValueError:
            self.problems.append(f"heard what nobody said: {text[:80]!r}")
            return None
        self.heard += 1
        if saying.place != self._place:
            self.problems.append(f"heard {saying} in {self._place}")
        self._follow(saying)
        return saying

    def _follow(self, saying: Saying) -> None:
        key = (saying.speaker, saying.session)
        last = self._last.get(key)
        if last is not None and saying.number <= last:
            self.problems.append(f"heard {saying} after number {last}")
        elif last is not None:
            self.lost += saying.number - last - 1
        self._last[key] = saying.number
