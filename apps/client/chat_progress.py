"""How far a client has heard each channel, so that it goes on from there at any edge. Pure."""

from collections import deque

from apps.client.chat_events import Event, Gap, Message, Position

REMEMBERED = 256


class Progress:
    """The last number of each channel, over all connections of one client."""

    def __init__(self, *, last: int, system: bool) -> None:
        """``last`` messages of each channel are wanted at the first joining; with ``system`` announcements too."""
        self._last = last
        self._system = system
        self._numbers: dict[str, int] = {}
        self._base: int | None = None
        self._first: int | None = None
        self._settled: set[str] = set()
        self._highest = 0
        self._heard: deque[Message] = deque(maxlen=REMEMBERED)

    def wishes(self) -> str:
        """Return the options of the extension to come in with."""
        options = [f"last={self._last}", f"system={int(self._system)}", "position=1"]
        base = min(self._numbers.values(), default=None) if self._base is None else self._base
        if base is not None:
            options.append(f"after={base}")
            options.extend(f"after-{channel}={number}" for channel, number in sorted(self._numbers.items()))
        return "".join(f";{option}" for option in options)

    def begin(self, *, settled: bool) -> None:
        """Begin with a new connection. ``settled``: the one before lasted so long that each channel had its position.

        The first position of a connection stands for channels of which nothing is known yet: those that the connection
        ended too soon for, and those of families that the player joins before it comes back.
        """
        if self._first is not None and (settled or self._base is None):
            self._base = self._first
        self._first = None
        self._settled.clear()

    def take(self, event: Event) -> bool:
        """Note what came; return whether it is news for the user."""
        if isinstance(event, Message) and event.number:
            return self._advance(event.channel, event.number) and not self._repeats(event)
        if isinstance(event, Gap):
            self._settled.add(event.channel)
        elif isinstance(event, Position):
            self._advance(event.channel, event.number)
            self._settled.add(event.channel)
            if self._first is None:
                self._first = event.number
            return False
        return True

    def _repeats(self, message: Message) -> bool:
        """Whether a message with a lower number than others was heard before."""
        repeats = message.number <= self._highest and message in self._heard
        self._highest = max(self._highest, message.number)
        self._heard.append(message)
        return repeats

    def _advance(self, channel: str, number: int) -> bool:
        """Go on to a number; False when the channel is there already.

        That may be so only until the edge has told the channel's position, or a gap, on this connection. After that
        lower numbers are those of another family's past, or of a stream that has begun anew.
        """
        if channel not in self._settled and number <= self._numbers.get(channel, 0):
            return False
        self._numbers[channel] = number
        return True
