"""E-mail addresses and phone numbers of accounts, and how many codes may be sent to them a day."""

import re
from dataclasses import dataclass
from datetime import date

from apps.worker.rules.accounts import Account
from common.mysql import Transaction

EMAIL_FORM = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
PHONE_FORM = re.compile(r"\+?[0-9]{5,19}")
LONGEST = 50


@dataclass(frozen=True)
class Medium:
    """A way to reach a person: what it is called in each place, and the form of its addresses."""

    name: str
    code_medium: str
    identifier: str
    field: str
    form: re.Pattern[str]
    update: str

    def normal(self, address: str) -> str | None:
        """Return the address as it is stored, or None when it is none."""
        lowered = address.lower()
        return lowered if len(lowered) <= LONGEST and self.form.fullmatch(lowered) else None

    def of(self, account: Account) -> str | None:
        """Return the bound address of an account."""
        return account.email if self.code_medium == "email" else account.phone


EMAIL = Medium("e-mail address", "email", "email", "email", EMAIL_FORM,
               "UPDATE account SET email = %s WHERE uid = %s")
PHONE = Medium("phone number", "phone", "phone_number", "phone", PHONE_FORM,
               "UPDATE account SET phone = %s WHERE uid = %s")


def set_address(db: Transaction, uid: str, medium: Medium, address: str | None) -> None:
    """Bind or unbind. Raises DuplicateError when the address is another account's."""
    db.execute(medium.update, address, uid)


def count_code(db: Transaction, uid: str, day: date, top: int) -> bool:
    """Count a code of today; return whether it may be sent. Counting first leaves no room for parallel requests."""
    db.execute("DELETE FROM code_quota WHERE account = %s AND day < %s", uid, day)
    db.execute("INSERT INTO code_quota (account, day, sent) VALUES (%s, %s, 1) ON DUPLICATE KEY UPDATE sent = sent + 1",
               uid, day)
    sent: int = db.value("SELECT sent FROM code_quota WHERE account = %s AND day = %s", uid, day)
    return sent <= top
