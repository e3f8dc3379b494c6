"""Takes reports of messages: what was said around them is kept in a stream of its own before the client hears of it."""

import logging
from enum import Enum

from apps.edge import report
from apps.edge.history import History
from apps.edge.identity import Identity
from apps.edge.report import Report
from common.metrics import Counter
from common.nats.errors import NATSError
from common.nats.jetstream import AlreadyStoredError, JetStream
from common.token_bucket import Rates

log = logging.getLogger(__name__)

REPORTS = Counter("edge_reports_total", "Reports of messages", ["result"])


class Result(Enum):
    """What became of a report, as the client is told."""

    KEPT = "kept"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    NOT_IN_CHANNEL = "not in channel"
    TOO_MANY = "too many"
    UNAVAILABLE = "unavailable"


class Reports:
    """Of all sessions of an edge."""

    def __init__(self, jetstream: JetStream, history: History, rates: Rates, *, before: int, after: int) -> None:
        """``rates`` are of a player; up to ``before`` and ``after`` messages around a reported one are kept."""
        self._jetstream = jetstream
        self._history = history
        self._rates = rates
        self._before = before
        self._after = after

    def take(self, reporter: Identity, wanted: Report) -> Result:
        """Keep a report; return what became of it. Waits for JetStream."""
        try:
            result = self._take(reporter, wanted)
        except AlreadyStoredError:
            result = Result.REPEATED
        except (NATSError, ValueError) as error:  # the latter: NATS takes no message of this size
            log.warning("a report is not kept", extra={"detail": f"{type(error).__name__}: {error}"[:200]})
            result = Result.UNAVAILABLE
        REPORTS.labels(result.value).inc()
        return result

    def _take(self, reporter: Identity, wanted: Report) -> Result:
        channel = report.channel(reporter, wanted.channel)
        if channel is None:
            return Result.NOT_IN_CHANNEL
        if not self._rates.take((reporter.world, reporter.uid or reporter.game_name)):
            return Result.TOO_MANY
        if not 0 < wanted.number <= report.LARGEST_NUMBER:
            return Result.UNKNOWN
        since = reporter.since if channel == reporter.family else 0
        found = self._history.around(channel, wanted.number, before=self._before, after=self._after, since=since)
        if found is None:
            return Result.UNKNOWN
        self._jetstream.store_once(report.subject(reporter, found.message),
                                   report.body(reporter, wanted.reason, found, self._after))
        return Result.KEPT
