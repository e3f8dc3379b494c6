"""The bytes of the NATS protocol, whole, cut and broken."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.nats import ProtocolError, codec, headers
from common.nats.codec import Event, Info, Parser, Refusal, Signal
from common.nats.message import NO_RESPONDERS, Message

HEADERS = b"NATS/1.0\r\nTrace: 7\r\n\r\n"
SAMPLES: list[tuple[bytes, Event]] = [
    (b'INFO {"server_id":"x","max_payload":1024}\r\n', Info({"server_id": "x", "max_payload": 1024})),
    (b"PING\r\n", Signal.PING),
    (b"PONG\r\n", Signal.PONG),
    (b"+OK\r\n", Signal.OK),
    (b"-ERR 'Permissions Violation for Publish to \"a\"'\r\n", Refusal('Permissions Violation for Publish to "a"')),
    (b"MSG a.b 7 5\r\nhello\r\n", Message(7, "a.b", "", b"hello")),
    (b"MSG a.b 7 _INBOX.x.1 0\r\n\r\n", Message(7, "a.b", "_INBOX.x.1", b"")),
    (b"MSG a 1 11\r\nPING\r\nMSG a\r\n", Message(1, "a", "", b"PING\r\nMSG a")),
    (b"HMSG a 1 %d %d\r\n%bbody\r\n" % (len(HEADERS), len(HEADERS) + 4, HEADERS),
     Message(1, "a", "", b"body").with_headers({"Trace": "7"})),
    (b"HMSG a 1 re 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", Message(1, "a", "re", b"").with_headers({}, NO_RESPONDERS)),
    ("MSG 世界 1 3\r\nabc\r\n".encode(), Message(1, "世界", "", b"abc")),
    (b"MSG \xff 1 1\r\nx\r\n", Message(1, "\ufffd", "", b"x")),
]
GARBAGE = [
    b"HELLO\r\n", b"\r\n", b"PING x\r\n", b"INFO {\r\n", b"INFO []\r\n", b"MSG\r\n", b"MSG a 1\r\n", b"MSG a x 1\r\n",
    b"MSG a 1 -1\r\n", b"MSG a 1 1_0\r\n", "MSG a 1 ٣\r\n".encode(), b"MSG a 1 2 3 4\r\n", b"MSG  1 1\r\n",
    b"MSG a 1 2\r\nabc\r\n", b"HMSG a 1 5 4\r\n", b"HMSG a 1 4\r\n", b"MSG a 1 999999999999\r\n",
    b"MSG a 1 " + b"9" * 5000 + b"\r\n", b"x" * (codec.MAX_LINE + 2), b"PING" + b" " * codec.MAX_LINE + b"\r\n",
]
samples = st.lists(st.sampled_from(SAMPLES), max_size=12)


def outcome(pieces: list[bytes], parser: Parser | None = None) -> tuple[list[Event], str]:
    """Return the events that came and the error that ended them."""
    parser = parser or Parser()
    events: list[Event] = []
    try:
        for piece in pieces:
            for event in parser.feed(piece):
                events.append(event)  # noqa: PERF402  # what came before an error counts
    except ProtocolError as error:
        return events, str(error)
    return events, ""


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut ``data`` at ``places``."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(edges)]


@pytest.mark.parametrize(("data", "event"), SAMPLES)
def test_each_line_is_its_event(data: bytes, event: Event) -> None:
    parser = Parser()
    assert list(parser.feed(data)) == [event]
    assert parser.empty


@given(samples, st.lists(st.integers(0, 2000)))
def test_cutting_changes_nothing(chosen: list[tuple[bytes, Event]], places: list[int]) -> None:
    data = b"".join(bytes_ for bytes_, _ in chosen)
    assert outcome(cut(data, places)) == ([event for _, event in chosen], "")


@given(samples)
def test_byte_by_byte(chosen: list[tuple[bytes, Event]]) -> None:
    data = b"".join(bytes_ for bytes_, _ in chosen)
    assert outcome([bytes([byte]) for byte in data]) == ([event for _, event in chosen], "")


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:20]))
def test_garbage_is_an_error_after_the_events_before_it(garbage: bytes) -> None:
    events, error = outcome([b"PING\r\nMSG a 1 1\r\nx\r\n" + garbage])
    assert events == [Signal.PING, Message(1, "a", "", b"x")]
    assert error


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_bytes_give_events_or_a_protocol_error_however_they_are_cut(data: bytes, places: list[int]) -> None:
    assert outcome(cut(data, places)) == outcome([data])


@given(st.sampled_from(GARBAGE[:-2]), samples, st.lists(st.integers(0, 2000)))
def test_cutting_does_not_hide_garbage(garbage: bytes, chosen: list[tuple[bytes, Event]], places: list[int]) -> None:
    data = b"".join(bytes_ for bytes_, _ in chosen) + garbage + b"PING\r\n"
    whole = outcome([data])
    assert whole[1]
    assert outcome(cut(data, places)) == whole


@given(st.integers(90, 110), st.lists(st.integers(0, 200)))
def test_the_bound_on_lines_holds_at_every_cut(length: int, places: list[int]) -> None:
    data = b"-ERR " + b"x" * (length - 5) + b"\r\n"
    _, error = outcome(cut(data, places), Parser(max_line=100))
    assert bool(error) == (length > 100)


def test_the_bound_on_payloads() -> None:
    assert not outcome([b"MSG a 1 10\r\n" + b"x" * 10 + b"\r\n"], Parser(max_payload=10))[1]
    assert outcome([b"MSG a 1 11\r\n"], Parser(max_payload=10))[1] == "a payload is too large"


def test_a_large_payload_in_small_pieces_takes_linear_time() -> None:
    size = 8 * 1024 * 1024
    pieces = [b"MSG a 1 %d\r\n" % size, *([b"x" * 1024] * 8192), b"\r\n"]
    assert outcome(pieces) == ([Message(1, "a", "", b"x" * size)], "")


def test_publish() -> None:
    assert codec.encode_publish("a.b", b"hello") == b"PUB a.b 5\r\nhello\r\n"
    assert codec.encode_publish("a", b"", "re.1") == b"PUB a re.1 0\r\n\r\n"
    assert codec.encode_publish("a", b"xy", "re", {"K": "v"}) == \
        b"HPUB a re 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nxy\r\n"


def test_commands() -> None:
    assert codec.encode_subscribe("a.*.>", "", 3) == b"SUB a.*.> 3\r\n"
    assert codec.encode_subscribe("jobs", "workers", 4) == b"SUB jobs workers 4\r\n"
    assert codec.encode_unsubscribe(3) == b"UNSUB 3\r\n"
    assert codec.encode_unsubscribe(3, 5) == b"UNSUB 3 5\r\n"
    assert codec.encode_connect({"name": "x"}) == b'CONNECT {"name":"x"}\r\n'


NO_SUBJECTS = ["", " ", "a b", "a\r\nPUB b 0", "a\n", "a..b", ".a", "a.", "a\tb", "a\0", "x" * 1025]


@pytest.mark.parametrize("subject", NO_SUBJECTS)
def test_subjects_that_are_none(subject: str) -> None:
    with pytest.raises(ValueError, match="not a subject"):
        codec.encode_publish(subject, b"")
    with pytest.raises(ValueError, match="not a subject"):
        codec.encode_subscribe(subject, "", 1)
    if subject:
        with pytest.raises(ValueError, match="not a subject"):
            codec.encode_publish("a", b"", subject)
        with pytest.raises(ValueError, match="not a subject"):
            codec.encode_subscribe("a", subject, 1)


@pytest.mark.parametrize("subject", ["*", ">", "a.*", "a.>", "*.a", "a.*.b"])
def test_wildcards_are_for_subscribers(subject: str) -> None:
    codec.encode_subscribe(subject, "", 1)
    with pytest.raises(ValueError, match="wildcards"):
        codec.encode_publish(subject, b"")


def test_a_star_within_a_word_is_no_wildcard() -> None:
    assert codec.encode_publish("a*b", b"") == b"PUB a*b 0\r\n\r\n"


names = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1)
values = st.text(st.characters(exclude_characters="\r\n", codec="utf-8")).map(str.strip)


@given(st.dictionaries(names, values))
def test_headers_come_back(chosen: dict[str, str]) -> None:
    assert headers.decode(headers.encode(chosen)) == (chosen, 0)


@given(st.binary())
def test_a_header_block_of_any_bytes_is_read(block: bytes) -> None:
    found, status = headers.decode(block)
    assert all(isinstance(text, str) for text in [*found, *found.values()])
    assert 0 <= status <= 999


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("a b", "x"), ("a:b", "x"), ("a\r\nb", "x"), ("a", "x\r\ny:")])
def test_headers_that_would_break_out(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        headers.encode({name: value})


@given(st.from_regex(codec.SUBJECT, fullmatch=True).filter(lambda text: not codec.WILDCARD.search(text)), st.binary(),
       st.dictionaries(names, values))
def test_what_is_published_is_one_frame(subject: str, payload: bytes, chosen: dict[str, str]) -> None:
    if len(subject.encode(errors="replace")) > codec.MAX_SUBJECT:
        return
    frame = codec.encode_publish(subject, payload, "re", chosen)
    line, _, rest = frame.partition(b"\r\n")
    words = line.decode().split(" ")
    assert words[:3] == ["HPUB" if chosen else "PUB", subject, "re"]
    assert len(rest) == int(words[-1]) + 2
    assert rest.endswith(payload + b"\r\n")
