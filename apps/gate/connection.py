"""One client's connection: read a request, answer it, close or go on with the next."""

import logging
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from time import monotonic

import gevent

from apps.gate.counts import REFUSED, REQUESTS, SECONDS
from apps.gate.dispatcher import ClientGoneError, Dispatcher
from apps.gate.request import MalformedRequestError, Request, check
from apps.gate.settings import GateSettings
from apps.gate.shares import Visitor
from common.answers import Status, busy, platform
from common.lines import CRLF, LineReader, LineTimeoutError, LineTooLongError, close_after_last_byte

log = logging.getLogger(__name__)

STATUS = re.compile(rb'\{"status": ?(-?\d+)')
"""The start of an answer as workers write it; for the access log only."""
LOGGED_CHARACTERS = 64
"""How much of a client's text goes into a log line."""


class Next(Enum):
    """What comes after a request."""

    REQUEST = auto()
    END = auto()  # close after the last byte: the client has been answered
    CLOSE = auto()  # at once: the client is owed nothing


class ClientConnection:
    """Serves one client from its first byte to the close."""

    def __init__(self, peer: socket.socket, *, settings: GateSettings, dispatcher: Dispatcher,
                 tls: ssl.SSLContext | None, ending: Callable[[], bool], visitor: Visitor,
                 linger: Callable[[int], None]) -> None:
        """``ending`` tells whether the gate is about to leave, so that no further request is taken.

        ``visitor`` counts requests and tells whether their address may send them. ``linger`` takes over a connection,
        as a file descriptor, whose sending side has been ended, and closes it later.
        """
        self._peer = peer
        self._settings = settings
        self._dispatcher = dispatcher
        self._tls = tls
        self._ending = ending
        self._visitor = visitor
        self._linger = linger
        self._idle = True

    def serve(self) -> None:
        """Serve the client until the connection is closed. Raises nothing."""
        then = Next.CLOSE
        try:
            if self._tls is not None:
                self._shake_hands(self._tls)
            then = self._serve_requests()
        except (OSError, LineTimeoutError, ClientGoneError) as error:
            log.debug("connection of a client lost: %r", error)
        except Exception:  # one client's request fails, the gate goes on
            log.exception("a request failed")
            self._apologize()
            then = Next.END
        finally:
            self._close(then)

    def end_if_idle(self) -> None:
        """Take no further byte from a client that has no request with us; what has arrived by now still counts."""
        if self._idle:
            with socket.fromfd(self._peer.fileno(), self._peer.family, self._peer.type) as twin:
                twin.shutdown(socket.SHUT_RD)  # over the twin: gevent would fail the wait of the reader instead

    def _shake_hands(self, tls: ssl.SSLContext) -> None:
        self._peer = tls.wrap_socket(self._peer, server_side=True, do_handshake_on_connect=False)
        with gevent.Timeout(self._settings.line_seconds, LineTimeoutError):
            self._peer.do_handshake()

    def _serve_requests(self) -> Next:
        reader = LineReader(self._peer, self._settings.line_limit)
        then = self._serve_one(reader, self._settings.line_seconds)
        while then is Next.REQUEST and not self._ending():
            self._idle = True
            then = self._serve_one(reader, self._settings.keep_alive_seconds)
        return Next.CLOSE if then is Next.CLOSE else Next.END

    def _serve_one(self, reader: LineReader, seconds: float) -> Next:
        try:
            line = reader.read(seconds)
            self._idle = False
            if line is None:
                return Next.CLOSE
            request = check(line)
        except LineTooLongError:
            return self._refuse(f"longer than {self._settings.line_limit} bytes")
        except LineTimeoutError:
            return self._refuse(f"no line end within {seconds:g} s") if reader.pending else Next.CLOSE
        except MalformedRequestError as error:
            return self._refuse(str(error))
        self._answer(line, request)
        return Next.REQUEST if request.keep_alive else Next.END

    def _answer(self, line: bytes, request: Request) -> None:
        if reason := self._visitor.refusal():
            REQUESTS["busy"].inc()
            REFUSED[reason].inc()
            self._send(busy(self._settings.retry_after))
            return
        begun = monotonic()
        self._visitor.begin()
        try:
            answer = self._dispatcher.answer(line, self._peer)
        finally:
            self._visitor.end()
        seconds = monotonic() - begun
        SECONDS.observe(seconds)
        self._log(request, answer, seconds)
        self._send(answer)

    def _refuse(self, reason: str) -> Next:
        """Say what is wrong with a request; nothing more is read, for where the next one begins is not known."""
        self._idle = False
        REQUESTS["malformed"].inc()
        self._send(platform(Status.MALFORMED, f"malformed request: {reason}"))
        return Next.END

    def _apologize(self) -> None:
        with suppress(OSError):
            self._send(platform(Status.PROGRAMMING_ERROR, "programming error"))

    def _send(self, answer: bytes) -> None:
        self._peer.settimeout(self._settings.send_seconds)
        self._peer.sendall(answer + CRLF)

    def _close(self, then: Next) -> None:
        if then is Next.CLOSE:
            self._peer.close()
        elif self._tls is None:
            self._end_our_side()
        else:
            close_after_last_byte(self._peer, self._settings.close_seconds)

    def _end_our_side(self) -> None:
        try:
            self._peer.shutdown(socket.SHUT_WR)
        except OSError:  # the client is gone
            self._peer.close()
        else:
            self._linger(self._peer.detach())

    def _log(self, request: Request, answer: bytes, seconds: float) -> None:
        level = logging.INFO if self._settings.access_log else logging.DEBUG
        if log.isEnabledFor(level):
            status = STATUS.match(answer)
            log.log(level, "request", extra={
                "function": request.function[:LOGGED_CHARACTERS],
                "status": int(status[1]) if status else None,
                "milliseconds": round(seconds * 1000, 1),
            })
