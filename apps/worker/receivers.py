"""Where each kind of the outbox's rows goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from apps.worker.mail_client import MailboxFullError, MailClient
from apps.worker.outbox import NotNowError, Receiver
from apps.worker.rules import letters

FULL_BOX_WAIT = timedelta(minutes=2)


def receivers(mail: MailClient) -> Mapping[str, Receiver]:
    """Return the receiver of each kind."""
    def deliver_mail(body: dict[str, Any]) -> None:
        try:
            mail.send(body["world"], body["uid"], body["key"], body["mail"])
        except MailboxFullError:
            raise NotNowError("the mailbox is full", FULL_BOX_WAIT) from None

    def mark_read(body: dict[str, Any]) -> None:
        mail.mark_read(body["world"], body["uid"], body["keys"])

    return {letters.MAIL: deliver_mail, letters.READ: mark_read}
