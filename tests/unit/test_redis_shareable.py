"""Which commands may travel on the connection that everybody shares."""

from typing import Any

import pytest

from common.redis_shareable import check_shareable


@pytest.mark.parametrize("command", [
    ("GET", "key"), ("set", "SUBSCRIBE", "BLOCK"), (b"GET", "key"), ("CLIENT LIST",), ("CLIENT", "ID"),
    ("XREAD", "STREAMS", "stream", "0"), ("SCRIPT LOAD", "return 1"), ("CONFIG", "GET", "save"),
])
def test_ordinary_commands_may_be_shared(command: tuple[Any, ...]) -> None:
    check_shareable(command)


@pytest.mark.parametrize(("command", "reason"), [
    (("BLPOP", "list", 0), "would stop everybody"),
    (("blpop", "list", 0), "would stop everybody"),
    ((b"BRPOP", "list", 0), "would stop everybody"),
    (("XREAD", "BLOCK", 0, "STREAMS", "stream", "$"), "would stop everybody"),
    (("XREADGROUP", "GROUP", "g", "c", b"block", 0, "STREAMS", "s", ">"), "would stop everybody"),
    (("SUBSCRIBE", "channel"), "connection of its own"),
    (("MONITOR",), "connection of its own"),
    (("SELECT", 1), "would change the connection"),
    (("WATCH", "key"), "would change the connection"),
    (("MULTI",), "would change the connection"),
    (("CLIENT REPLY", "OFF"), "would change the connection"),
    (("CLIENT", "reply", "OFF"), "would change the connection"),
    (("CLIENT REPLY OFF",), "would change the connection"),
])
def test_commands_that_need_a_connection_of_their_own_are_refused(command: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(NotImplementedError, match=reason):
        check_shareable(command)
