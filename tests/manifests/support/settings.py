"""The settings of each program, as the code declares them."""

import importlib
from typing import Any

from common.options import OptionInfo, describe, parse

SUFFIX = "_FILE"


def settings_class(program: str) -> type[Any]:
    """Return the settings class of ``apps.<program>``."""
    module = importlib.import_module(f"apps.{program}.settings")
    found: type[Any] = getattr(module, f"{program.title()}Settings")
    return found


def options(program: str) -> dict[str, OptionInfo]:
    """Return the options of a program by their environment variables; a secret has that of its file too."""
    infos = describe(settings_class(program))
    plain = {info.variable: info for info in infos}
    return plain | {info.variable + SUFFIX: info for info in infos if info.secret}


def read(program: str, environment: dict[str, str]) -> Any:
    """Return the settings that a program makes of an environment; ends the test when it would refuse it."""
    return parse(settings_class(program), program, [], environment)
