"""How many greenlets of this process run or wait: a number that only grows is a leak.

They are noted as they start, which takes half a microsecond each, and counted when somebody asks: 10 ms with 40,000.
Looking through all objects instead takes 3 ms in a process without clients and 31 ms with 20,000 greenlets, and in a
process with much data far more; nothing else would run meanwhile.
"""

from weakref import WeakSet

from gevent import Greenlet

from common.metrics import Gauge

GREENLETS = Gauge("process_greenlets", "Greenlets that run or wait")

_started: "WeakSet[Greenlet[..., object]]" = WeakSet()


def count() -> int:
    """Return the number of greenlets that were started and have not ended."""
    return sum(not greenlet.dead for greenlet in _started)


GREENLETS.set_function(count)
Greenlet.add_spawn_callback(_started.add)
