"""Checks of what a request brings. Messages of errors name the field and never repeat a value."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import request
from werkzeug.datastructures import MultiDict

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
JSON_FIELDS = ("claims", "payload")
NUMBER_FIELDS = ("ttl",)
LIST_FIELDS = ("keys",)

Fields = Mapping[str, Any]


class BadInputError(ValueError):
    """A field that is missing, of the wrong type or outside of its limits."""


def of_request() -> Fields:
    """Return the fields of the request that is being served; none when its body is no JSON object and no form."""
    if request.mimetype in FORM_TYPES:
        return from_form(request.form)
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def from_form(form: "MultiDict[str, str]") -> dict[str, Any]:
    """Return the fields of a form with the types that a JSON body has.

    Objects are JSON texts; a list is a field that is repeated, or has commas, or both.
    """
    values: dict[str, Any] = form.to_dict()
    for name in (*JSON_FIELDS, *NUMBER_FIELDS):
        if name in values:
            values[name] = _json_or_text(values[name])
    for name in LIST_FIELDS:
        if name in values:
            values[name] = [part for value in form.getlist(name) for part in value.split(",") if part]
    return values


def text(fields: Fields, name: str, most: int | None = None) -> str:
    """Return a text of 1 to ``most`` characters, or of any length."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadInputError(f"{name} must be a text")
    if not _is_unicode(value):
        raise BadInputError(f"{name} is not valid Unicode")
    if most is not None and not 1 <= len(value) <= most:
        raise BadInputError(f"{name} must have 1 to {most} characters")
    return value


def texts(fields: Fields, name: str, most: int) -> list[str]:
    """Return a list of up to ``most`` texts, each once."""
    values = fields.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadInputError(f"{name} must be a list of texts")
    if len(values) > most:
        raise BadInputError(f"{name} must have at most {most} entries")
    if not all(map(_is_unicode, values)):
        raise BadInputError(f"{name} is not valid Unicode")
    return list(dict.fromkeys(values))


def json_object(fields: Fields, name: str, most: int) -> bytes:
    """Return a JSON object as JSON of at most ``most`` bytes."""
    value = fields.get(name)
    if not isinstance(value, dict):
        raise BadInputError(f"{name} must be an object")
    try:
        encoded = orjson.dumps(value)
    except TypeError:  # broken Unicode, a number of more than 64 bits, too many levels
        raise BadInputError(f"{name} cannot be written as JSON") from None
    if len(encoded) > most:
        raise BadInputError(f"{name} has more than {most} bytes")
    return encoded


def whole_number(fields: Fields, name: str, least: int, most: int) -> int:
    """Return a whole number between two limits, both included."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadInputError(f"{name} must be a whole number from {least} to {most}")
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_or_text(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
