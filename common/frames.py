"""What gate and worker say to each other: ``<message id>~<line>``.

The message id names a waiting client. It is 128 random bits in text, so that nobody guesses one, and holds no ``~``.
"""

from collections.abc import Callable

SEPARATOR = b"~"
MESSAGE_ID_BYTES = 16
OVERHEAD = 2 * MESSAGE_ID_BYTES + len(SEPARATOR)
"""By how many bytes a frame is longer than the line in it."""


class FrameError(ValueError):
    """Bytes that are no frame."""


def new_message_id(random_hex: Callable[[int], str]) -> str:
    """Return an unguessable id; ``random_hex`` is ``secrets.token_hex`` or its like."""
    return random_hex(MESSAGE_ID_BYTES)


def encode(message_id: str, line: bytes) -> bytes:
    """Return the frame of a client's line or of an answer, without a line end."""
    return message_id.encode() + SEPARATOR + line


def decode(frame: bytes) -> tuple[str, bytes]:
    """Return (message id, line). Raises FrameError."""
    identity, separator, line = frame.partition(SEPARATOR)
    if not separator or not identity.isalnum():
        raise FrameError("no message id")
    return identity.decode("ascii"), line
