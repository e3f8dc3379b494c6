"""Lines: framing, limits of size and time, and a close that loses nothing."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import gevent
import pytest

from common.lines import LineReader, LineTimeoutError, LineTooLongError, close_after_last_byte
from common.tls import server_context
from tests.support.certificates import write_self_signed

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two ends of a real TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname(), timeout=5)
        far, _ = listener.accept()
    with near, far:
        far.settimeout(5)
        yield near, far


def test_lines_however_they_are_cut(pair: Pair) -> None:
    near, far = pair
    reader = LineReader(near, 100)
    for piece in (b"one\r", b"\ntwo\r\n\r\nthr", b"ee\r\nrest"):
        far.sendall(piece)
        gevent.sleep(0.005)
    assert [reader.read(1) for _ in range(4)] == [b"one", b"two", b"", b"three"]
    assert reader.pending
    far.shutdown(socket.SHUT_WR)
    assert reader.read(1) is None


def test_a_lone_cr_or_lf_ends_no_line(pair: Pair) -> None:
    near, far = pair
    far.sendall(b"a\nb\rc\r\r\nd")
    assert LineReader(near, 100).read(1) == b"a\nb\rc\r"


def test_nothing_is_pending_after_the_last_line(pair: Pair) -> None:
    near, far = pair
    reader = LineReader(near, 100)
    far.sendall(b"one\r\n")
    assert reader.read(1) == b"one"
    assert not reader.pending


def test_a_line_may_be_as_long_as_the_limit(pair: Pair) -> None:
    near, far = pair
    reader = LineReader(near, 10)
    far.sendall(b"0123456789\r\n" * 2)
    assert [reader.read(1), reader.read(1)] == [b"0123456789"] * 2


@pytest.mark.parametrize("sent", [b"01234567890\r\n", b"ok\r\n01234567890\r\n", b"0123456789ab"])
def test_a_longer_line_is_refused(pair: Pair, sent: bytes) -> None:
    near, far = pair
    reader = LineReader(near, 10)
    far.sendall(sent)
    if sent.startswith(b"ok"):
        assert reader.read(1) == b"ok"
    with pytest.raises(LineTooLongError):
        reader.read(1)


def test_an_endless_line_is_refused_before_it_fills_the_memory(pair: Pair) -> None:
    near, far = pair
    sender = gevent.spawn(far.sendall, b"x" * 50_000_000)
    with pytest.raises(LineTooLongError):
        LineReader(near, 65_536).read(5)
    sender.kill()


def test_a_silent_peer_runs_out_of_time(pair: Pair) -> None:
    reader = LineReader(pair[0], 100)
    with pytest.raises(LineTimeoutError):
        reader.read(0.05)
    assert not reader.pending


def test_a_byte_now_and_then_buys_no_time(pair: Pair) -> None:
    near, far = pair

    def drip() -> None:
        for _ in range(100):
            far.sendall(b"x")
            gevent.sleep(0.02)

    dripper = gevent.spawn(drip)
    begun = monotonic()
    reader = LineReader(near, 100)
    with pytest.raises(LineTimeoutError):
        reader.read(0.15)
    assert monotonic() - begun < 1
    assert reader.pending
    dripper.kill()


def test_many_lines_in_one_piece_are_cheap(pair: Pair) -> None:
    near, far = pair
    count = 200_000
    sender = gevent.spawn(far.sendall, b"answer\r\n" * count)
    reader = LineReader(near, 1_000_000)
    assert all(reader.read(10) == b"answer" for _ in range(count))
    sender.join()


def test_the_last_byte_arrives_although_the_peer_sent_more_than_was_read(pair: Pair) -> None:
    near, far = pair
    answer = b"a" * 5_000_000
    far.sendall(b"request\r\n" + b"extra" * 10_000)
    assert LineReader(near, 100).read(1) == b"request"

    def answer_and_close() -> None:
        near.sendall(answer)
        close_after_last_byte(near, 5)

    closing = gevent.spawn(answer_and_close)
    received = bytearray()
    while chunk := far.recv(65_536):
        received += chunk
        if len(received) < 1_000_000:
            far.sendall(b"more")
    far.close()
    closing.join()
    assert received == answer


@pytest.mark.parametrize("talks", [False, True])
def test_a_peer_that_does_not_close_is_left_in_time(pair: Pair, talks: bool) -> None:
    near, far = pair

    def talk() -> None:
        while talks:
            far.sendall(b"x" * 10_000)
            gevent.sleep(0.01)

    talker = gevent.spawn(talk)
    near.settimeout(0.001)  # whatever limit the last user of the socket left
    begun = monotonic()
    close_after_last_byte(near, 0.2)
    assert 0.15 < monotonic() - begun < 1
    assert near.fileno() == -1
    talker.kill(block=True)


def test_closing_towards_a_peer_that_is_gone(pair: Pair) -> None:
    near, far = pair
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    close_after_last_byte(near, 1)
    assert near.fileno() == -1


def test_a_tls_peer_is_told_of_the_end(pair: Pair, tmp_path: Path) -> None:
    near, far = pair
    certificate, key = write_self_signed(tmp_path)
    server = server_context(str(certificate), str(key))
    assert server is not None
    client = ssl.create_default_context(cafile=certificate)
    wrapping = gevent.spawn(server.wrap_socket, near, server_side=True)
    # A missing close_notify would be an error with suppress_ragged_eofs off.
    player = client.wrap_socket(far, server_hostname="localhost", suppress_ragged_eofs=False)
    near = wrapping.get()
    near.sendall(b"answer")
    closing = gevent.spawn(close_after_last_byte, near, 5)
    assert player.recv(100) + player.recv(100) == b"answer"
    player.close()
    closing.join(timeout=2)
    assert closing.successful()
    assert near.fileno() == -1
