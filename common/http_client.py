"""Calls of the internal HTTP services: JSON over kept connections, with several replicas and one time limit."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
import orjson
from urllib3 import BaseHTTPResponse

from common.breaker import Breaker, MuteError
from common.http_call import Call, FailedError
from common.http_order import Order
from common.http_pool import Replica
from common.metrics import LATENCY_BUCKETS, Counter, Histogram

REQUESTS = Counter("service_requests_total", "Calls of HTTP services", ["service", "outcome"])
SECONDS = Histogram("service_request_seconds", "Time of a call of an HTTP service, failover included", ["service"],
                    buckets=LATENCY_BUCKETS)

REST = 3.0
"""Seconds that a replica that failed is asked last."""

PATIENCE, TRIES = 0.5, 4
"""When a service counts as mute, in seconds, and how many may wait for it then."""

PROBE_SECONDS = 0.8
"""Time limit of ``probe``, within the second that ``common.health`` gives."""

TRICKLE = 0.02
"""Seconds after the time limit when a call is cut off whose answer still comes byte by byte."""

SEND_JSON = {"Content-Type": "application/json"}


class ServiceUnavailableError(Exception):
    """No replica of the service gave an answer that can be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class Reply:
    """What a service answered; ``body`` is the decoded JSON, None with status 304."""

    status: int
    etag: str | None
    body: Any


class JsonClient:
    """Calls one service at one or more base URLs; safe for any number of greenlets."""

    def __init__(self, name: str, urls: Sequence[str], *, timeout: float, connections: int,
                 rest: float = REST, patience: float = PATIENCE, tries: int = TRIES,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """``timeout`` in seconds is for a whole call; ``connections`` is the most to one URL.

        When nobody has had an answer for ``patience`` seconds, only ``tries`` may wait for one; calls beyond them fail
        at once, until there is an answer. Raises ValueError.
        """
        if not urls:
            raise ValueError(f"no URL of the {name} service is given")
        self._name = name
        self._replicas = [Replica(url, connections) for url in urls]
        self._order = Order(self._replicas, rest=rest, clock=clock)
        self._breaker = Breaker(patience=patience, tries=tries, clock=clock)
        self._timeout = timeout
        self._clock = clock

    def start(self) -> None:
        """Nothing to do: connections are made when they are needed."""

    def stop(self) -> None:
        """Close the connections; calls fail from now on."""
        for replica in self._replicas:
            replica.pool.close()

    def post(self, path: str, body: object, *, idempotent: bool = False) -> dict[str, Any]:
        """Post ``body`` as JSON and return the JSON object that is answered, with a status below 500.

        With ``idempotent`` the call may be repeated although the service may have done it already. Raises
        ServiceUnavailableError.
        """
        response = self._call("POST", path, orjson.dumps(body), SEND_JSON, idempotent=idempotent)
        answer = self._decode(response)
        if not isinstance(answer, dict):
            raise ServiceUnavailableError(self._name, f"HTTP {response.status} without a JSON object")
        return answer

    def get(self, path: str, etag: str | None = None) -> Reply:
        """Get a document, or status 304 when it is still the one of ``etag``. Raises ServiceUnavailableError."""
        headers = {} if etag is None else {"If-None-Match": etag}
        response = self._call("GET", path, None, headers, idempotent=True)
        body = None if response.status == 304 else self._decode(response)
        return Reply(response.status, response.headers.get("ETag"), body)

    def probe(self) -> str:
        """Tell ``common.health`` that a replica is alive. Raises ServiceUnavailableError when none is."""
        response = self._call("GET", "/livez", None, {}, idempotent=True, limit=PROBE_SECONDS)
        if response.status != 200:
            raise ServiceUnavailableError(self._name, f"HTTP {response.status} from /livez")
        return "alive"

    def _decode(self, response: BaseHTTPResponse) -> Any:
        try:
            return orjson.loads(response.data)
        except orjson.JSONDecodeError:
            raise ServiceUnavailableError(self._name, f"HTTP {response.status} without JSON") from None

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, idempotent: bool,
              limit: float | None = None) -> BaseHTTPResponse:
        seconds = self._timeout if limit is None else min(self._timeout, limit)
        begun = self._clock()
        outcome = "unavailable"
        call = Call(self._order, deadline=begun + seconds, clock=self._clock, idempotent=idempotent)
        timer = gevent.Timeout(seconds + TRICKLE)

        def ask() -> BaseHTTPResponse:
            return call.run(lambda replica, timeout: replica.request(method, path, body, headers, timeout))

        try:
            with timer:
                response = self._breaker.call(ask, always=limit is not None)
            outcome = "ok" if response.status < 400 else "refused"
        except MuteError as error:
            outcome = "not tried"
            raise ServiceUnavailableError(self._name, str(error)) from None
        except FailedError as error:
            raise ServiceUnavailableError(self._name, str(error)) from None
        except gevent.Timeout as late:
            if late is not timer:  # the caller's own limit
                raise
            raise ServiceUnavailableError(self._name, f"no whole answer within {seconds:g} s") from None
        finally:
            REQUESTS.labels(self._name, outcome).inc()
            SECONDS.labels(self._name).observe(self._clock() - begun)
        return response
