"""Reads the lists of unwanted words and looks again and again whether they have changed.

A folder with a file for each language, ``*.txt`` in UTF-8, a word a line; empty lines and lines that begin with ``#``
do not count. All or nothing: while one of the files cannot be read, the last good lists stay in use.
"""

import logging
from pathlib import Path
from typing import Any

import gevent

from common import vital
from common.metrics import Counter, Gauge
from common.word_filter import WordFilter

log = logging.getLogger(__name__)

# Named for the edge, which alone had lists at first: whoever watches them knows them so.
WORDS = Gauge("edge_filter_words", "Words that the filter knows")
LOADS = Counter("edge_filter_loads_total", "Changes of the word lists that were looked at", ["result"])

State = tuple[tuple[str, int, int], ...]
"""Name, time of change and size of each file."""


class WordListError(Exception):
    """The lists on disk cannot be used; the text says why."""


class WordLists:
    """Holds the filter of the lists as they are; ``filter`` is replaced by another one when they change."""

    def __init__(self, folder: Path, *, seconds: float, limit: int) -> None:
        """Looks every ``seconds``; all files together have at most ``limit`` bytes."""
        self._folder = folder
        self._seconds = seconds
        self._limit = limit
        self._state: State | None = None
        self._loop: gevent.Greenlet[..., Any] | None = None
        self.filter = WordFilter(())

    def start(self) -> None:
        """Look once, then go on in the background."""
        self.step()
        self._loop = vital.spawn(self._run)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def step(self) -> None:
        """Look at the files, in a thread, so that everything else goes on meanwhile."""
        outcome = gevent.get_hub().threadpool.apply(self._outcome)
        if isinstance(outcome, WordFilter):
            self.filter = outcome
            WORDS.set(len(outcome))
            LOADS.labels("good").inc()
            log.info("word lists loaded", extra={"words": len(outcome)})
        elif outcome:
            LOADS.labels("broken").inc()
            log.error("the word lists cannot be used, the last good ones stay: %s", outcome)

    def _outcome(self) -> "WordFilter | str | None":
        """Return a new filter, or why there is none, or None without a change. An error would be logged twice."""
        try:
            return self._look()
        except (OSError, ValueError, WordListError) as error:
            return f"{type(error).__name__}: {error}"

    def _run(self) -> None:
        while True:
            gevent.sleep(self._seconds)
            self.step()

    def _look(self) -> WordFilter | None:
        """Return the filter when the files have changed since the last look."""
        files = sorted(self._folder.glob("*.txt"))
        state = tuple((file.name, found.st_mtime_ns, found.st_size) for file in files for found in [file.stat()])
        if state == self._state:
            return None
        self._state = state  # also when it is broken: it is reported once
        if not self._folder.is_dir():
            raise WordListError(f"{self._folder} is no folder")
        if sum(size for _, _, size in state) > self._limit:
            raise WordListError(f"the files have more than {self._limit} bytes")
        return WordFilter(word for file in files for word in _words(file))


def _words(file: Path) -> list[str]:
    lines = file.read_text("utf-8-sig").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
