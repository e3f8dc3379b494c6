"""Text in header values: encoded words of RFC 2047 (pure).

The standard library's encoder mixes plain and encoded words, and then spaces get lost between them. Here a value is
either all plain or all encoded, so every text comes back exactly, from any reader.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator

PLAIN = re.compile(r"[A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+)*")
PLAIN_LENGTH = 60  # longer values would need folding: RFC 5322 asks for lines of at most 78 characters
WORD_BYTES = 36  # an encoded word of 60 characters; RFC 2047 allows 75, and a line of 76 with the header's name
START = b"=?utf-8?b?"
END = b"?="
FOLD = b"\n "


def encode(text: str) -> bytes:
    """Return ``text`` as a header value: ASCII, folded, without a line end. Nothing in it can start a new header."""
    if _is_plain(text):
        return text.encode()
    return FOLD.join(START + b64encode(piece) + END for piece in _pieces(text.encode()))


def decode(value: bytes) -> str:
    """Return the text of a value that ``encode`` made. Raises ValueError for any other."""
    if not value.startswith(START):
        return _plain(value.decode("ascii"))
    return b"".join(_word(word) for word in value.split(FOLD)).decode()


def _is_plain(text: str) -> bool:
    return not text or (len(text) <= PLAIN_LENGTH and PLAIN.fullmatch(text) is not None)


def _plain(text: str) -> str:
    if not _is_plain(text):
        raise ValueError("neither encoded words nor plain ones")
    return text


def _word(word: bytes) -> bytes:
    if not (word.startswith(START) and word.endswith(END)):
        raise ValueError("not an encoded word")
    return b64decode(word[len(START):-len(END)], validate=True)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut UTF-8 between characters: each encoded word has to be valid by itself."""
    start = 0
    while start < len(data):
        end = start + WORD_BYTES
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end]
        start = end
