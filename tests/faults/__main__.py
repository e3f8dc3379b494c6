"""Breaks the whole system in every way at hand while players play, and counts what they keep."""
from gevent import monkey

monkey.patch_all()

import signal  # noqa: E402  # patching comes before all other imports
import sys  # noqa: E402

import gevent  # noqa: E402

from tests.faults.program import main  # noqa: E402

gevent.signal_handler(signal.SIGTERM, gevent.getcurrent().throw, SystemExit(128 + signal.SIGTERM))  # stops the system
sys.exit(main())
