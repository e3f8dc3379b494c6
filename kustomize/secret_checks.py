"""What is wrong with a secret: it is empty, has a word of an example, or does not have the form that it needs."""

import re
from urllib.parse import urlsplit

PLACEHOLDER = re.compile(r"\b(HOST|PASSWORD|PORT|SCHEMA|USER)\b|\.\.\.|<[^>]*>|(?i:change.?me)")
"""What stands in documents where something is to be put in."""
PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9._-]{11,}")
KEY = re.compile(r"([A-Za-z0-9._-]{1,64}:)?\S{32,}")


def problem(name: str, text: str) -> str | None:
    """Return what is wrong with the content of the secret ``name``; None when nothing is. Never shows the content."""
    if not text.strip():
        return "is empty"
    if name == "jwt-key":
        return _problem_of_keys(text)
    if text != text.strip() or len(text.split()) > 1:
        return "has a space or a line end"
    return _problem_of_url(text) if name.endswith("-url") else _problem_of_password(text)


def _problem_of_keys(text: str) -> str | None:
    fits = all(KEY.fullmatch(entry) for entry in text.split())
    return None if fits else "has a line that is no ID:KEY with a key of 32 characters or more"


def _problem_of_password(text: str) -> str | None:
    if PASSWORD.fullmatch(text):
        return None
    return "has to begin with a letter and to be 12 or more of A-Za-z0-9._-, so that it needs no quoting anywhere"


def _problem_of_url(text: str) -> str | None:
    if PLACEHOLDER.search(text):
        return "has a word of the example in it"
    try:
        parts = urlsplit(text)
        whole = parts.username and parts.password and parts.hostname and parts.path.strip("/") and (parts.port or 3306)
    except ValueError:
        whole = None
    fits = whole and parts.scheme in ("mysql", "mysqls")
    return None if fits else "is not of the form mysqls://user:password@host:port/schema"
