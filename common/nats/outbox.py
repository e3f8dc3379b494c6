"""Bytes that wait to be written, bounded."""

from collections.abc import Iterable

from gevent.event import Event

from common.nats.errors import BufferFullError, ClientClosedError


class Control(bytes):
    """A frame that concerns one connection and makes no sense on the next: SUB, UNSUB, PING, PONG."""

    __slots__ = ()


class Outbox:
    """A queue of frames that one writer empties. Putting never waits."""

    def __init__(self, limit: int) -> None:
        """``limit``: bytes that may wait, those that are being written included. Control frames are not counted."""
        self._limit = limit
        self._frames: list[bytes] = []
        self._closed = False
        self._filled = Event()
        self.pending = 0

    def put(self, frame: bytes) -> None:
        """Queue a message. Raises BufferFullError or ClientClosedError."""
        size = self.pending + len(frame)
        if size > self._limit or self._closed:
            raise self._refusal()
        self.pending = size
        self._frames.append(frame)
        if not self._filled.is_set():
            self._filled.set()

    def put_control(self, frame: bytes) -> None:
        """Queue what only the connection of this moment needs."""
        self._frames.append(Control(frame))
        self._filled.set()

    def take(self) -> list[bytes]:
        """Wait for frames and return all of them; ``settle`` has to follow."""
        while not self._frames:
            self._filled.clear()
            self._filled.wait()
        frames, self._frames = self._frames, []
        return frames

    def settle(self, frames: list[bytes], sent: int) -> None:
        """Of ``frames``, ``sent`` bytes were written. What was not begun comes back; half a frame is lost."""
        unsent: list[bytes] = []
        for frame in frames:
            if sent <= 0:
                unsent.append(frame)
            elif type(frame) is bytes:
                self.pending -= len(frame)
            sent -= len(frame)
        if unsent:
            self._frames[:0] = unsent

    def restart(self, frames: Iterable[bytes]) -> None:
        """Begin a connection: ``frames`` go first, what was meant for the one before is dropped."""
        messages = [frame for frame in self._frames if type(frame) is bytes]
        self._frames = [*map(Control, frames), *messages]
        self._filled.set()

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    def _refusal(self) -> BufferFullError | ClientClosedError:
        if self._closed:
            return ClientClosedError("the NATS client is closed")
        return BufferFullError(f"{self.pending} bytes wait to be written to NATS, the limit is {self._limit}")
