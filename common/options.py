"""Options of a process: one declaration gives the flag, the environment variable, the type, the default and the help.

A service declares its options once, as fields of a frozen dataclass in its ``settings.py``::

    @dataclass(frozen=True, kw_only=True)
    class GateSettings(ProcessSettings):
        client_port: int = option(8880, "TCP port for game clients")
        jwt_key: str = secret("Key that signs the tokens")

``--client-port 9`` on the command line wins over ``CLIENT_PORT=9`` in the environment, which wins over the default.
A secret can also come from a file: ``--jwt-key-file PATH`` or ``JWT_KEY_FILE``.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

S = TypeVar("S")

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


def option(default: Any, help_text: str, *, choices: Sequence[str] = (), least: float | None = None) -> Any:
    """Declare an option. ``least`` is the smallest number that is accepted."""
    metadata = {"help": help_text, "choices": tuple(choices), "least": least, "secret": False}
    return dataclasses.field(default=default, metadata=metadata)


def secret(help_text: str) -> Any:
    """Declare a secret: empty by default, never shown, and also readable from a file."""
    metadata = {"help": help_text, "choices": (), "least": None, "secret": True}
    return dataclasses.field(default="", repr=False, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class OptionInfo:
    """What is known of one option; ``type_name`` is one of int, float, str, bool and list."""

    name: str
    flag: str
    variable: str
    type_name: str
    default: Any
    help: str
    choices: tuple[str, ...]
    least: float | None
    secret: bool


def describe(settings: type[Any]) -> list[OptionInfo]:
    """Return the options of a settings class, in the order of their declaration."""
    hints = get_type_hints(settings)
    return [_info(field, hints[field.name]) for field in dataclasses.fields(settings)]


def parse(settings: type[S], program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> S:
    """Build ``settings`` from the command line and the environment.

    Ends the process with a usage error (exit code 2) that names the option when a value is not acceptable.
    """
    options = describe(settings)
    parser = _parser(settings, program, options)
    given = vars(parser.parse_args(arguments))
    values: dict[str, Any] = {}
    for info in options:
        try:
            values[info.name] = _value(info, given, environment)
        except (ValueError, OSError) as error:
            parser.error(f"{info.flag} (or {info.variable}): {error}")
    return settings(**values)


def as_arguments(values: Mapping[str, Any]) -> list[str]:
    """Return ``--flag=value`` arguments for the given option names; lists are joined by commas."""
    return [f"{_flag(name)}={_as_text(value)}" for name, value in values.items()]


def _info(field: "dataclasses.Field[Any]", hint: Any) -> OptionInfo:
    return OptionInfo(
        name=field.name,
        flag=_flag(field.name),
        variable=field.name.upper(),
        type_name="list" if get_origin(hint) is tuple else hint.__name__,
        default=field.default,
        help=field.metadata["help"],
        choices=field.metadata["choices"],
        least=field.metadata["least"],
        secret=field.metadata["secret"],
    )


def _parser(settings: type[Any], program: str, options: list[OptionInfo]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=(settings.__doc__ or "").strip())
    for info in options:
        parser.add_argument(info.flag, dest=info.name, **_argument(info))
        if info.secret:
            parser.add_argument(f"{info.flag}-file", dest=f"{info.name}_file", metavar="PATH",
                                help=f"file that holds the value of {info.flag} [{info.variable}_FILE]")
    return parser


def _argument(info: OptionInfo) -> dict[str, Any]:
    shown = "none" if info.default in ("", ()) else _as_text(info.default)
    help_text = f"{info.help} [{info.variable}; default: {shown}]".replace("%", "%%")
    argument: dict[str, Any] = {"default": None, "metavar": info.type_name.upper(), "help": help_text}
    if info.type_name == "bool":
        argument |= {"nargs": "?", "const": "true"}
    return argument


def _value(info: OptionInfo, given: Mapping[str, str | None], environment: Mapping[str, str]) -> Any:
    text = given[info.name]
    if text is None and info.secret:
        text = _secret_file(info, given, environment)
    if text is None:
        text = environment.get(info.variable)
    return info.default if text is None else _convert(info, text)


def _secret_file(info: OptionInfo, given: Mapping[str, str | None], environment: Mapping[str, str]) -> str | None:
    path = given[f"{info.name}_file"] or environment.get(f"{info.variable}_FILE")
    if not path:
        return None
    text = Path(path).read_text("utf-8").strip()
    if not text:
        raise ValueError(f"the file {path} is empty")
    return text


def _convert(info: OptionInfo, text: str) -> Any:
    if info.choices and text not in info.choices:
        raise ValueError(f"{text!r} is not one of {', '.join(info.choices)}")
    if info.type_name == "list":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if info.type_name == "bool":
        return _boolean(text)
    if info.type_name == "str":
        return text
    number = int(text) if info.type_name == "int" else float(text)
    if info.least is not None and number < info.least:
        raise ValueError(f"{number} is less than {info.least:g}")
    return number


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(f"{text!r} is neither true nor false")
    return word in TRUE_WORDS


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value)
    return str(value)


