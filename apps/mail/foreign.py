"""Mails that were put into a mailbox by another program or by hand: shown as well as possible (pure)."""

import email.parser  # the library loads its parser late, and a thread of the pool is no place for that
import email.policy
from datetime import datetime
from email.message import EmailMessage
from typing import NamedTuple

from apps.mail.checks import CONTROL, Limits
from apps.mail.message import TYPES, Content

PARSER = email.parser.BytesParser(policy=email.policy.default)


class ForeignMail(NamedTuple):
    """What a mail says, and its date in Unix time if it has one."""

    content: Content
    seconds: int | None


def parse(data: bytes, limits: Limits) -> ForeignMail | None:
    """Return the mail, its parts cut to ``limits``; None for what is no mail."""
    try:
        message = PARSER.parsebytes(data)
        return ForeignMail(_content(message, limits), _date(message)) if message.keys() else None
    except Exception:  # noqa: BLE001  # on broken input the library raises whatever its parsers run into
        return None


def _content(message: EmailMessage, limits: Limits) -> Content:
    kind = _header(message, "X-Mail-Type", 1)
    return Content(
        type=kind if kind in TYPES else TYPES[0],
        sender=_sender(message, limits.sender),
        subj=_header(message, "Subject", limits.subj),
        body=_clean(_body(message))[:limits.body],
        items=_header(message, "X-Mail-Items", limits.items) if "X-Mail-Items" in message else None,
    )


def _sender(message: EmailMessage, limit: int) -> str:
    addresses = getattr(message["From"], "addresses", ())
    name = str(addresses[0].display_name or addresses[0].addr_spec) if addresses else str(message["From"] or "")
    return CONTROL.sub(" ", _clean(name))[:limit]


def _header(message: EmailMessage, name: str, limit: int) -> str:
    return CONTROL.sub(" ", _clean(str(message[name] or "")))[:limit]


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    return str(part.get_content()) if part is not None else ""


def _clean(text: str) -> str:
    """Replace what JSON cannot carry: the library keeps undecodable bytes as lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _date(message: EmailMessage) -> int | None:
    date = getattr(message["Date"], "datetime", None)
    if not isinstance(date, datetime) or not 1970 < date.year < 9999:
        return None
    return int(date.timestamp())
