"""One call of a service on its way through the replicas: who is asked, when the next one is, and when it is over."""

from collections import deque
from collections.abc import Callable

from urllib3 import BaseHTTPResponse, Timeout
from urllib3 import exceptions as errors

from common.http_order import Order
from common.http_pool import Replica

Send = Callable[[Replica, Timeout], BaseHTTPResponse]
"""Sends the request to a replica."""

REASONS: tuple[tuple[type[Exception], str], ...] = (
    (errors.EmptyPoolError, "all connections are in use"),
    (errors.ClosedPoolError, "the client is stopped"),
    (errors.ConnectTimeoutError, "no connection in time"),
    (errors.NewConnectionError, "no connection"),
    (errors.SSLError, "no TLS connection"),
    (errors.ReadTimeoutError, "no answer in time"),
    (errors.ProtocolError, "the connection broke"),
)

NEVER_SENT = (errors.EmptyPoolError, errors.ClosedPoolError, errors.ConnectTimeoutError, errors.NewConnectionError,
              errors.SSLError)


class FailedError(Exception):
    """No replica gave an answer; the text tells why, replica by replica."""


class _Attempt(Exception):  # noqa: N818  # not an error to anybody but the loop that catches it
    """One replica gave no answer."""

    def __init__(self, text: str, *, processed: bool, broken: bool) -> None:
        """``processed``: the service may have done it. ``broken``: the connection was lost in the middle."""
        super().__init__(text)
        self.processed = processed
        self.broken = broken


class Call:
    """Asks replicas until one answers, or until asking on would be wrong."""

    def __init__(self, order: Order[Replica], *, deadline: float, clock: Callable[[], float],
                 idempotent: bool) -> None:
        """``idempotent``: the service may do it twice without harm."""
        self._order = order
        self._deadline = deadline
        self._clock = clock
        self._idempotent = idempotent

    def run(self, send: Send) -> BaseHTTPResponse:
        """Return an answer with a status below 500. Raises FailedError."""
        plan = deque(self._order.next())
        again: set[Replica] = set()
        reasons: list[str] = []
        while plan:
            replica = plan.popleft()
            try:
                return self._ask(replica, send, 1 + len(plan))
            except _Attempt as attempt:
                reasons.append(f"{replica.address}: {attempt}")
                if attempt.processed and not self._idempotent:
                    break
                if attempt.broken and replica not in again:
                    again.add(replica)  # a kept connection breaks when its server was restarted; a new one may do
                    plan.append(replica)
        raise FailedError("; ".join(reasons))

    def _ask(self, replica: Replica, send: Send, places: int) -> BaseHTTPResponse:
        left = max(self._deadline - self._clock(), 0.001)
        share = left / places
        try:
            response = send(replica, Timeout(connect=share, read=share if self._idempotent else left))
        except errors.HTTPError as error:
            raise self._failed(replica, error) from error
        if response.status == 503:
            self._order.failed(replica)
            raise _Attempt("HTTP 503", processed=False, broken=False)
        if response.status >= 500:
            raise _Attempt(f"HTTP {response.status}", processed=True, broken=False)
        self._order.worked(replica)
        return response

    def _failed(self, replica: Replica, error: errors.HTTPError) -> _Attempt:
        if not isinstance(error, errors.EmptyPoolError):
            self._order.failed(replica)
        text = next((text for kind, text in REASONS if isinstance(error, kind)), type(error).__name__)
        return _Attempt(text, processed=not isinstance(error, NEVER_SENT),
                        broken=isinstance(error, errors.ProtocolError))
