"""The errors that end a program with one line instead of a stack."""

import pymysql
import redis

from apps.mail.box import BoxBusyError
from common.nats.errors import NATSError
from operations.archive import BadBackupError
from operations.database import DatabaseNotEmptyError, NotLockedError
from operations.mailboxes import BadArchiveError, MailNotEmptyError

EXPECTED = (OSError, ValueError, pymysql.MySQLError, redis.RedisError, NATSError, BoxBusyError, BadBackupError,
            DatabaseNotEmptyError, NotLockedError, BadArchiveError, MailNotEmptyError)
