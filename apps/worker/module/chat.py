"""The way into the chat: a ticket that the edge redeems once."""

from typing import Unpack

from apps.worker.module.common import ActTools, Reply, ok
from apps.worker.rules import families, family_members

TICKET_BITS = 128
TICKET_SECONDS = 120


def get_login_token_chat(uid: str, **kwargs: Unpack[ActTools]) -> Reply:
    """Return a ticket that opens the chat of the player's world and family, once, within two minutes."""
    random = kwargs["random"]
    name, member = kwargs["database"].read(lambda db: (
        db.value("SELECT gn FROM player WHERE uid = %s", uid), families.membership(db, uid, kwargs["now"])))
    family = family_members.told(member.family if member else None)
    payload = {"uid": uid, "gn": name, "world": kwargs["world"].home, **family}
    ticket = kwargs["services"].auth.register_ticket(
        lambda: str(random.getrandbits(TICKET_BITS)), payload, TICKET_SECONDS)
    return ok({"token": ticket})
