"""Writes docs/options.md: all options of all services, from the code that reads them."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from common.options import OptionInfo, describe  # noqa: E402  # found only after the path is set

PAGE = ROOT / "docs" / "options.md"
SETTINGS = {
    "gate": "GateSettings",
    "worker": "WorkerSettings",
    "edge": "EdgeSettings",
    "chatlog": "ChatlogSettings",
    "auth": "AuthSettings",
    "config": "ConfigSettings",
    "mail": "MailSettings",
    "migrate": "MigrateSettings",
    "local": "LocalSettings",
}
INTRODUCTION = """# Options

Each option is a command-line argument of `python -m apps.NAME` and an environment variable of the same name, in
capitals and with `_` for `-`; the argument wins. A secret can also come from a file: `--NAME-file PATH` or `NAME_FILE`.
Lists are separated by commas. `make docs` writes this page; `--help` of each service says the same.
"""


def page() -> str:
    """Return the whole page."""
    return INTRODUCTION + "".join(section for app, name in SETTINGS.items() for section in _section(app, name))


def _section(app: str, name: str) -> Iterator[str]:
    settings: Any = getattr(import_module(f"apps.{app}.settings"), name)
    yield f"\n## {app}\n\n{(settings.__doc__ or '').strip()}\n\n| option | default | meaning |\n|---|---|---|\n"
    for info in describe(settings):
        yield f"| `{info.flag}` | {_default(info)} | {info.help} |\n"


def _default(info: OptionInfo) -> str:
    if info.secret:
        return "secret"
    default = ",".join(info.default) if isinstance(info.default, tuple) else str(info.default)
    return f"`{default}`" if default else "none"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
