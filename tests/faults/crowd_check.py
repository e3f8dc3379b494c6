"""What must be there after a crowd has asked: every acknowledged write and mail once, every other one at most once."""

import email
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic

import gevent
import pymysql

from common.mysql_url import connection_options
from tests.faults.crowd import Outcome

DATABASE_SECONDS = 20.0
DELIVERY_SECONDS = 20.0
MARK = "crowd "
"""What a crowd's mails begin with; the request id follows."""
MOST_NAMED = 3


def problems(outcomes: Sequence[Outcome], database_url: str, boxes: Path) -> list[str]:
    """Compare what is in the ledger and in the mailboxes below ``boxes`` with what several outcomes say.

    Mails may take a while to arrive.
    """
    deadline = monotonic() + DELIVERY_SECONDS
    while (found := compared(outcomes, database_url, boxes)) and monotonic() < deadline:
        gevent.sleep(1)
    return found


def compared(outcomes: Sequence[Outcome], database_url: str, boxes: Path) -> list[str]:
    """The same now."""
    found = {"write": written(database_url), "mail": delivered(boxes)}
    return [text for kind, counts in found.items()
            for text in compare(kind, *(together(outcomes, kind)), counts)]


def together(outcomes: Sequence[Outcome], kind: str) -> tuple[set[str], set[str]]:
    """Return the ids of acknowledged requests of a kind, and of all others."""
    return (set().union(*(outcome.acknowledged[kind] for outcome in outcomes)),
            set().union(*(outcome.unknown[kind] for outcome in outcomes)))


def compare(kind: str, acknowledged: Iterable[str], unknown: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """Describe what is not there, or there more than once."""
    known = set(acknowledged)
    lost = [one for one in sorted(known) if not counts.get(one)]
    doubled = [one for one in sorted(known | set(unknown)) if counts.get(one, 0) > 1]
    return [f"{len(ids)} of the crowd's {kind}s {what}: {', '.join(ids[:MOST_NAMED])}"
            for ids, what in ((lost, "were acknowledged and are not there"), (doubled, "are there twice")) if ids]


def written(database_url: str) -> Counter[str]:
    """Return how many lines of the ledger each request has."""
    options = connection_options(database_url, DATABASE_SECONDS, DATABASE_SECONDS)
    with closing(pymysql.connect(**options)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT request, COUNT(*) FROM ledger WHERE reason = 'add_resources' GROUP BY request")
        return Counter({str(request): int(count) for request, count in cursor.fetchall()})


def delivered(boxes: Path) -> Counter[str]:
    """Return how many mails of a crowd there are for each request."""
    bodies = (body_of(path) for path in boxes.rglob("*") if path.parent.name in ("new", "cur") and path.is_file())
    return Counter(body.removeprefix(MARK) for body in bodies if body.startswith(MARK))


def body_of(path: Path) -> str:
    """Return what a mail says."""
    payload = email.message_from_bytes(path.read_bytes()).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().strip()
