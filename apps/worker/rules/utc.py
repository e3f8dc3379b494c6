"""Times as the database keeps them: UTC without a zone."""

from datetime import UTC, datetime

from common.mysql import Statements


def stored(moment: datetime) -> datetime:
    """Return a moment with a zone as the database keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def of_database(db: Statements) -> datetime:
    """Return the time of the database, which is one clock for all workers, in milliseconds."""
    moment: datetime = db.value("SELECT UTC_TIMESTAMP(3)")
    return moment


def text(value: datetime) -> str:
    """Return what the database keeps as ISO 8601 with milliseconds; texts compare as moments do."""
    return value.isoformat(timespec="milliseconds")


def moment(value: datetime) -> datetime:
    """Return what the database keeps as a moment with a zone."""
    return value.replace(tzinfo=UTC)
