"""What client functions may use besides the database."""

from dataclasses import dataclass
from datetime import timedelta

import redis

from apps.worker.auth_client import AuthClient
from apps.worker.codes import Codes
from apps.worker.mail_client import MailClient
from apps.worker.passwords import Passwords
from apps.worker.rules.friends import OpenRequests
from apps.worker.throttle import Throttle
from apps.worker.wording import Wording


@dataclass(frozen=True)
class Services:
    """One of each for the whole process; all are safe to use from many greenlets."""

    auth: AuthClient
    mail: MailClient
    redis: "redis.Redis"
    passwords: Passwords
    codes: Codes
    logins: Throttle
    open_requests: OpenRequests
    words: Wording
    longest_mute: timedelta
    """For so long the chat remembers a mute."""
