import _socket
import os
import socket
from contextlib import closing

import gevent

from apps.gate.acceptor import ACCEPTED_A_TURN, Acceptor

MOST = 10 * ACCEPTED_A_TURN


def test_the_end_does_not_wait_for_clients_that_go_on_coming() -> None:
    come = 0

    def another(_address: str) -> bool:
        """Refuse, and let the next client connect at once, as a crowd does."""
        nonlocal come
        come += 1
        assert come < MOST, "the end takes for ever"
        with closing(_socket.socket()) as client:  # connects without a turn of the event loop
            client.connect(("127.0.0.1", acceptor.port))
        return False

    acceptor = Acceptor("127.0.0.1", 0, lambda peer, address: None, admit=another, refuse=os.close, backlog=128,
                        spawn=gevent.spawn)
    acceptor.start()
    with closing(_socket.socket()) as first:
        first.connect(("127.0.0.1", acceptor.port))
        acceptor.stop()
    assert 0 < come < MOST


def test_who_has_connected_is_accepted_at_the_end() -> None:
    served: list[socket.socket] = []
    acceptor = Acceptor("127.0.0.1", 0, lambda peer, _: served.append(peer), admit=lambda _: True, refuse=os.close,
                        backlog=128, spawn=gevent.spawn)
    acceptor.start()
    clients = [socket.create_connection(("127.0.0.1", acceptor.port)) for _ in range(20)]
    acceptor.stop()
    assert len(served) == len(clients) < ACCEPTED_A_TURN
    for one in [*clients, *served]:
        one.close()
