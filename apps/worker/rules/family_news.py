"""News of a family: the newest entries, each an event and the names that it is about."""

from apps.worker.module.enums import FamilyHistoryKeys
from apps.worker.rules.families import Family
from apps.worker.unit_of_work import Work

NEWEST = 30


def message(event: FamilyHistoryKeys, *names: str) -> str:
    """Return an entry as clients read it: ``fm_3:Ada,Bea``. Names hold neither ``:`` nor ``,``."""
    return f"{event.value}:{','.join(names)}"


def note(db: Work, family: Family, event: FamilyHistoryKeys, *names: str) -> None:
    """Add an entry, and remove those that are no longer shown."""
    db.execute("INSERT INTO family_news (family, message, created) VALUES (%s, %s, %s)",
               family.id, message(event, *names), db.cause.time)
    last = db.value("SELECT id FROM family_news WHERE family = %s ORDER BY id DESC LIMIT 1 OFFSET %s",
                    family.id, NEWEST)
    if last is not None:
        db.execute("DELETE FROM family_news WHERE family = %s AND id <= %s", family.id, last)
