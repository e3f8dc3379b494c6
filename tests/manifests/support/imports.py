"""Which packages a program imports, its part of ``common`` included, found without running it."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from apps.local.processes import ROOT

OURS = ("apps", "common")


def packages(program: str) -> set[str]:
    """Return the distributions that ``apps.<program>`` imports, in any of the modules that it reaches."""
    seen: set[str] = set()
    waiting = [f"apps.{program}.__main__"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            path = source(name)
            waiting += imports(path) if path else []
    foreign = {name.partition(".")[0] for name in seen} - set(OURS) - set(sys.stdlib_module_names)
    known = packages_distributions()
    return {plain(known[name][0]) for name in foreign}


def locked(requirements: str) -> set[str]:
    """Return the distributions in a file of requirements."""
    text = (ROOT / "requirements" / f"{requirements}.txt").read_text("utf-8")
    return {plain(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[\w,-]+\])?==", text, flags=re.MULTILINE)}


def plain(name: str) -> str:
    """Return the name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def source(module: str) -> Path | None:
    """Return the file of one of our modules, None for others and for names inside of modules."""
    if module.partition(".")[0] not in OURS:
        return None
    path = ROOT / Path(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.exists()), None)


def imports(path: Path) -> list[str]:
    """Return all names that a file imports, anywhere in it."""
    return list(_imports(ast.parse(path.read_text("utf-8"))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module.partition(".")[0] in OURS:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

