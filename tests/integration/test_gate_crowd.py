"""More clients on kept connections than workers can serve."""

from collections import Counter
from pathlib import Path

import gevent
from gevent.lock import BoundedSemaphore

from tests.support.gate import NOW, connect, running, status

CLIENTS, REQUESTS = 150, 4
KEPT = b'{"function":"f","keep_alive":true}\r\n'


def test_requests_on_kept_connections_are_refused_when_they_would_wait_too_long(tmp_path: Path) -> None:
    turn, found = BoundedSemaphore(), Counter[int]()

    def one_after_the_other(_: bytes) -> bytes:
        with turn:
            gevent.sleep(0.002)
            return NOW

    with running(tmp_path, address_share=1, lag_seconds=5) as system:  # a busy machine makes a gate late, too
        system.worker.behave = one_after_the_other

        def client() -> None:
            with connect(system.gate.port) as peer:
                lines = peer.makefile("rb")
                for _ in range(REQUESTS):
                    peer.sendall(KEPT)
                    found[status(lines.readline())] += 1

        gevent.joinall([gevent.spawn(client) for _ in range(CLIENTS)], raise_error=True)
        assert system.gate.metric('gate_refused_total{reason="pending"}') == found[-3] > 0
    assert found[0] + found[-3] == CLIENTS * REQUESTS
