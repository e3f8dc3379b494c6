"""A network to MySQL that breaks at a COMMIT, before the server has seen it or before the client hears of it."""

import gevent.socket as socket

from tests.faults.proxy import Proxy

COMMIT = b"\x07\x00\x00\x00\x03COMMIT"
"""A packet of MySQL's protocol: three bytes of length, its number, the command and its text."""


class CommitProxy(Proxy):
    """Cuts all connections at the next COMMITs."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._cuts: list[bool | None] = []
        self._cut_answer = False
        self._for_good = False

    def cut_next(self, *arrives: bool | None, for_good: bool = False) -> None:
        """Say of each of the next COMMITs whether it reaches the server, without an answer; None: all is well.

        With ``for_good`` the server cannot be reached any more after one that it got.
        """
        self._cuts = list(arrives)
        self._for_good = for_good

    @property
    def left(self) -> int:
        """How many are still to be cut."""
        return len(self._cuts)

    def to_target(self, target: socket.socket, data: bytes) -> None:
        if data != COMMIT or not self._cuts:
            target.sendall(data)
        elif (arrives := self._cuts.pop(0)) is False:
            self.cut()
        else:
            self._cut_answer = arrives is True
            target.sendall(data)

    def to_client(self, client: socket.socket, data: bytes) -> None:
        if self._cut_answer:
            self._cut_answer = False
            if self._for_good:
                self.close()
            self.cut()
        else:
            client.sendall(data)
