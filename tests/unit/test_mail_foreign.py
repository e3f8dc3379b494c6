"""Mails of other programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.mail import foreign
from apps.mail.checks import CONTROL, Limits
from apps.mail.foreign import ForeignMail
from apps.mail.message import Content

LIMITS = Limits(sender=8, subj=10, body=20, items=10)


def parsed(data: bytes) -> ForeignMail:
    found = foreign.parse(data, LIMITS)
    assert found is not None
    return found


def test_a_plain_mail() -> None:
    data = b"Date: Wed, 02 Jan 2030 09:00:00 +0800\nFrom: Ada <a@b>\nSubject: hello\n\nsome text\n"
    assert parsed(data) == ForeignMail(Content("0", "Ada", "hello", "some text\n"), 1_893_546_000)


def test_an_address_without_a_name_and_no_date() -> None:
    assert parsed(b"From: a@b\n\nx") == ForeignMail(Content("0", "a@b", "", "x"), None)


def test_another_charset() -> None:
    text = "你好".encode("gb2312")
    data = b"From: x\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: 8bit\n\n" + text
    assert parsed(data).content.body == "你好"


def test_the_text_of_many_parts() -> None:
    data = (b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
            b"Content-Type: application/pdf\n\nJVBERi0=\n--x\nContent-Type: text/plain\n\nthe text\n--x--\n")
    assert parsed(data).content.body == "the text"


def test_parts_are_cut() -> None:
    content = parsed(b"From: " + b"a" * 99 + b" <x@y>\nSubject: " + b"b" * 99 + b"\nX-Mail-Type: 3\nX-Mail-Items: "
                     + b"c" * 99 + b"\n\n" + b"d" * 99).content
    assert content == Content("3", "a" * 8, "b" * 10, "d" * 20, "c" * 10)


def test_bytes_that_are_no_text() -> None:
    content = parsed(b"Subject: \xff\xfe\xfd\n\n\xff\xfe body").content
    assert content.subj.encode()
    assert content.body.endswith("body")


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b"no header at all", b"\0" * 100, b"\xff" * 50])
def test_what_is_no_mail(data: bytes) -> None:
    assert foreign.parse(data, LIMITS) is None


@given(st.binary(max_size=300), st.binary(max_size=100), st.binary(max_size=100))
def test_nothing_breaks_it(body: bytes, header: bytes, kind: bytes) -> None:
    names = (b"Subject: ", b"From: ", b"Date: ", b"X-Mail-Items: ")
    data = b"".join(name + header + b"\n" for name in names) + b"Content-Type: " + kind + b"\n\n" + body
    found = foreign.parse(data, LIMITS)
    if found is not None:
        assert [CONTROL.search(text) for text in (found.content.sender, found.content.subj)] == [None, None]
        assert found.content.body.encode() is not None
