"""Options of the mail service."""

import re
from dataclasses import dataclass

from apps.mail.checks import HARD_LIMITS, Limits
from common.http_service import HttpServiceSettings
from common.options import option

DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, kw_only=True)
class MailSettings(HttpServiceSettings):
    """Keeps the mails of players, a Maildir each, and serves them to workers over HTTP."""

    port: int = option(8020, "HTTP port", least=0)
    mail_root: str = option("", "Folder of all mailboxes, on a volume that all mail processes share; required")
    mail_domain: str = option("game.invalid", "Domain of the mail addresses and message ids in the files")
    box_size: int = option(50, "Mails that a mailbox holds", least=1)
    batch_size: int = option(200, "Mails that one call may deliver", least=1)
    list_batch_size: int = option(32, "Mailboxes that one call may list, or count the mails of", least=1)
    lock_seconds: float = option(1.2, "Seconds to wait for a mailbox that another process works on", least=0)
    io_seconds: float = option(10.0, "Seconds that one piece of work on the disk may take", least=0.1)
    io_threads: int = option(8, "Threads that work on the disk", least=1)
    from_limit: int = option(64, f"Characters of a sender's name, at most {HARD_LIMITS.sender}", least=0)
    subj_limit: int = option(64, f"Characters of a subject, at most {HARD_LIMITS.subj}", least=0)
    body_limit: int = option(500, f"Characters of a body, at most {HARD_LIMITS.body}", least=0)
    items_limit: int = option(2000, f"Characters of the items of a gift, at most {HARD_LIMITS.items}", least=0)
    tombstone_days: float = option(1.0, "Days for which a deleted mail's key is remembered", least=0)
    tmp_hours: float = option(36.0, "Hours after which a delivery that never ended is removed", least=1)
    cache_mails: int = option(10_000, "Mails that are kept in memory, ready to list", least=0)

    @property
    def limits(self) -> Limits:
        """The limits on the parts of a mail."""
        return Limits(sender=self.from_limit, subj=self.subj_limit, body=self.body_limit, items=self.items_limit)


def check(settings: MailSettings) -> None:
    """Raise ValueError, naming the option, when the settings do not fit together."""
    if not settings.mail_root:
        raise ValueError("--mail-root (or MAIL_ROOT) is required")
    if len(settings.mail_domain) > 200 or not DOMAIN.fullmatch(settings.mail_domain):
        raise ValueError("--mail-domain (or MAIL_DOMAIN) is not a domain name")
    names = {"sender": "from", "subj": "subj", "body": "body", "items": "items"}
    for field, name in names.items():
        if getattr(settings.limits, field) > getattr(HARD_LIMITS, field):
            raise ValueError(f"--{name}-limit is larger than {getattr(HARD_LIMITS, field)}")
