"""E-mail addresses and phones of an account, each proved by a code that was sent to it.

The two media follow the same rules; only the names of the fields that clients get differ.
"""

import re
from typing import Unpack

from apps.worker.codes import Purpose
from apps.worker.module.common import GameError, Reply, Tools, ok
from apps.worker.rules import accounts, addresses
from apps.worker.rules.addresses import EMAIL, PHONE, Medium
from apps.worker.senders import SendError
from common.mysql import DuplicateError

BIND, UNBIND = 0, 1
ACTIONS = {BIND: "bind", UNBIND: "unbind"}
CODE = re.compile(r"[0-9]{1,10}")


def bind_email(uid: str, email: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send a code to an address. 99: no account. 98: has an address. 97: used. 96: not sent, or no address."""
    return _request_bind(EMAIL, uid, email, **kwargs)


def unbind_email(uid: str, email: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send a code to the bound address. 99: no account. 98: none bound. 97: another address. 96: not sent."""
    return _request_unbind(EMAIL, uid, email, **kwargs)


def verify_email_code(uid: str, code: str, status: int = BIND, **kwargs: Unpack[Tools]) -> Reply:
    """Bind (0) or unbind (1) with a code. 99: wrong code. 98: has an address. 97: taken meanwhile. 90: other status."""
    return _verify(EMAIL, uid, code, status, **kwargs)


def bind_phone(phone_number: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send a code to a phone. As for e-mail; 95: enough codes for today."""
    return _request_bind(PHONE, kwargs["account_uid"], phone_number, **kwargs)


def unbind_phone(phone_number: str, **kwargs: Unpack[Tools]) -> Reply:
    """Send a code to the bound phone. As for e-mail; 95: enough codes for today."""
    return _request_unbind(PHONE, kwargs["account_uid"], phone_number, **kwargs)


def verify_phone_code(uid: str, code: str, status: int = BIND, **kwargs: Unpack[Tools]) -> Reply:
    """Bind (0) or unbind (1) with a code. As for e-mail."""
    return _verify(PHONE, uid, code, status, **kwargs)


def _request_bind(medium: Medium, uid: str, address: str, **kwargs: Unpack[Tools]) -> Reply:
    db = kwargs["db"]
    account = accounts.by_uid(db, uid)
    if account.account is None:
        raise GameError(99, "no account bound")
    if medium.of(account) is not None:
        raise GameError(98, f"has a {medium.name} already")
    wanted = medium.normal(address)
    if wanted is None:
        raise GameError(96, "not sent", {"message": f"this is no {medium.name}"})
    if accounts.by_identifier(db, medium.identifier, wanted) is not None:
        raise GameError(97, f"this {medium.name} is used")
    return _send_code(medium, uid, "bind", wanted, **kwargs)


def _request_unbind(medium: Medium, uid: str, address: str, **kwargs: Unpack[Tools]) -> Reply:
    account = accounts.by_uid(kwargs["db"], uid)
    if account.account is None:
        raise GameError(99, "no account bound")
    bound = medium.of(account)
    if bound is None:
        raise GameError(98, f"no {medium.name} bound")
    if medium.normal(address) != bound:
        raise GameError(97, f"another {medium.name} is bound")
    return _send_code(medium, uid, "unbind", bound, **kwargs)


def _send_code(medium: Medium, uid: str, action: str, address: str, **kwargs: Unpack[Tools]) -> Reply:
    codes = kwargs["services"].codes
    if not addresses.count_code(kwargs["db"], uid, kwargs["now"].date(), codes.per_day):
        if medium is PHONE:
            raise GameError(95, "enough codes for today")
        raise GameError(96, "not sent", {"message": "enough codes for today"})
    try:
        codes.send(Purpose(uid, medium.code_medium, action), address, request=kwargs["db"].cause.request)
    except SendError as error:
        # A refusal rolls back, but a try that failed counts too: it may have cost money. So this one is an answer.
        return Reply(96, "not sent", {"message": str(error)})
    return ok()


def _verify(medium: Medium, uid: str, code: str, status: int, **kwargs: Unpack[Tools]) -> Reply:
    db = kwargs["db"]
    if status not in ACTIONS:
        raise GameError(90, "status is neither 0 nor 1")
    purpose = Purpose(uid, medium.code_medium, ACTIONS[status])
    if status == BIND and medium.of(accounts.by_uid(db, uid)) is not None:
        raise GameError(98, f"has a {medium.name} already")
    codes = kwargs["services"].codes
    address = codes.redeem(purpose, code, request=db.cause.request) if CODE.fullmatch(code) else None
    if address is None:
        raise GameError(99, "wrong or expired code")
    try:
        addresses.set_address(db, uid, medium, address if status == BIND else None)
    except DuplicateError as error:
        raise GameError(97, f"this {medium.name} is used by now") from error
    return ok({medium.field: address}, f"{ACTIONS[status]} success", status)
