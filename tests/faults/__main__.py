"""Breaks the whole system in every way at hand while players play, and counts what they keep."""
from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402  # patching comes before all other imports

from tests.faults.program import main  # noqa: E402

sys.exit(main())
