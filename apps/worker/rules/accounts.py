"""Rows of ``account``."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from random import Random

from apps.worker.rules import utc
from common.mysql import Row, Statements, Transaction

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
ID_LENGTH = 20
SELECT = "SELECT uid, account, password, email, phone FROM account WHERE "
# A client names what it logs in by; the column is chosen here, never pasted.
BY_IDENTIFIER = {
    "account": SELECT + "account = %s",
    "email": SELECT + "email = %s",
    "phone_number": SELECT + "phone = %s",
}


@dataclass(frozen=True)
class Account:
    """One account; what is not bound is None."""

    uid: str
    account: str | None
    password: str | None
    email: str | None
    phone: str | None

    def as_data(self) -> dict[str, str]:
        """Return what its owner gets; empty where nothing is bound."""
        return {"account": self.account or "", "email": self.email or "", "phone_number": self.phone or ""}


def new_id(random: Random, prefix: str) -> str:
    """Return an opaque id of 100 random bits: ``prefix`` and lower-case letters and digits."""
    return prefix + "".join(random.choice(ALPHABET) for _ in range(ID_LENGTH))


def new_uid(random: Random) -> str:
    """Return the uid of a new account."""
    return new_id(random, "u")


def device_digest(device: str) -> bytes:
    """Return what is stored of a device id, which is as good as a password."""
    return hashlib.sha256(device.encode()).digest()


def by_uid(db: Statements, uid: str) -> Account:
    """Return the account of a valid token."""
    account = _account(db.one(SELECT + "uid = %s", uid))
    if account is None:
        raise LookupError("the account of a valid token does not exist")
    return account


def by_device(db: Statements, digest: bytes) -> Account | None:
    """Return the account of a device."""
    return _account(db.one(SELECT + "device = %s", digest))


def by_identifier(db: Statements, identifier: str, value: str) -> Account | None:
    """Return the account that has this name, e-mail address or phone number, all in lower case.

    The database would take one with spaces behind it for the same one without; tries to log in are counted apart.
    """
    exact = value.isascii() and not value.endswith(" ")
    return _account(db.one(BY_IDENTIFIER[identifier], value)) if exact else None


def create(db: Transaction, uid: str, device: bytes, *, name: str | None, password: str | None, now: datetime) -> None:
    """Make an account. Raises DuplicateError."""
    db.execute("INSERT INTO account (uid, device, account, password, created) VALUES (%s, %s, %s, %s, %s)",
               uid, device, name, password, utc.stored(now))


def bind(db: Transaction, uid: str, name: str, password: str) -> None:
    """Give a guest a name and a password. Raises DuplicateError."""
    db.execute("UPDATE account SET account = %s, password = %s WHERE uid = %s AND account IS NULL", name, password, uid)


def set_password(db: Transaction, uid: str, password: str) -> None:
    """Replace the stored hash."""
    db.execute("UPDATE account SET password = %s WHERE uid = %s", password, uid)


def _account(row: Row | None) -> Account | None:
    return None if row is None else Account(*row)
