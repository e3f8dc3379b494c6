"""What a request must look like before any of it touches the disk (pure)."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from apps.mail.message import TYPES, Content
from apps.mail.names import KEY

WORLD = re.compile(r"[A-Za-z0-9_-]{1,32}")
UID = re.compile(r"[a-z0-9]{8,40}")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that end a line or steer a terminal; in no header, however it is encoded."""


class MalformedError(ValueError):
    """A field of the request is missing or not acceptable; the text names it."""


@dataclass(frozen=True)
class Limits:
    """Largest parts of a mail, in characters."""

    sender: int
    subj: int
    body: int
    items: int


HARD_LIMITS = Limits(sender=256, subj=1000, body=20_000, items=20_000)
"""No option goes past these, so that a file of ours is always read whole."""


class BoxName(NamedTuple):
    """Names one mailbox. Only ``box_name`` makes one, so both parts are safe as names of folders."""

    world: str
    uid: str


def box_name(given: dict[str, Any]) -> BoxName:
    """Return the mailbox that the request names. Raises MalformedError."""
    return BoxName(_matching(given, "world", WORLD), _matching(given, "uid", UID))


def content(given: dict[str, Any], limits: Limits) -> Content:
    """Return the mail of the request: its ``mail`` (an object, or its JSON text), or else its own fields.

    Raises MalformedError.
    """
    mail = _mail(given)
    return Content(
        type=_type(mail),
        sender=_line(mail, "from", limits.sender),
        subj=_line(mail, "subj", limits.subj),
        body=_text(mail, "body", limits.body),
        items=None if mail.get("items") is None else _line(mail, "items", limits.items),
    )


def objects(given: dict[str, Any], field: str, most: int) -> list[dict[str, Any]]:
    """Return the objects of a batch, unchecked but for being objects. Raises MalformedError."""
    found = given.get(field)
    if not isinstance(found, list) or len(found) > most or not all(isinstance(one, dict) for one in found):
        raise MalformedError(f"{field} is not a list of at most {most} objects")
    return found


def flag(given: dict[str, Any], field: str) -> bool:
    """Return whether a field says so, as JSON or as text; anything else says no."""
    return given.get(field) is True or given.get(field) == "true"


def new_key(given: dict[str, Any]) -> str | None:
    """Return the idempotency key of a delivery, None when there is none. Raises MalformedError."""
    return None if given.get("key") is None else _matching(given, "key", KEY)


def keys(given: dict[str, Any]) -> list[str]:
    """Return the keys that the request names in ``key`` or ``keys``. Raises MalformedError when there are none."""
    if "keys" in given:
        return key_list(given, "keys")
    if not isinstance(given.get("key"), str) or not given["key"]:
        raise MalformedError("key is missing or not a text")
    return [given["key"]]


def key_list(given: dict[str, Any], field: str) -> list[str]:
    """Return a list of keys without repetitions: a JSON array, its text, or a text with commas between the keys.

    Raises MalformedError. A text that is no key is no error: no mail has it.
    """
    value = given.get(field, [])
    if isinstance(value, str):
        value = _json(value, field) if value.startswith("[") else [key for key in value.split(",") if key]
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise MalformedError(f"{field} is not a list of texts")
    return list(dict.fromkeys(value))


def _matching(given: dict[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MalformedError(f"{field} is missing or does not match {pattern.pattern}")
    return value


def _mail(given: dict[str, Any]) -> dict[str, Any]:
    mail = given.get("mail", given)
    if isinstance(mail, str):
        mail = _json(mail, "mail")
    if not isinstance(mail, dict):
        raise MalformedError("mail is not an object")
    return mail


def _json(text: str, field: str) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise MalformedError(f"{field} is not JSON") from error


def _type(mail: dict[str, Any]) -> str:
    value = mail.get("type")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or value not in TYPES:
        raise MalformedError("type is none of 0, 1, 2 and 3")
    return value


def _line(mail: dict[str, Any], field: str, limit: int) -> str:
    value = _text(mail, field, limit)
    if CONTROL.search(value):
        raise MalformedError(f"{field} has a control character")
    return value


def _text(mail: dict[str, Any], field: str, limit: int) -> str:
    value = mail.get(field)
    if not isinstance(value, str):
        raise MalformedError(f"{field} is missing or not a text")
    if len(value) > limit:
        raise MalformedError(f"{field} is longer than {limit} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MalformedError(f"{field} is not valid Unicode") from error
    return value
