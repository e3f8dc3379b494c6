"""Make the secrets of an overlay: ``python kustomize/make_secrets.py staging``.

Each is a file without a line end in ``kustomize/overlays/<overlay>/secrets``, which is not in the repository. A file
that exists is never changed. What cannot be made up, the addresses of a database outside, is asked for by name:
``python kustomize/make_secrets.py production mysql-url=mysqls://... mysql-migrate-url=mysqls://...``
All are looked at, those that were there before included: what is empty or an example is refused.
"""

import os
import secrets
import sys
from pathlib import Path

from secret_checks import problem

OVERLAYS = Path(__file__).resolve().parent / "overlays"
NEEDED = ("jwt-key", "mysql-migrate-url", "mysql-url", "nats-password", "redis-password")


def password() -> str:
    """Return a password that begins with a letter and needs no quoting in a URL or a configuration file."""
    return "p" + secrets.token_hex(24)


def made_up(folder: Path) -> dict[str, str]:
    """Return secrets for the overlay that ``folder`` belongs to: file name -> content."""
    made = {"jwt-key": f"k1:{secrets.token_urlsafe(48)}", "nats-password": password(), "redis-password": password()}
    if folder.parent.name == "staging":  # its database is its own
        kept = folder / "mysql-password"
        made["mysql-password"] = kept.read_text("utf-8") if kept.exists() else password()
        url = f"mysql://lukseun:{made['mysql-password']}@mysql:3306/lukseun"
        made |= {"mysql-url": url, "mysql-migrate-url": url}
    return made


def write_missing(folder: Path, contents: dict[str, str]) -> list[str]:
    """Write those files that do not exist and return their names.

    Nobody else gets into the folder. The files are readable, because Docker hands them to another user as they are.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    written = []
    for name, content in contents.items():
        if not (folder / name).exists():
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            written.append(name)
    return written


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 when the overlay has all its secrets, 1 when some are missing or bad, 2 for wrong use."""
    known = {path.name for path in OVERLAYS.iterdir() if path.is_dir()}
    if not arguments or arguments[0] not in known or not all("=" in word for word in arguments[1:]):
        sys.stderr.write(f"usage: make_secrets.py {'|'.join(sorted(known))} [name=value ...]\n")
        return 2
    folder = OVERLAYS / arguments[0] / "secrets"
    contents = made_up(folder) | dict(word.split("=", 1) for word in arguments[1:])
    fit = {name: content for name, content in contents.items() if problem(name, content) is None}
    sys.stdout.write(f"written: {', '.join(write_missing(folder, fit)) or 'nothing'}\n")
    complaints = [f"{name} {problem(name, content)}" for name, content in contents.items() if name not in fit]
    complaints += [f"{path.name} {found}, see {path}" for path in sorted(folder.iterdir())
                   if (found := problem(path.name, path.read_text("utf-8")))]
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if missing:
        complaints.append(f"missing: {', '.join(missing)}; give each as name=value")
    sys.stderr.write("".join(f"{complaint}\n" for complaint in complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
