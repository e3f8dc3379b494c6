"""Keeps the garbage collector away from what a process has for good."""

import gc


def freeze() -> None:
    """Take all objects that exist now out of later collections.

    Modules, settings and metrics are some hundred thousand objects that live as long as the process. Each full
    collection would walk through them, holding the event loop for tens of milliseconds, and find nothing.
    """
    gc.collect()
    gc.freeze()
