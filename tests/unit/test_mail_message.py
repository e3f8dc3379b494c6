"""A mail's content and the bytes of its file."""

import email
import email.policy
from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.mail import words
from apps.mail.checks import CONTROL
from apps.mail.message import Content, Envelope, compose, parse, shanghai

ENVELOPE = Envelope("k" * 32, "abcdefgh1234", "game.invalid", 1_893_553_200)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)
LINES = TEXTS.map(lambda text: CONTROL.sub("", text))
ODD_LINES = st.one_of(LINES, st.sampled_from([
    "", " ", "  a  b  ", "=?utf-8?b?aGk=?=", "=?utf-8?q?a?= =?utf-8?q?b?=", '"quoted" <x@y>', "a,b;c:", "(comment)",
    "\\", "💎" * 64, "你好" * 32, "a" * 64, "word " * 12, "Bcc: x@y", "é" * 200, "é\u200d", "GIFT_1", "3:5:100,3:1:2"]))
CONTENTS = st.builds(Content, st.sampled_from("0123"), ODD_LINES, ODD_LINES, TEXTS, st.none() | ODD_LINES)


def plain(content: Content, **changes: str) -> bytes:
    return compose(content._replace(**changes), ENVELOPE)


@given(CONTENTS)
def test_what_is_composed_is_parsed(content: Content) -> None:
    assert parse(compose(content, ENVELOPE)) == content


@given(CONTENTS)
def test_other_programs_read_the_same(content: Content) -> None:
    message = email.message_from_bytes(compose(content, ENVELOPE))
    assert text_of(message, "Subject") == content.subj
    assert str(make_header(decode_header(parseaddr(message["From"])[0]))) == content.sender
    assert ("X-Mail-Items" in message) == (content.items is not None)
    assert text_of(message, "X-Mail-Items") == (content.items or "")
    assert (message["X-Mail-Type"], message["X-Mail-Key"]) == (content.type, ENVELOPE.key)
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode(str(message.get_content_charset())) == content.body


def text_of(message: Message, name: str) -> str:
    return str(make_header(decode_header(message.get(name, ""))))


@given(CONTENTS)
def test_the_file_is_well_formed(content: Content) -> None:
    data = compose(content, ENVELOPE)
    assert data.isascii()
    assert b"\r" not in data
    assert data.endswith(b"\n")
    lines = data.split(b"\n")
    assert max(len(line) for line in lines) <= 78 + len(ENVELOPE.domain)
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert message.defects == []
    assert len(message.keys()) == (10 if content.items is None else 11)


def test_the_headers_of_a_mail() -> None:
    data = compose(Content("1", "张三", "GIFT", "hi", "3:5:1"), ENVELOPE)
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert message["From"].addresses[0].display_name == "张三"
    assert message["From"].addresses[0].addr_spec == "noreply@game.invalid"
    assert message["To"].addresses[0].addr_spec == "abcdefgh1234@game.invalid"
    assert message["Message-ID"] == f"<{ENVELOPE.key}@game.invalid>"
    assert message["Date"].datetime.timestamp() == ENVELOPE.seconds
    assert message.get_content() == "hi"


@given(ODD_LINES)
def test_a_value_is_one_header(text: str) -> None:
    value = words.encode(text)
    assert words.decode(value) == text
    assert all(line.startswith(b" ") for line in value.split(b"\n")[1:])
    assert all(len(line) <= 76 for line in value.split(b"\n"))


def test_even_line_ends_cannot_start_a_header() -> None:
    data = plain(Content("0", "a", "b", "c"), subj="a\r\nBcc: x@y\n\nbody", sender="\nTo: z")
    message = email.message_from_bytes(data)
    assert "Bcc" not in message
    assert message.get_all("To") == ["<abcdefgh1234@game.invalid>"]


@pytest.mark.parametrize("change", [
    lambda data: data[:-5], lambda data: b"", lambda data: data[:100], lambda data: b"Received: x\n" + data,
    lambda data: data.replace(b"\n", b"\r\n"), lambda data: data + b"more\n!\n", lambda data: data[20:],
    lambda data: data.replace(b"=?utf-8?b?", b"=?utf-8?q?", 1), lambda data: data.replace(b"5L2g5aW9", b"/////w=="),
])
def test_what_was_not_composed_is_not_parsed(change: Callable[[bytes], bytes]) -> None:
    assert parse(change(plain(Content("0", "张三", "你好", "你好")))) is None


@given(st.binary(max_size=400))
def test_anything_can_be_parsed(data: bytes) -> None:
    assert parse(data) is None


def test_shanghai_time() -> None:
    assert shanghai(1_893_546_000) == "2030-01-02 09:00:00"
    assert shanghai(0) == "1970-01-01 08:00:00"
