"""Names that players choose, and texts that they write.

A name is 1 to 32 Chinese characters (U+4E00 to U+9FA5), ASCII letters, digits and ``_``. It is shown as it was written;
two names that differ in case alone are one name, so that nobody can pass for somebody else.
"""

import re

NAME = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9_]{1,32}")
WANTED = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9_]{1,64}")
"""What can be looked up: longer than a new name, because a merge of worlds puts an ending behind it."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_name(text: str) -> bool:
    """Whether this may be the name of a player or a family."""
    return NAME.fullmatch(text) is not None


def name_key(name: str) -> str:
    """Return what is the same for names that count as one."""
    return name.casefold()


def wanted_key(name: str) -> str:
    """Return the key by which a name is looked up: that of nobody for what is no name.

    The database would take a name with spaces behind it for the same name without.
    """
    return name_key(name) if WANTED.fullmatch(name) else ""


def is_text(text: str, longest: int) -> bool:
    """Whether this is one line of at most ``longest`` characters without control characters."""
    return len(text) <= longest and CONTROL.search(text) is None
