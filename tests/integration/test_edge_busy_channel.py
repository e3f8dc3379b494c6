"""Clients with the extension that join a channel in which somebody always talks."""

import gevent
import orjson
import pytest

from tests.support.edge import ChatClient, EdgeSystem

OPTIONS = ("--message-burst=100", "--messages-per-second=1000", "--history-limit=1000")
LONGEST_WAIT = 5.0
"""More than the follower's patience; in a busy channel nobody is to wait for a pause."""


def talk(speaker: ChatClient) -> None:
    number = 0
    while True:
        number += 1
        speaker.send(b"0000PUBLIC%d" % number)
        gevent.sleep(0.002)


def heard(client: ChatClient) -> int:
    line = client.line(LONGEST_WAIT)
    assert line is not None
    assert line.startswith(b"000MESSAGE"), line
    return int(orjson.loads(line[10:])["text"])


@pytest.mark.parametrize("wishes", [";", ";after=0", ";last=3"])
def test_who_joins_a_busy_channel_at_a_new_edge_hears_it(wishes: str) -> None:
    system, speaker = EdgeSystem(jetstream=True), None
    try:
        system.start()
        world = system.world()
        speaker = gevent.spawn(talk, system.join(system.edge(*OPTIONS), "anna", world))
        gevent.sleep(0.2)  # so that there is something to read back
        listener = system.connect(system.edge(*OPTIONS)).register(system.auth.nonce("bert", world) + wishes)
        numbers = [heard(listener) for _ in range(40)]
        assert numbers == list(range(numbers[0], numbers[0] + 40))
    finally:
        if speaker is not None:
            speaker.kill()
        system.stop()
