"""Time limits on a block of code."""

from typing import Any, cast

import gevent


def quietly_within(seconds: float) -> gevent.Timeout:
    """Return a context in which a block may take ``seconds``; after that it is left, without an error."""
    return gevent.Timeout(seconds, cast(Any, False))  # noqa: FBT003  # gevent's word for "no error"; its type hints miss it
