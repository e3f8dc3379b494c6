"""NATS servers with options, and clients that are closed after the test."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.local.backends import Nats, nats_program
from apps.local.ports import HOST, free_port
from common.nats import Client, Message
from tests.support.backend_servers import folder


class PlainNats(Nats):
    """A nats-server without storage, with arguments of its own; ready when it greets."""

    arguments: tuple[str, ...] = ()

    def command(self) -> list[str]:
        return [str(nats_program()), "--addr", HOST, "--port", str(self.port), *self.arguments]

    def ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1.0) as connection:
            return connection.recv(4) == b"INFO"
        return False


@contextlib.contextmanager
def nats_server(*arguments: str, started: bool = True) -> Iterator[PlainNats]:
    """A nats-server with these arguments, running unless ``started`` is false."""
    with folder() as data:
        server = PlainNats("nats", data / "nats", free_port(), data / "nats.log")
        server.arguments = arguments
        try:
            if started:
                server.start()
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def configured_server(text: str, **files: bytes) -> Iterator[PlainNats]:
    """A running nats-server with this text as its configuration file."""
    with folder() as data:
        for name, content in files.items():
            (data / name).write_bytes(content)
        (Path(data) / "nats.conf").write_text(text)
        with nats_server("--config", str(data / "nats.conf")) as server:
            yield server


class Clients:
    """Makes clients and closes them."""

    def __init__(self) -> None:
        self._made: list[Client] = []

    def start(self, *servers: Nats | str, **options: Any) -> Client:
        """A client that begins to connect to these servers or URLs."""
        urls = [server if isinstance(server, str) else server.url for server in servers]
        client = Client(urls, **{"name": f"test-{len(self._made)}", "timeout": 1.0, **options})
        self._made.append(client)
        client.start()
        return client

    def connect(self, *servers: Nats | str, **options: Any) -> Client:
        """A client that is connected."""
        client = self.start(*servers, **options)
        assert client.wait_connected(5)
        return client

    def close(self) -> None:
        for client in self._made:
            client.close()


def collect(client: Client, subject: str, **options: Any) -> list[Message]:
    """Subscribe and return the list that grows."""
    got: list[Message] = []
    client.subscribe(subject, callback=got.append, **options)
    if client.connected:
        client.flush()
    return got
