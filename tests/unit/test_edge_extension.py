"""What a client wishes for at REGISTER, and the lines that it gets."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge import extension
from apps.edge.commands import CommandError, Name, decode
from apps.edge.extension import ExtensionError, Wishes
from common.nats.stored import Stored


def test_a_plain_register_has_no_wishes() -> None:
    assert extension.split(b"298374650192837465") == (b"298374650192837465", None)


@pytest.mark.parametrize(("payload", "wishes"), [
    (b"1;", Wishes()), (b"1;last=5", Wishes(last=5)), (b"1;after=0;system=1", Wishes(after=0, system=True)),
    (b"1;online=1", Wishes(online=True)), (b"1;online=yes", Wishes()),
    (b"1;after-family=3;position=1", Wishes(afters={"family": 3}, position=True)),
    (b"1;;future;other=x;last=7;", Wishes(last=7)), (b"1;system=0", Wishes()), (b"1;last=1;last=2", Wishes(last=2)),
])
def test_wishes(payload: bytes, wishes: Wishes) -> None:
    assert extension.split(payload) == (b"1", wishes)


@pytest.mark.parametrize("payload", [b"1;last=", b"1;last=x", b"1;after=-1", b"1;after=1.5", b"1;last=" + b"9" * 19,
                                     b"1;last", "1;last=٣".encode(), b"1;after-public="])
def test_numbers_that_are_none(payload: bytes) -> None:
    with pytest.raises(ExtensionError):
        extension.split(payload)


def test_a_channel_may_have_a_number_of_its_own_until_the_client_moves() -> None:
    wishes = Wishes(after=7, afters={"family": 3}, last=2)
    assert wishes.after_in("chat.s1.family.Red") == 3
    assert wishes.after_in("chat.s1.public") == 7
    assert wishes.from_now(9) == Wishes(floor=9, last=2)
    assert wishes.from_now(9).after_in("chat.s1.family.Blue") is None


@given(st.binary(max_size=80))
def test_any_register_is_split_or_refused(payload: bytes) -> None:
    try:
        nonce, wishes = extension.split(payload)
    except ExtensionError:
        return
    assert (wishes is None) == (b";" not in payload)
    assert payload.startswith(nonce)


@given(st.text(max_size=20).filter(lambda name: ":" not in name), st.text(max_size=50))
def test_a_message_is_one_line_whatever_it_says(name: str, text: str) -> None:
    payload = f"{name}:{text}".encode(errors="replace")
    line = extension.message_line(Stored("chat.s1.family.Red", payload, 7, 0))
    assert line.startswith(b"000MESSAGE")
    assert line.find(b"\r") == line.find(b"\n") - 1 == len(line) - 2
    found = orjson.loads(line[10:])
    assert (found["number"], found["channel"]) == (7, "family")
    assert f"{found['from']}:{found['text']}".encode() == payload


def test_private_messages_are_commands_of_the_extension_only() -> None:
    assert decode(b"000PRIVATEbert:hi", extended=True) == (Name.PRIVATE, b"bert:hi")
    assert extension.private(b"b.ert:hi: you") == ("b.ert", b"hi: you")
    with pytest.raises(CommandError):
        decode(b"000PRIVATEbert:hi")
    for line in (b"0000ONLINE", b"0000REPORTpublic:1"):
        assert decode(line, extended=True).payload == line[10:]
        with pytest.raises(CommandError):
            decode(line)
    for line in (b"000MESSAGE{}", b"0000NOTICE{}", b"0000000GAP{}"):
        with pytest.raises(CommandError):
            decode(line, extended=True)


@pytest.mark.parametrize("payload", [b"", b"bert", b":hi"])
def test_a_private_message_names_somebody(payload: bytes) -> None:
    with pytest.raises(ExtensionError):
        extension.private(payload)


def test_lines_about_who_is_online_and_about_reports() -> None:
    assert extension.online_line("Red", ["a"]) == b'0000ONLINE{"family":"Red","members":["a"]}\r\n'
    assert extension.online_line("", [], more=True) == b'0000ONLINE{"family":"","members":[],"more":true}\r\n'
    assert extension.online_change_line("Red", ["a"], []) == (
        b'0000ONLINE{"family":"Red","joined":["a"],"left":[]}\r\n')
    assert extension.report_line("public", 17, "kept") == (
        b'0000REPORT{"channel":"public","number":17,"result":"kept"}\r\n')
