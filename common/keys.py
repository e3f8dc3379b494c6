"""Names of everything in Redis that more than one service reads or writes. No client text becomes part of a key."""


def message(message_id: str) -> str:
    """Key that holds the id of the gate where a client waits for this message's answer."""
    return message_id


def gate(gate_id: str) -> str:
    """Key that holds ``<ip>:<worker port>`` of a gate while it serves."""
    return f"gates.id.{gate_id}"


def live_token(kind: str, uid: str) -> str:
    """Key that holds the id (``jti``) of the one token of this kind that is live for ``uid``."""
    return f"auth.token.{kind}.{uid}"


def nonce(digest: str) -> str:
    """Key of a registered nonce; ``digest`` is the hexadecimal SHA-256 of the nonce, which may be any text."""
    return f"auth.nonce.{digest}"
