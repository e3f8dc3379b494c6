"""Where each kind of the outbox's rows goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from apps.worker.mail_client import MailboxFullError, MailClient
from apps.worker.outbox import NotNowError, Receiver
from apps.worker.rules import chat_control, family_members, letters
from common import subjects
from common.nats import Client

FULL_BOX_WAIT = timedelta(minutes=2)
REFUSED_WAIT = timedelta(hours=1)
"""A mail that is refused stays until somebody has mended the reason; trying more often would only make work."""


def receivers(mail: MailClient, nats: Client) -> Mapping[str, Receiver]:
    """Return the receiver of each kind."""
    return mail_receivers(mail) | chat_receivers(nats)


def mail_receivers(mail: MailClient) -> dict[str, Receiver]:
    """Return those that bring things to mailboxes."""
    def deliver_mail(body: dict[str, Any]) -> None:
        try:
            mail.send(body["world"], body["uid"], body["key"], body["mail"])
        except MailboxFullError:
            raise NotNowError("the mailbox is full", FULL_BOX_WAIT) from None
        except ValueError as error:
            raise NotNowError(f"the mail service refuses it: {error}", REFUSED_WAIT) from error

    def mark_listed(body: dict[str, Any]) -> None:
        mail.mark_listed(body["world"], body["uid"], body["keys"])

    def mark_read(body: dict[str, Any]) -> None:
        mail.mark_read(body["world"], body["uid"], body["keys"])

    def delete(body: dict[str, Any]) -> None:
        mail.delete(body["world"], body["uid"], body["keys"])

    return {letters.MAIL: deliver_mail, letters.LISTED: mark_listed, letters.READ: mark_read, letters.DELETED: delete}


def chat_receivers(nats: Client) -> dict[str, Receiver]:
    """Return those that tell the chat."""
    def tell_edges(body: dict[str, Any]) -> None:
        for uid in body["uids"]:
            member = {"world": body["world"], "uid": uid, "fn": body["fn"], "time": body["time"]}
            nats.publish(subjects.chat_control(body["world"]), payload=orjson.dumps(member))
        nats.flush()

    def mute(body: dict[str, Any]) -> None:
        world = body["world"]
        subject = subjects.chat_mute_player(world, body["uid"]) if "uid" in body else subjects.chat_mute_public(world)
        nats.publish(subject, payload=orjson.dumps(body))
        nats.flush()

    def announce(body: dict[str, Any]) -> None:
        nats.publish(subjects.system_chat(body["world"]), payload=b":" + body["text"].encode())
        nats.flush()

    return {family_members.CHAT_MEMBER: tell_edges, chat_control.CHAT_MUTE: mute, chat_control.CHAT_NEWS: announce}
