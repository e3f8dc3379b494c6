"""Mails that were read lately, ready to list."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")
Identity = tuple[object, ...]


class Cache(Generic[V]):
    """Keeps the most recently used values.

    It is used from the threads of a pool without a lock: each step is one operation of ``OrderedDict`` in C, on keys
    that are compared in C, and a value never changes. A lock of gevent's would not do in those threads.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Identity, V] = OrderedDict()

    def get(self, identity: Identity) -> V | None:
        value = self._values.get(identity)
        if value is not None:
            try:
                self._values.move_to_end(identity)
            except KeyError:  # another thread has just evicted it
                return value
        return value

    def put(self, identity: Identity, value: V) -> None:
        self._values[identity] = value
        while len(self._values) > self._size:
            try:
                self._values.popitem(last=False)
            except KeyError:  # another thread has just evicted the last one
                return

    def __len__(self) -> int:
        return len(self._values)
