"""News of a family: the newest entries, each an event and the names that it is about, in the row of the family."""

from apps.worker.module.enums import FamilyHistoryKeys
from apps.worker.rules import shanghai
from apps.worker.rules.families import Family
from apps.worker.unit_of_work import Work

NEWEST = 30


def message(event: FamilyHistoryKeys, *names: str) -> str:
    """Return an entry as clients read it: ``fm_3:Ada,Bea``. Names hold neither ``:`` nor ``,``."""
    return f"{event.value}:{','.join(names)}"


def note(db: Work, family: Family, event: FamilyHistoryKeys, *names: str) -> None:
    """Add an entry as ``[time, message]``, and remove the one that is no longer shown."""
    db.execute("UPDATE family SET news = JSON_ARRAY_APPEND(CASE WHEN news IS NULL THEN '[]' "
               "WHEN JSON_LENGTH(news) < %s THEN news ELSE JSON_REMOVE(news, '$[0]') END, '$', JSON_ARRAY(%s, %s)) "
               "WHERE id = %s", NEWEST, shanghai.stored_text(str(db.cause.time)), message(event, *names), family.id)
