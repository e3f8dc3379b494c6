"""The client of the HTTP services against real servers that answer, refuse, stall, break and disappear."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import gevent
import orjson
import pytest
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from common.http_client import JsonClient, ServiceUnavailableError

TIMEOUT = 1.0
SLACK = 0.8  # what a busy machine may add, and less than a second try would take


class Server:
    """Answers with what it was asked; every behaviour that a test needs is a path."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: list[str] = []
        self.clients: set[str] = set()
        self.status = "200 OK"
        self.delay = 0.0
        self.port = 0
        self._server: WSGIServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._server = WSGIServer(listener, self._app, log=None, error_log=None, spawn=Pool())
        self._server.start()

    def kill(self) -> None:
        """Close everything at once, as the kernel does for a process that was killed."""
        if self._server is not None:
            self._server.stop(timeout=0)
            self._server = None

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.requests.append(environ["PATH_INFO"])
        self.clients.add(environ["REMOTE_PORT"])
        body = environ["wsgi.input"].read()
        gevent.sleep(self.delay)
        headers = [("ETag", '"1"')]
        if environ["PATH_INFO"] == "/trickle":
            start_response("200 OK", headers)
            return self._trickle()
        if environ.get("HTTP_IF_NONE_MATCH") == '"1"':
            start_response("304 Not Modified", headers)
            return []
        text = b"<html>" if environ["PATH_INFO"] == "/html" else orjson.dumps(
            {"from": self.name, "path": environ["PATH_INFO"], "body": orjson.loads(body) if body else None})
        start_response(self.status, [*headers, ("Content-Length", str(len(text)))])
        return [text]

    def _trickle(self) -> Iterator[bytes]:
        for _ in range(20):
            gevent.sleep(TIMEOUT / 4)
            yield b" "


class Stalled:
    """Takes connections and says nothing, as a process that was stopped does."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()


class Breaking:
    """Reads a request and closes without an answer."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self._accepting = gevent.spawn(self._accept)

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            with peer:
                peer.recv(65536)
                self.requests += 1

    def close(self) -> None:
        self._accepting.kill()
        self._listener.close()


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started = [Server("one"), Server("two")]
    for server in started:
        server.start()
    yield started
    for server in started:
        server.kill()


@pytest.fixture
def server(servers: list[Server]) -> Server:
    return servers[0]


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    stalled = Stalled()
    yield stalled
    stalled.close()


@pytest.fixture
def breaking() -> Iterator[Breaking]:
    breaking = Breaking()
    yield breaking
    breaking.close()


@pytest.fixture
def make() -> Iterator[Callable[..., JsonClient]]:
    clients: list[JsonClient] = []

    def make_one(*urls: str, timeout: float = TIMEOUT, connections: int = 64, **options: Any) -> JsonClient:
        clients.append(JsonClient("thing", urls, timeout=timeout, connections=connections, **options))
        return clients[-1]

    yield make_one
    for client in clients:
        client.stop()


def free_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def took(function: Callable[..., Any], *arguments: Any, **options: Any) -> float:
    begun = time.monotonic()
    with pytest.raises(ServiceUnavailableError):
        function(*arguments, **options)
    return time.monotonic() - begun


def test_objects_go_there_and_back_over_one_kept_connection(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url + "/prefix/")
    for number in range(5):
        answer = client.post("/echo", {"n": number, "text": "中"})
        assert answer == {"from": "one", "path": "/prefix/echo", "body": {"n": number, "text": "中"}}
    assert len(server.clients) == 1


def test_a_document_that_is_known_is_not_sent_again(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url)
    first = client.get("/document")
    assert (first.status, first.etag, first.body["path"]) == (200, '"1"', "/document")
    again = client.get("/document", first.etag)
    assert (again.status, again.etag, again.body) == (304, '"1"', None)


def test_replicas_take_turns(servers: list[Server], make: Callable[..., JsonClient]) -> None:
    client = make(*[server.url for server in servers])
    assert [client.post("/", {})["from"] for _ in range(4)] == ["one", "two", "one", "two"]


@pytest.mark.parametrize("idempotent", [False, True])
def test_a_replica_that_is_not_there_is_passed_over(
        server: Server, make: Callable[..., JsonClient], idempotent: bool) -> None:
    client = make(free_url(), server.url)
    assert [client.post("/", {}, idempotent=idempotent)["from"] for _ in range(4)] == ["one"] * 4


def test_a_replica_that_refuses_work_is_passed_over(servers: list[Server], make: Callable[..., JsonClient]) -> None:
    servers[0].status = "503 Service Unavailable"
    client = make(*[server.url for server in servers])
    assert {client.post("/", {})["from"] for _ in range(6)} == {"two"}
    assert len(servers[0].requests) == 1


def test_an_error_of_the_service_is_not_repeated_unless_that_is_harmless(
        servers: list[Server], make: Callable[..., JsonClient]) -> None:
    servers[0].status = "500 Internal Server Error"
    client = make(*[server.url for server in servers])
    with pytest.raises(ServiceUnavailableError, match="HTTP 500"):
        client.post("/", {})
    assert not servers[1].requests
    assert {client.post("/", {}, idempotent=True)["from"] for _ in range(4)} == {"two"}


def test_a_broken_connection_is_an_error_unless_repeating_is_harmless(
        server: Server, breaking: Breaking, make: Callable[..., JsonClient]) -> None:
    client = make(breaking.url, server.url)
    with pytest.raises(ServiceUnavailableError, match="the connection broke"):
        client.post("/", {})
    assert (breaking.requests, server.requests) == (1, [])
    again = make(breaking.url, server.url)
    assert again.post("/", {}, idempotent=True)["from"] == "one"
    alone = make(breaking.url)
    with pytest.raises(ServiceUnavailableError):
        alone.post("/", {}, idempotent=True)
    assert breaking.requests == 4  # once more than the first time, and not for ever


def test_a_stalled_replica_costs_one_call_not_all(
        server: Server, stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    client = make(stalled.url, server.url)
    begun = time.monotonic()
    assert [client.get("/").body["from"] for _ in range(30)] == ["one"] * 30
    assert time.monotonic() - begun < TIMEOUT


def test_a_stalled_replica_is_tried_again_by_one_call_after_its_rest(
        server: Server, stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    now = [0.0]
    client = make(stalled.url, server.url, clock=lambda: now[0] + time.monotonic())
    client.get("/")
    now[0] += 10
    greenlets = [gevent.spawn(client.get, "/") for _ in range(40)]
    begun = time.monotonic()
    gevent.wait(greenlets, count=39)
    assert time.monotonic() - begun < TIMEOUT
    gevent.joinall(greenlets, raise_error=True)


def test_no_call_takes_longer_than_its_limit(
        server: Server, stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    assert TIMEOUT * 0.9 < took(make(stalled.url).post, "/", {}) < TIMEOUT + SLACK
    assert took(make(stalled.url, stalled.url.replace("127.0.0.1", "localhost")).get, "/") < TIMEOUT + SLACK
    assert took(make(server.url).get, "/trickle") < TIMEOUT + SLACK
    server.delay = TIMEOUT * 2
    assert took(make(server.url).post, "/", {}, idempotent=True) < TIMEOUT + SLACK


def test_a_stalled_replica_is_asked_last_after_a_call_that_must_not_be_repeated(
        server: Server, stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    client = make(stalled.url, server.url)
    with pytest.raises(ServiceUnavailableError, match="no answer in time"):
        client.post("/", {})
    assert [client.post("/", {})["from"] for _ in range(4)] == ["one"] * 4


def test_the_callers_own_limit_is_the_callers(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url, connections=1)
    server.delay = 0.2
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        client.get("/")
    server.delay = 0
    assert client.get("/").status == 200  # the one connection was given back


def test_a_restarted_server_is_no_error(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url)
    gevent.joinall([gevent.spawn(client.get, "/") for _ in range(10)], raise_error=True)
    server.kill()
    server.start()
    assert [client.post("/", {})["from"] for _ in range(12)] == ["one"] * 12


def test_a_killed_server_is_passed_over_in_mid_traffic(
        servers: list[Server], make: Callable[..., JsonClient]) -> None:
    client = make(*[server.url for server in servers], timeout=10)
    for server in servers:
        server.delay = 0.005
    answers: list[str] = []

    def work() -> None:
        for _ in range(20):
            answer = client.post("/", {}, idempotent=True)
            answers.append(answer["from"])

    greenlets = [gevent.spawn(work) for _ in range(20)]
    while len(answers) < 100:
        gevent.sleep(0.001)
    servers[0].kill()
    gevent.joinall(greenlets, raise_error=True)
    assert len(answers) == 400
    assert set(answers[-100:]) == {"two"}


def test_a_hundred_greenlets_share_few_connections(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url, timeout=10, connections=8)
    server.delay = 0.002

    def work(number: int) -> None:
        for turn in range(5):
            assert client.post("/", [number, turn])["body"] == [number, turn]

    gevent.joinall([gevent.spawn(work, number) for number in range(100)], raise_error=True)
    assert len(server.requests) == 500
    assert len(server.clients) <= 8


def test_waiting_for_a_connection_has_the_same_limit(stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    client = make(stalled.url, connections=1)
    first = gevent.spawn(took, client.post, "/", {})
    gevent.sleep(0.05)
    begun = time.monotonic()
    with pytest.raises(ServiceUnavailableError, match=r"in use|no answer|no whole answer"):
        client.post("/", {})
    assert time.monotonic() - begun < TIMEOUT + SLACK
    first.get()


def test_what_is_no_json_object_is_an_error(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url)
    with pytest.raises(ServiceUnavailableError, match="HTTP 200 without JSON"):
        client.get("/html")
    server.status = "400 Bad Request"
    assert client.post("/", {})["from"] == "one"
    assert client.get("/").status == 400


def test_the_probe_tells_whether_a_replica_lives(
        server: Server, stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    assert make(stalled.url, server.url).probe() == "alive"
    assert server.requests == ["/livez"]
    with pytest.raises(ServiceUnavailableError, match=r"thing: .*no connection") as caught:
        make(free_url()).probe()
    assert caught.value.name == "thing"
    server.status = "404 Not Found"
    with pytest.raises(ServiceUnavailableError):
        make(server.url).probe()


def test_a_stopped_client_makes_no_calls(server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url)
    client.start()
    client.get("/")
    client.stop()
    with pytest.raises(ServiceUnavailableError, match="stopped"):
        client.get("/")


@pytest.mark.parametrize("url", ["", "ftp://host", "http://", "host:80"])
def test_a_wrong_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="is not an http or https URL"):
        JsonClient("thing", [url], timeout=1, connections=1)
    with pytest.raises(ValueError, match="no URL"):
        JsonClient("thing", [], timeout=1, connections=1)


def test_few_wait_for_a_service_that_is_mute_and_all_are_served_when_it_is_back(
        server: Server, make: Callable[..., JsonClient]) -> None:
    client = make(server.url, timeout=10, patience=0.2, tries=3)
    server.delay = 1.0
    early = [gevent.spawn(client.post, "/", {}) for _ in range(3)]
    gevent.sleep(0.3)
    for _ in range(20):
        assert took(client.post, "/", {}) < SLACK
    assert [call.get()["from"] for call in early] == ["one"] * 3
    server.delay = 0.05
    later = [gevent.spawn(client.post, "/", {}) for _ in range(20)]
    assert [call.get()["from"] for call in later] == ["one"] * 20


def test_a_sign_of_life_is_asked_for_although_others_wait(stalled: Stalled, make: Callable[..., JsonClient]) -> None:
    client = make(stalled.url, timeout=1.5, patience=0.1, tries=1)
    waiting = gevent.spawn(took, client.post, "/", {})
    gevent.sleep(0.2)
    assert took(client.post, "/", {}) < 0.5
    assert took(client.probe) >= 0.7
    assert waiting.get() >= 1.0
