"""What the tests of the edge start: NATS, edges as processes, an auth that knows nonces, and chat clients."""

import itertools
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import orjson
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from apps.local.ports import free_port
from apps.worker.name_desk import NameDesk
from apps.worker.rules.player_names import Bearer
from common.nats import Client
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
NATS_SERVER = Path(sys.executable).parent / "nats-server"
WAIT = 20.0


class NatsServer:
    """A real NATS server that can be killed and started again on its port."""

    def __init__(self, port: int = 0, *, jetstream: bool = False) -> None:
        """With ``jetstream`` it keeps streams, in a folder that ``remove`` removes."""
        self.port = port or free_port()
        self._store = tempfile.mkdtemp(prefix="nats-") if jetstream else ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        streams = ["--jetstream", "--store_dir", self._store] if self._store else []
        self._process = subprocess.Popen([NATS_SERVER, "-a", "127.0.0.1", "-p", str(self.port), *streams],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._listens)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._store, ignore_errors=True)

    def keep_copy(self, folder: Path) -> None:
        """Copy what the streams hold while it does not run, for ``go_back``."""
        shutil.copytree(self._store, folder)

    def go_back(self, folder: Path | None = None) -> None:
        """Lose what the streams hold, or what they got after a copy, while it does not run."""
        shutil.rmtree(self._store)
        if folder:
            shutil.copytree(folder, self._store)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class NonceAuth:
    """``/redeem_nonce`` of auth, over HTTP; each nonce is good once."""

    def __init__(self) -> None:
        self._nonces: dict[str, dict[str, Any]] = {}
        self._bearers: dict[tuple[str, str], Bearer] = {}
        self._server = WSGIServer(("127.0.0.1", 0), self._app, log=None, spawn=Pool())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(timeout=0.1)

    def nonce(self, game_name: str, world: str = "s1", family: str = "", since: str = "2020-01-01T00:00:00.000",
              uid: str = "") -> str:
        """Register a nonce; ``since`` is when the family got its name, ``uid`` is made of the name where not given."""
        nonce = str(secrets.randbits(128))
        bearer = self._bearers[world, game_name.casefold()] = Bearer(uid or f"uid of {game_name}", game_name)
        of_family = {"fn": family, "fid": f"id of {family}", "since": since} if family else {"fn": ""}
        self._nonces[nonce] = {"gn": game_name, "world": world, "uid": bearer.uid, **of_family}
        return nonce

    def bearer(self, world: str, game_name: str) -> Bearer | None:
        """Return who had a nonce under a name, as a worker finds it in the database."""
        return self._bearers.get((world, game_name.casefold()))

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        if environ["PATH_INFO"] != "/redeem_nonce":
            return [b"{}"]
        keys = orjson.loads(environ["wsgi.input"].read())["keys"]
        return [orjson.dumps({key: self._redeem(key) for key in keys})]

    def _redeem(self, nonce: str) -> dict[str, Any]:
        payload = self._nonces.pop(nonce, None)
        return {"status": 1} if payload is None else {"status": 0, **payload}


class Edge:
    """An edge in a process of its own."""

    def __init__(self, nats_url: str, auth_url: str, *options: str) -> None:
        self.port, self.ops_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.edge", f"--client-port={self.port}", f"--ops-port={self.ops_port}",
             f"--nats-url={nats_url}", f"--auth-url={auth_url}", "--log-format=text", *options],
            cwd=ROOT, stderr=subprocess.PIPE)
        self.log = b""
        self._log_reader = gevent.spawn(self._read_log)

    def wait_ready(self) -> None:
        wait_for(self.ready)

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.decode()
        return self.page("/readyz")[0] == 200

    def metric(self, name: str) -> float:
        """Return the value of a metric, such as ``edge_rooms`` or ``edge_joins_total{result="refused"}``."""
        for line in self.page("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End the process and return its exit code."""
        if self.process.poll() is None:
            self.terminate()
        try:
            code = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._log_reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line


class ChatClient:
    """A client that speaks the line protocol."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> None:
        self.peer = socket.socket()
        if receive_buffer:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.peer.settimeout(WAIT)
        self.peer.connect(("127.0.0.1", port))
        if tls is not None:
            self.peer = tls.wrap_socket(self.peer, server_hostname="localhost")
        self._buffer = b""

    def send(self, *lines: bytes) -> None:
        self.peer.sendall(b"".join(line + b"\r\n" for line in lines))

    def line(self, seconds: float = WAIT) -> bytes | None:
        """Return the next line, None when the server has closed cleanly. Raises OSError on a reset or too late."""
        self.peer.settimeout(seconds)
        while b"\r\n" not in self._buffer:
            chunk = self.peer.recv(65536)
            if not chunk:
                assert not self._buffer, "half a line before the end"
                return None
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def lines(self, count: int) -> list[bytes | None]:
        return [self.line() for _ in range(count)]

    def silent(self, seconds: float = 0.2) -> bool:
        try:
            return self.line(seconds) is None
        except TimeoutError:
            return True

    def register(self, nonce: str) -> "ChatClient":
        self.send(b"00REGISTER" + nonce.encode())
        assert self.line() == b"00000000OK"
        return self

    def close(self) -> None:
        self.peer.close()


class EdgeSystem:
    """NATS, auth, and whatever edges and clients a test asks for; stops all of it."""

    def __init__(self, *, jetstream: bool = False) -> None:
        self.nats = NatsServer(jetstream=jetstream)
        self.auth = NonceAuth()
        self._edges: list[Edge] = []
        self._clients: list[ChatClient] = []
        self._names = itertools.count()
        self._client: Client | None = None
        self._desk: NameDesk | None = None

    def start(self) -> None:
        self.nats.start()
        self.auth.start()

    def tell_names(self) -> "EdgeSystem":
        """Let edges be told who has a name, as workers do it; return this."""
        self._client = Client([self.nats.url], name="worker")
        self._client.start()
        assert self._client.wait_connected(WAIT)
        self._desk = NameDesk(self._client, self.auth.bearer, subject="names", queue_group="workers", concurrency=4,
                              queue=256, seconds=1.0, clock=time.monotonic)
        self._desk.start()
        return self

    def edge(self, *options: str, auth_url: str = "") -> Edge:
        edge = Edge(self.nats.url, auth_url or self.auth.url, *options)
        self._edges.append(edge)
        edge.wait_ready()
        return edge

    def kill(self, edge: Edge) -> None:
        """End an edge as kill -9 does."""
        self._edges.remove(edge)
        edge.process.kill()
        edge.stop()

    def connect(self, edge: Edge, tls: ssl.SSLContext | None = None) -> ChatClient:
        return self.own(ChatClient(edge.port, tls))

    def own(self, client: ChatClient) -> ChatClient:
        """Close ``client`` with the others."""
        self._clients.append(client)
        return client

    def join(self, edge: Edge, game_name: str, world: str = "s1", family: str = "",
             tls: ssl.SSLContext | None = None) -> ChatClient:
        return self.connect(edge, tls).register(self.auth.nonce(game_name, world, family))

    def world(self) -> str:
        """Return a world that no other test uses."""
        return f"world {next(self._names)}"

    def close_clients(self) -> None:
        while self._clients:
            self._clients.pop().close()

    def stop(self) -> None:
        self.close_clients()
        try:
            self.stop_edges()
        finally:
            self._stop_telling()
            self.auth.stop()
            self.nats.remove()

    def _stop_telling(self) -> None:
        if self._desk and self._client:
            self._desk.stop()
            self._client.close()

    def stop_edges(self) -> None:
        edges, self._edges = self._edges, []
        codes = [edge.stop() for edge in edges]
        assert not any(codes), [edge.log.decode() for edge in edges]
