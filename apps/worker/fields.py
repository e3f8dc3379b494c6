"""Fields of a request, checked and converted by the annotations of the function that takes them.

Integers may arrive as JSON numbers or as decimal strings; floats and booleans are never integers. A field that is
missing without a default, or of the wrong type, is named in the error.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from apps.worker.module.common import ActTools, FreeTools, Function, ReadTools, Tools

DECIMAL = re.compile(r"-?[0-9]{1,18}")
LARGEST = 2**63 - 1
MAX_TEXT = 4096
MAX_LIST = 200
TOOL_NAMES = {name for tools in (Tools, ReadTools, ActTools, FreeTools) for name in tools.__annotations__}
MISSING = inspect.Parameter.empty
Converter = Callable[[Any], Any]


class FieldError(ValueError):
    """A field is missing or ill-typed; the text names it."""


@dataclass(frozen=True)
class Field:
    """One parameter of a client function."""

    name: str
    convert: Converter
    default: Any


def to_int(value: Any) -> int:
    """Convert a JSON number without fraction or a string of decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) <= LARGEST:
            return value
    elif isinstance(value, str) and DECIMAL.fullmatch(value):
        return int(value)
    raise ValueError("is not an integer")


def to_text(value: Any) -> str:
    """Accept a string that the database can hold."""
    if not isinstance(value, str):
        raise ValueError("is not a string")
    if len(value) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    if "\0" in value:
        raise ValueError("holds a NUL")
    return value


def to_label(value: Any) -> str:
    """Accept a string or an integer, as text."""
    return to_text(str(value)) if isinstance(value, int) and not isinstance(value, bool) else to_text(value)


def to_texts(value: Any) -> list[str]:
    """Accept an array of strings."""
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise ValueError(f"is not an array of at most {MAX_LIST} strings")
    return [to_text(entry) for entry in value]


def to_counts(value: Any) -> dict[str, int]:
    """Accept an object of integers."""
    if not isinstance(value, dict) or len(value) > MAX_LIST:
        raise ValueError(f"is not an object of at most {MAX_LIST} integers")
    return {to_text(key): to_int(number) for key, number in value.items()}


CONVERTERS: dict[Any, Converter] = {
    int: to_int,
    str: to_text,
    list[str]: to_texts,
    list[str] | None: to_texts,
    dict[str, int]: to_counts,
}

Label = Annotated[str, to_label]
"""Text that some clients send as a number: icons, names of goods, and the names of players that are digits."""


def fields_of(function: Function) -> list[Field]:
    """Return the fields that ``function`` takes from a request. Raises TypeError for an annotation that is not known.

    ``uid`` comes from the token, never from the request.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    if clash := TOOL_NAMES & {parameter.name for parameter in parameters}:
        raise TypeError(f"{function.__name__}: {', '.join(clash)} is the name of a tool")
    return [
        Field(parameter.name, _converter(function, parameter.name, hints[parameter.name]), parameter.default)
        for parameter in parameters
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and parameter.name != "uid"
    ]


def convert(fields: list[Field], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments for a function from a request's ``data``. Raises FieldError."""
    arguments = {}
    for field in fields:
        value = data.get(field.name, MISSING)
        if value is MISSING:
            if field.default is MISSING:
                raise FieldError(f"{field.name} is missing")
            continue
        try:
            arguments[field.name] = field.convert(value)
        except ValueError as error:
            raise FieldError(f"{field.name} {error}") from None
    return arguments


def _converter(function: Function, name: str, hint: Any) -> Converter:
    if get_origin(hint) is Annotated:
        converter: Converter = get_args(hint)[1]
        return converter
    try:
        return CONVERTERS[hint]
    except KeyError:
        raise TypeError(f"{function.__name__}: no way to read {name} as {hint}") from None
