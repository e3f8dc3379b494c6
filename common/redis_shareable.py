"""Which commands a connection that everybody shares cannot carry."""

from typing import Any

BLOCKING = frozenset({"BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP",
                      "WAIT", "WAITAOF"})
SUBSCRIBING = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE",
                         "MONITOR", "SYNC", "PSYNC"})
STATE = frozenset({"WATCH", "UNWATCH", "MULTI", "EXEC", "DISCARD", "SELECT", "AUTH", "HELLO", "RESET", "QUIT",
                   "CLIENT REPLY", "CLIENT TRACKING", "HIMPORT"})
MAY_BLOCK = frozenset({"XREAD", "XREADGROUP"})
TWO_WORDS = frozenset({"CLIENT", "HIMPORT"})

_SUSPECTS = BLOCKING | SUBSCRIBING | STATE | MAY_BLOCK | TWO_WORDS


def check_shareable(args: tuple[Any, ...]) -> None:
    """Raise NotImplementedError for a command that would stop, or change the state of, everybody's connection."""
    name = args[0]
    if not isinstance(name, str):
        name = bytes(name).decode()
    name = name.upper()
    if name in _SUSPECTS or " " in name:
        _refuse(name, args)


def _refuse(name: str, args: tuple[Any, ...]) -> None:
    words = name.split()
    if words[0] in TWO_WORDS and len(words) == 1 and len(args) > 1:
        words.append(_text(args[1]))
    if words[0] in BLOCKING or (words[0] in MAY_BLOCK and any(_text(argument) == "BLOCK" for argument in args)):
        raise NotImplementedError(f"{words[0]} would stop everybody who shares the connection")
    if words[0] in SUBSCRIBING:
        raise NotImplementedError(f"{words[0]} needs a connection of its own")
    if words[0] in STATE or " ".join(words[:2]) in STATE:
        raise NotImplementedError(f"{name} would change the connection for everybody who shares it")


def _text(argument: Any) -> str:
    return (argument.decode("utf-8", "replace") if isinstance(argument, bytes) else str(argument)).upper()
