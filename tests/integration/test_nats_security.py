"""Whom the NATS client trusts and who trusts it: credentials, TLS, permissions, strangers."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import gevent
import pytest
from gevent.server import StreamServer

from apps.local.backends import Nats
from apps.local.ports import HOST
from common.nats import Client, NATSError
from tests.support.certificates import write_self_signed
from tests.support.nats import Clients, collect, configured_server
from tests.support.nats import nats_server as own_server
from tests.support.waiting import wait_for

NOTHING_FOR = 0.5


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


def test_a_refusal_of_the_server_is_logged_and_the_connection_lives(
    clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    users = 'authorization: {users: [{user: a, password: pw, permissions: {publish: {deny: "secret"}}}]}'
    with configured_server(users) as server:
        client = clients.connect(server.url.replace("//", "//a:pw@"))
        client.publish("secret")
        client.flush()
        assert "Permissions Violation" in caplog.text
        assert client.connected


def test_wrong_credentials_are_logged_once_and_tried_again(clients: Clients, caplog: pytest.LogCaptureFixture) -> None:
    with own_server("--user", "a", "--pass", "right") as server:
        client = clients.start(server.url.replace("//", "//a:wrong@"))
        wait_for(lambda: "Authorization Violation" in caplog.text)
        assert not client.wait_connected(NOTHING_FOR)
        assert caplog.text.count("Authorization Violation") == 1
        assert "wrong" not in caplog.text
        server.kill()
        server.arguments = ()
        server.start()
        assert client.wait_connected(2)


def test_user_and_password(clients: Clients) -> None:
    with own_server("--user", "a", "--pass", "r/ght") as server:
        clients.connect(server.url.replace("//", "//a:r%2Fght@")).flush()


def test_a_token(clients: Clients) -> None:
    with own_server("--auth", "token") as server:
        clients.connect(server.url.replace("//", "//token@")).flush()


def _answering(greeting: bytes) -> StreamServer:
    def greet(sock: socket.socket, address: object) -> None:
        sock.sendall(greeting)
        sock.recv(1)
        gevent.sleep(60)

    server = StreamServer((HOST, 0), greet)
    server.start()
    return server


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0\r\n", b"INFO {}\r\n", b"INFO {}\r\nPONG\r\nnonsense\r\n"])
def test_somebody_else_at_the_address_is_left_for_the_next_server(
    nats_server: Nats, clients: Clients, greeting: bytes
) -> None:
    other = _answering(greeting)
    try:
        client = clients.start(f"nats://{HOST}:{other.server_port}", nats_server, timeout=0.3)
        wait_for(lambda: _answers(client))
    finally:
        other.stop(0)


def test_a_greeting_that_never_ends_is_left_in_time(nats_server: Nats, clients: Clients) -> None:
    def drip(sock: socket.socket, address: object) -> None:
        with suppress(OSError):
            for _ in range(1000):
                sock.sendall(b"I")
                gevent.sleep(0.02)

    other = StreamServer((HOST, 0), drip)
    other.start()
    try:
        client = clients.start(f"nats://{HOST}:{other.server_port}", nats_server, timeout=0.3)
        assert client.wait_connected(3)
    finally:
        other.stop(0)


def _answers(client: Client) -> bool:
    try:
        client.flush(0.2)
    except NATSError:
        return False
    return True


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[Nats, ssl.SSLContext]]:
    certificate, key = write_self_signed(tmp_path)
    with configured_server(f'tls: {{cert_file: "{certificate}", key_file: "{key}"}}') as server:
        yield server, ssl.create_default_context(cafile=str(certificate))


def test_tls(tls_server: tuple[Nats, ssl.SSLContext], clients: Clients) -> None:
    server, context = tls_server
    client = clients.connect(server.url.replace("nats:", "tls:"), tls=context, timeout=0.3)
    got = collect(client, "a")
    for _ in range(50):
        client.publish("a", payload=b"x" * 100_000)
    client.flush(5)
    assert len(got) == 50
    server.pause()
    wait_for(lambda: not client.connected)
    server.resume()
    assert client.wait_connected(3)
    client.flush()


def test_the_authority_of_the_url_is_trusted(tmp_path: Path, clients: Clients) -> None:
    certificate, key = write_self_signed(tmp_path)
    with configured_server(f'tls: {{cert_file: "{certificate}", key_file: "{key}"}}') as server:
        client = clients.connect(f"{server.url.replace('nats:', 'tls:')}?ca={certificate}", timeout=1)
        client.flush(5)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls_server: tuple[Nats, ssl.SSLContext], clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    clients.start(tls_server[0].url.replace("nats:", "tls:"))
    wait_for(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text)


def test_tls_is_neither_added_nor_given_up_silently(
    tls_server: tuple[Nats, ssl.SSLContext], nats_server: Nats, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    clients.start(tls_server[0].url)
    wait_for(lambda: "the server wants TLS" in caplog.text)
    clients.start(nats_server.url.replace("nats:", "tls:"))
    wait_for(lambda: "the server has no TLS" in caplog.text)
