"""Take the answers of workers: ``<message id>~<answer line>`` frames on kept connections."""

import logging
import os
import socket
from collections.abc import Callable
from functools import partial

import gevent

from apps.gate.acceptor import Acceptor
from apps.gate.background import Spawn
from common import frames
from common.connection_limits import ConnectionLimits
from common.lines import LineReader, LineTooLongError
from common.metrics import Counter, Gauge

log = logging.getLogger(__name__)

BACKLOG = 256
FRAMES_A_TURN = 100
"""Frames of one worker that are handed over before others get a turn."""

KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""A connection may be silent for ever, but one whose worker has vanished ends after about a minute."""

CONNECTIONS = Gauge("gate_worker_connections", "Connections of workers")
UNKNOWN = Counter("gate_unknown_answers_total", "Answers that nobody waited for: late, doubled or forged")
BAD_FRAMES = Counter("gate_bad_frames_total", "Frames of workers that were none, or too long")


class WorkerServer:
    """Hands each answer to who waits for it. What a worker sends wrong is counted and harms nobody else."""

    def __init__(self, *, host: str, port: int, limit: int, max_connections: int,
                 deliver: Callable[[str, bytes], bool], spawn: Spawn) -> None:
        """``limit`` is the largest answer in bytes; ``deliver`` says whether anybody waited, and never blocks."""
        self._limit = limit
        self._deliver = deliver
        self._limits = ConnectionLimits(total=max_connections)
        self._acceptor = Acceptor(host, port, partial(gevent.spawn, self._handle), admit=self._admit, refuse=os.close,
                                  backlog=BACKLOG, spawn=spawn)
        self._peers: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """The port that workers connect to, after start."""
        return self._acceptor.port

    def start(self) -> None:
        CONNECTIONS.set_function(self._limits.__len__)
        self._acceptor.start()

    def stop(self) -> None:
        self._acceptor.stop()
        for peer in list(self._peers):
            peer.close()  # its reader then ends

    def _admit(self, address: str) -> bool:
        refused = bool(self._limits.admit(address))
        if refused:
            log.warning("too many connections of workers", extra={"peer": address})
        return not refused

    def _handle(self, peer: socket.socket, address: str) -> None:
        self._peers.add(peer)
        try:
            self._read_frames(peer, address)
        except OSError as error:
            log.debug("connection of a worker lost: %s", error, extra={"peer": address})
        finally:
            self._peers.discard(peer)
            self._limits.leave(address)
            peer.close()

    def _read_frames(self, peer: socket.socket, address: str) -> None:
        _notice_vanished_peer(peer)
        reader = LineReader(peer, self._limit + frames.OVERHEAD)
        taken = 0
        try:
            while (frame := reader.read(None)) is not None:
                self._take(frame)
                taken += 1
                if taken % FRAMES_A_TURN == 0:
                    gevent.sleep(0)
        except LineTooLongError:
            BAD_FRAMES.inc()
            log.warning("a worker sent an answer over the limit", extra={"peer": address, "limit": self._limit})

    def _take(self, frame: bytes) -> None:
        try:
            message_id, answer = frames.decode(frame)
        except frames.FrameError:
            BAD_FRAMES.inc()
            return
        if not self._deliver(message_id, answer):
            UNKNOWN.inc()


def _notice_vanished_peer(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if hasattr(socket, name):  # not every system has them all
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
