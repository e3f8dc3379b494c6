"""The page of a family as its members see it, in one statement whatever the number of members and news."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from apps.worker.module.enums import FamilyRole, Timer
from apps.worker.rules import shanghai
from apps.worker.rules.cards import Card
from apps.worker.rules.families import has_ended
from common.mysql import Statements

CHECK_IN = f"SELECT d.time FROM timer d WHERE d.uid = m.uid AND d.tid = {int(Timer.FAMILY_CHECK_IN)}"  # noqa: S608  # a constant
PAGE = (  # one text for all members: PyMySQL takes about a microsecond for each field of each row
    f"SELECT JSON_ARRAY(f.name, f.icon, f.exp, f.notice, f.board, f.owner, f.disband, ({CHECK_IN})), f.news, "  # noqa: S608  # constants
    "GROUP_CONCAT(p.card) FROM family_member m JOIN family f ON f.id = m.family LEFT JOIN player p ON p.family = f.id "
    "WHERE m.uid = %s GROUP BY m.uid"
)


@dataclass(frozen=True)
class Page:
    """A family with its lists, each entry as clients get it."""

    info: dict[str, object]
    disband: datetime | None
    """When it ends, in UTC without a zone."""
    checked_in: datetime | None
    """Until when whoever looks has checked in."""
    members: list[dict[str, object]]
    news: list[list[str]]
    """``[time, message]``, the latest last."""

    def is_gone(self, now: datetime) -> bool:
        """Whether its time to disband has come."""
        return has_ended(self.disband, now)


def of(db: Statements, uid: str) -> Page | None:
    """Return the page of a player's family, also when the family is gone and only its rows remain."""
    found = db.one(PAGE, uid)
    if found is None:
        return None
    head, news, members = found
    name, icon, exp, notice, board, owner, disband, checked_in = orjson.loads(head)
    return Page(
        {"name": name, "icon": icon, "exp": exp, "notice": notice, "board": board},
        datetime.fromisoformat(disband) if disband else None, shanghai.parse(checked_in) if checked_in else None,
        members_of(orjson.loads(f"[{members or ''}]"), owner), orjson.loads(news or "[]"))


def members_of(cards: Iterable[Card], owner: str) -> list[dict[str, object]]:
    """Return the members as clients get them, the highest rank first; ``login`` is empty before the first one."""
    ranked = sorted((-(rank := int(FamilyRole.OWNER) if uid == owner else role), joined, uid, {
        "gn": gn, "icon": icon, "family_role": rank, "exp": exp, "login": login, "family_coin": coins,
        "family_coin_record": record,
    }) for gn, icon, exp, _, login, uid, role, joined, coins, record in cards)
    return [member for *_, member in ranked]
