"""Replace the key that signs tokens, in three steps: ``python kustomize/rotate_jwt_key.py production add``.

``add`` appends a new key that validates but does not sign yet; ``sign`` puts the newest one first, so that it signs;
``drop`` leaves only that one. Apply the overlay after each. A step that is done twice does no harm, and the three can
be done again and again: keys are called k1, k2 and so on, and no number comes back.
"""

import os
import re
import secrets
import sys
from pathlib import Path

from make_secrets import OVERLAYS

NUMBERED = re.compile(r"k(\d+):")


def number(entry: str) -> int:
    """Return the number of a key, 0 for one that was called otherwise."""
    found = NUMBERED.match(entry)
    return int(found[1]) if found else 0


def add(entries: list[str]) -> list[str]:
    """Append a key, unless one waits for its turn already."""
    newest = max(map(number, entries))
    if number(entries[0]) < newest:
        return entries
    return [*entries, f"k{newest + 1}:{secrets.token_urlsafe(48)}"]


def sign(entries: list[str]) -> list[str]:
    """Put the newest key first."""
    newest = max(entries, key=number)
    return [newest, *(entry for entry in entries if entry != newest)]


def drop(entries: list[str]) -> list[str]:
    """Leave the key that signs; raises ValueError while a newer one waits for its turn."""
    if number(entries[0]) < max(map(number, entries)):
        raise ValueError("the newest key does not sign yet: do the step sign first")
    return entries[:1]


STEPS = {"add": add, "sign": sign, "drop": drop}


def write(path: Path, entries: list[str]) -> None:
    """Replace the file as a whole, so that an interruption loses no key."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, path.stat().st_mode & 0o777), "w") as file:
        file.write("\n".join(entries))
    new.replace(path)


def main(arguments: list[str]) -> int:
    """Return the exit code: 0, 1 when the step cannot be done, 2 for wrong use."""
    known = {path.name for path in OVERLAYS.iterdir() if path.is_dir()}
    if len(arguments) != 2 or arguments[0] not in known or arguments[1] not in STEPS:
        sys.stderr.write(f"usage: rotate_jwt_key.py {'|'.join(sorted(known))} {'|'.join(STEPS)}\n")
        return 2
    path = OVERLAYS / arguments[0] / "secrets" / "jwt-key"
    try:
        entries = STEPS[arguments[1]](path.read_text("utf-8").split())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"rotate_jwt_key.py: {error}\n")
        return 1
    write(path, entries)
    sys.stdout.write(f"signs: {entries[0].partition(':')[0]}; validate too: "
                     f"{' '.join(entry.partition(':')[0] for entry in entries[1:]) or 'none'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
