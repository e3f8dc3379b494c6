"""Lines of the chat protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge import commands
from apps.edge.commands import Command, CommandError, Name

VALID = [
    (b"00REGISTER298374650192837465", Command(Name.REGISTER, b"298374650192837465")),
    (b"00REGISTER", Command(Name.REGISTER, b"")),
    (b"0000PUBLIChello", Command(Name.PUBLIC, b"hello")),
    (b"0000PUBLIC", Command(Name.PUBLIC, b"")),
    (b"0000PUBLIC0000PUBLIC", Command(Name.PUBLIC, b"0000PUBLIC")),
    ("0000FAMILY你好: ok".encode(), Command(Name.FAMILY, "你好: ok".encode())),
    (b"000000EXIT", Command(Name.EXIT, b"")),
    (b"000000EXITnow", Command(Name.EXIT, b"now")),
]
INVALID = [b"", b"0", b"PUBLIChello", b"000PUBLIChello", b"00000PUBLIC", b"0000public", b"00000000OK", b"0000000000",
           b" 0000PUBLIC", b"\x00" * 10, b"\xff" * 20, b"GET / HTTP/1.1", b"000EXIT", b"0000PUBLI"]


@pytest.mark.parametrize(("line", "command"), VALID)
def test_valid_lines(line: bytes, command: Command) -> None:
    assert commands.decode(line) == command


@pytest.mark.parametrize("line", INVALID)
def test_invalid_lines(line: bytes) -> None:
    with pytest.raises(CommandError):
        commands.decode(line)


def test_every_command_has_ten_characters() -> None:
    assert {len(name.value) for name in Name} == {commands.WIDTH}


def test_encoding() -> None:
    assert commands.encode(Name.OK) == b"00000000OK\r\n"
    assert commands.encode(Name.PUBLIC, b"gn:text") == b"0000PUBLICgn:text\r\n"


@given(name=st.sampled_from(list(commands.FROM_CLIENT.values())), payload=st.binary())
def test_what_is_encoded_is_decoded(name: Name, payload: bytes) -> None:
    assert commands.decode(commands.encode(name, payload)[:-2], extended=True) == Command(name, payload)


@given(st.binary(max_size=40))
def test_any_line_is_a_command_or_a_command_error(line: bytes) -> None:
    try:
        command = commands.decode(line)
    except CommandError:
        return
    assert command.name.value + command.payload == line


@pytest.mark.parametrize("text", ["", "a", "a" * 512, "é" * 256, "你好 🙂", "a:b~c"])
def test_texts_that_may_be_sent(text: str) -> None:
    commands.check_text(text.encode(), 512)


@pytest.mark.parametrize("text", [b"a" * 513, "é".encode() * 257, b"\xff", b"\xc3", b"a\x00", b"a\rb", b"a\nb",
                                  b"\x1b[2J", b"\x7f", "\x85".encode(), "\u2028".encode(), b"\xed\xa0\x80"])
def test_texts_that_may_not_be_sent(text: bytes) -> None:
    with pytest.raises(CommandError):
        commands.check_text(text, 512)


def test_a_payload_from_nats_stays_one_line() -> None:
    assert commands.is_one_line("gn:ü".encode())
    assert not commands.is_one_line(b"gn:a\r\n00000000OK")
    assert not commands.is_one_line(b"gn:a\n")
