"""NATS subjects, built from names that players may choose.

A name becomes one legal subject token. Plain ASCII letters, digits, ``_`` and ``-`` stand as they are; every other byte
of its UTF-8 form is written as ``=`` and two upper-case hexadecimal digits. ``=`` itself is always escaped, so the
encoding is reversible and no two names meet. The empty name has no token.
"""

import re

PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
ESCAPE = re.compile(rb"=([0-9A-F]{2})")
ALL_CHAT = "chat.>"
CHAT_COPIES = "log"
"""Below this stands all chat once more, for the chat log."""
ALL_CHAT_COPIES = f"{CHAT_COPIES}.{ALL_CHAT}"
ALL_CHAT_CONTROL = "control.chat.>"
ALL_CHAT_CHANGES = "control.chat.*"
ALL_CHAT_MUTES = "control.chat.*.mute.>"
ALL_CHAT_REPORTS = "report.chat.>"


def encode(name: str) -> str:
    """Return ``name`` as one subject token. Raises ValueError for the empty name."""
    if not name:
        raise ValueError("an empty name has no subject token")
    return "".join(chr(byte) if byte in PLAIN else f"={byte:02X}" for byte in name.encode())


def decode(token: str) -> str:
    """Return the name that ``encode`` made ``token`` from."""
    return ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), token.encode()).decode()


def public_chat(world: str) -> str:
    """Subject of a world's public chat."""
    return f"chat.{encode(world)}.public"


def family_chat(world: str, family: str) -> str:
    """Subject of a family's chat."""
    return f"chat.{encode(world)}.family.{encode(family)}"


def chat_control(world: str) -> str:
    """Subject of what edges have to know about the players of a world; no chat itself, so not below ``chat``."""
    return f"control.chat.{encode(world)}"


def chat_mute_player(world: str, uid: str) -> str:
    """Subject of what edges have to know about a mute of a player; the last message on it is the one that counts."""
    return f"{chat_control(world)}.mute.player.{encode(uid)}"


def chat_mute_public(world: str) -> str:
    """The same for the public chat of a world."""
    return f"{chat_control(world)}.mute.public"


def chat_mute_family(world: str, family: str) -> str:
    """The same for the chat of a family, by its id, which outlives its name."""
    return f"{chat_control(world)}.mute.family.{encode(family)}"


def private_chat(world: str, uid: str) -> str:
    """Subject of what is said to one player, by uid: whoever takes the name of another one hears nothing of it."""
    return f"chat.{encode(world)}.private.{encode(uid)}"


def system_chat(world: str) -> str:
    """Subject of what game logic announces to a world."""
    return f"chat.{encode(world)}.system"


def family_presence(world: str, family: str) -> str:
    """Subject where edges tell one another who of a family is connected; not below ``chat``, so never logged."""
    return f"presence.chat.{encode(world)}.{encode(family)}"


def chat_report(world: str, reporter: str, message: str) -> str:
    """Subject of what a player reports about one message; the same report has the same subject."""
    return f"report.chat.{encode(world)}.{encode(reporter)}.{encode(message)}"
