"""Accounts of people: as a guest by the secret id of a device, or by a name and a password."""

import re
from typing import Unpack

from apps.worker.module.common import ActTools, FreeTools, GameError, Line, ReadTools, Reply, Tools, ok
from apps.worker.rules import accounts
from apps.worker.rules.accounts import Account
from common.mysql import DuplicateError

NAME = re.compile(r"[_a-z][_a-z0-9]{3,22}")
PASSWORD = re.compile(r"[\w!@#$%^&*()+|`~=\\\-\[\]:;'\"{}/?,.<>]{6,30}")
DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
IDENTIFIERS = ("account", "email", "phone_number")


def register(unique_id: str, account: str, password: str, token: str = "", **kwargs: Unpack[ActTools]) -> Reply:
    """Make an account with a name and a password.

    1: made. 0: the account existed, and the caller proved to be its owner: as a guest by its token, or by repeating the
    same registration. 99: bad name. 98: bad password. 97: the name is taken. 96: bad device id, or somebody else's.
    """
    name = account.lower()
    _require_credentials(name, password)
    if unique_id and not DEVICE.fullmatch(unique_id):
        raise GameError(96, "this device id is not allowed")
    device = accounts.device_digest(unique_id or kwargs["lot"].hex())
    known = kwargs["database"].read(lambda db: accounts.by_device(db, device))
    if known is None:
        uid = _create(device, name, kwargs["services"].passwords.hash(password), **kwargs)
        status, message = 1, "new account created"
    else:
        uid, status, message = known.uid, 0, "success"
        _prove(known, name, password, token, **kwargs)
    return ok({"token": kwargs["services"].auth.issue_account_token(uid), "account": name}, message, status)


def login_unique(unique_id: str, **kwargs: Unpack[ActTools]) -> Reply:
    """Log in as a guest. 0: known. 1: made. 2: the device has an account by now. 99: empty. 96: bad device id."""
    if not unique_id:
        raise GameError(99, "empty device id")
    if not DEVICE.fullmatch(unique_id):
        raise GameError(96, "this device id is not allowed")
    device = accounts.device_digest(unique_id)
    known = kwargs["database"].read(lambda db: accounts.by_device(db, device))
    if known is not None and known.account is not None:
        raise GameError(2, "log in to the account of this device")
    if known is not None:
        return ok({"token": kwargs["services"].auth.issue_account_token(known.uid)})
    uid = _create(device, None, None, **kwargs)
    return ok({"token": kwargs["services"].auth.issue_account_token(uid)}, "new guest created", status=1)


def login(identifier: str, value: str, password: str, **kwargs: Unpack[ActTools]) -> Reply:
    """Log in by name, e-mail address or phone number. 1: wrong, or too many wrong ones lately."""
    services, database = kwargs["services"], kwargs["database"]
    wanted = value.lower()
    wrong = GameError(1, "wrong credentials")
    if identifier not in IDENTIFIERS or not services.logins.take(f"{identifier}:{wanted}"):
        raise wrong
    known = database.read(lambda db: accounts.by_identifier(db, identifier, wanted))
    if not services.passwords.matches(password, known.password if known else None) or known is None:
        raise wrong
    services.logins.forget(f"{identifier}:{wanted}")
    if services.passwords.is_outdated(known.password or ""):
        fresh = services.passwords.hash(password)
        database.transaction(lambda db: accounts.set_password(db, known.uid, fresh))
    return ok({"token": services.auth.issue_account_token(known.uid), **known.as_data()})


def account_all_info(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show what is bound to the account."""
    return ok(accounts.by_uid(kwargs["db"], uid).as_data())


def bind_account(uid: str, account: str, password: str, **kwargs: Unpack[Tools]) -> Reply:
    """Give a guest a name and a password. 96: has one. 99: bad name. 98: bad password. 97: the name is taken."""
    db, name = kwargs["db"], account.lower()
    if accounts.by_uid(db, uid).account is not None:
        raise GameError(96, "already bound")
    _require_credentials(name, password)
    try:
        accounts.bind(db, uid, name, kwargs["services"].passwords.hash(password))
    except DuplicateError as error:
        raise GameError(97, "this name is taken") from error
    return ok({"account": name})


def get_player_config(**kwargs: Unpack[FreeTools]) -> Reply:
    """Return player.json."""
    return ok({"player_config": kwargs["config"]["player"]})


def create_account(**kwargs: Unpack[FreeTools]) -> Line:  # noqa: ARG001  # what every function takes
    """Answer as ever: a word, for a function that clients never had."""
    return Line("function")


def change_game_name(**kwargs: Unpack[FreeTools]) -> Line:  # noqa: ARG001  # what every function takes
    """Answer as ever: a word, for a function that clients never had."""
    return Line("function")


def _require_credentials(name: str, password: str) -> None:
    if not NAME.fullmatch(name):
        raise GameError(99, "this account name is not allowed")
    if not PASSWORD.fullmatch(password):
        raise GameError(98, "this password is not allowed")


def _create(device: bytes, name: str | None, password: str | None, **kwargs: Unpack[ActTools]) -> str:
    uid = accounts.new_uid(kwargs["random"])
    try:
        kwargs["database"].transaction(lambda db: accounts.create(
            db, uid, device, name=name, password=password, now=kwargs["now"]))
    except DuplicateError:
        return _winner(device, name, **kwargs)
    return uid


def _winner(device: bytes, name: str | None, **kwargs: Unpack[ActTools]) -> str:
    """Return the account that a parallel request made for the same device; otherwise it is the name that is taken."""
    other = kwargs["database"].read(lambda db: accounts.by_device(db, device))
    if other is None or other.account != name:
        raise GameError(97, "this account name is taken")
    return other.uid


def _prove(known: Account, name: str, password: str, token: str, **kwargs: Unpack[ActTools]) -> None:
    """Let only the owner of an account register its device again. Raises GameError(96) for everybody else."""
    services = kwargs["services"]
    stranger = GameError(96, "this device id belongs to an account")
    if known.account is not None:
        allowed = known.account == name and services.logins.take(f"account:{name}")
        if not (allowed and services.passwords.matches(password, known.password)):
            raise stranger
        services.logins.forget(f"account:{name}")
        return
    claims = services.auth.validate(token) if token else None
    if claims is None or claims["uid"] != known.uid:
        raise stranger
    hashed = services.passwords.hash(password)
    try:
        kwargs["database"].transaction(lambda db: accounts.bind(db, known.uid, name, hashed))
    except DuplicateError as error:
        raise GameError(97, "this account name is taken") from error
