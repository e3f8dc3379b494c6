"""Where each kind of the outbox's rows goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from apps.worker import last_words
from apps.worker.mail_client import MailboxFullError, MailClient
from apps.worker.outbox import NotNowError, Receiver
from apps.worker.rules import chat_control, family_members, letters, player_names
from common import subjects
from common.nats import Client
from common.nats.chat_stream import MUTES
from common.nats.jetstream import JetStream

FULL_BOX_WAIT = timedelta(minutes=2)
REFUSED_WAIT = timedelta(hours=1)
"""A mail that is refused stays until somebody has mended the reason; trying more often would only make work."""


def receivers(mail: MailClient, nats: Client, jetstream: JetStream) -> Mapping[str, Receiver]:
    """Return the receiver of each kind."""
    return mail_receivers(mail) | chat_receivers(nats, jetstream)


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


def chat_receivers(nats: Client, jetstream: JetStream) -> dict[str, Receiver]:
    """Return those that tell the chat."""
    def tell_edges(body: dict[str, Any]) -> None:
        for uid in body["uids"]:
            member = {name: value for name, value in body.items() if name != "uids"} | {"uid": uid}
            nats.publish(subjects.chat_control(body["world"]), payload=orjson.dumps(member))
        nats.flush()

    def tell_name(body: dict[str, Any]) -> None:
        nats.publish(subjects.chat_control(body["world"]), payload=orjson.dumps(body))
        nats.flush()

    def mute(body: dict[str, Any]) -> None:
        last_words.say(jetstream, MUTES, mute_subject(body), body)

    def announce(body: dict[str, Any]) -> None:
        jetstream.store(subjects.system_chat(body["world"]), b":" + body["text"].encode(), body.get("key", ""))

    return {family_members.CHAT_MEMBER: tell_edges, player_names.CHAT_NAME: tell_name, chat_control.CHAT_MUTE: mute,
            chat_control.CHAT_NEWS: announce}


def mute_subject(body: dict[str, Any]) -> str:
    """Return where the edges hear of a mute."""
    if "uid" in body:
        return subjects.chat_mute_player(body["world"], body["uid"])
    if "fid" in body:
        return subjects.chat_mute_family(body["world"], body["fid"])
    return subjects.chat_mute_public(body["world"])
