"""Tells a client with the extension why its messages are held back."""

import math
from collections.abc import Callable

from apps.edge import extension
from apps.edge.moderator import Reason, Ruling


class Notices:
    """Of one session. Of a row of messages that are too many, only the first is told of."""

    __slots__ = ("_calm", "_clock", "_send")

    def __init__(self, send: Callable[[bytes], None], clock: Callable[[], float]) -> None:
        """``send`` takes whole lines; ``clock`` is monotonic and in seconds."""
        self._send = send
        self._clock = clock
        self._calm = -math.inf

    def tell(self, ruling: Ruling) -> None:
        """Tell why a message is held back, where there is a reason and it says something new."""
        if ruling.reason is None or (ruling.reason is Reason.TOO_MANY and not self._begins(ruling.wait)):
            return
        facts = {"until": ruling.until, "to": ruling.to, "retry_after": math.ceil(10 * ruling.wait) / 10}
        self._send(extension.notice_line(ruling.reason.value, **{name: fact for name, fact in facts.items() if fact}))

    def _begins(self, wait: float) -> bool:
        """Whether a row begins: nothing was too many for as long as the client would have had to be silent."""
        now = self._clock()
        begins = now >= self._calm
        self._calm = max(self._calm, now + wait)
        return begins
