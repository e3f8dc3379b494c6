"""The page of a family as its members see it, in one statement whatever the number of members and news."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.worker.module.enums import FamilyRole, Item, Timer
from apps.worker.rules import family_news, json_rows, shanghai
from apps.worker.rules.families import has_ended
from common.mysql import Statements

CHECK_IN = f"SELECT d.time FROM timer d WHERE d.uid = m.uid AND d.tid = {int(Timer.FAMILY_CHECK_IN)}"  # noqa: S608  # a constant
MEMBERS = (
    "SELECT JSON_ARRAYAGG(JSON_ARRAY(p.gn, p.icon, p.exp, t.time, c.value, r.value, n.role, n.uid, n.joined)) "  # noqa: S608  # constants
    "FROM family_member n JOIN player p ON p.uid = n.uid "
    f"LEFT JOIN timer t ON t.uid = n.uid AND t.tid = {int(Timer.LOGIN)} "
    f"LEFT JOIN item c ON c.uid = n.uid AND c.iid = {int(Item.FAMILY_COIN)} "
    f"LEFT JOIN item r ON r.uid = n.uid AND r.iid = {int(Item.FAMILY_COIN_RECORD)} "
    "WHERE n.family = f.id"
)
NEWS = "SELECT JSON_ARRAYAGG(JSON_ARRAY(w.id, w.created, w.message)) FROM family_news w WHERE w.family = f.id"
PAGE = (
    "SELECT CONCAT_WS(',', "  # noqa: S608  # constants
    f"JSON_ARRAY(f.name, f.icon, f.exp, f.notice, f.board, f.owner, f.disband, ({CHECK_IN})), "
    f"COALESCE(({MEMBERS}), '[]'), COALESCE(({NEWS}), '[]')) "
    "FROM family_member m JOIN family f ON f.id = m.family WHERE m.uid = %s"
)
"""Gives one text: the lists are bounded, so ``group_concat_max_len`` (1 MiB in MariaDB) never cuts them off."""


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

    def is_gone(self, now: datetime) -> bool:
        """Whether its time to disband has come."""
        return has_ended(self.disband, now)


def of(db: Statements, uid: str) -> Page | None:
    """Return the page of a player's family, also when the family is gone and only its rows remain."""
    found = json_rows.all_of(db, PAGE, uid)
    if not found:
        return None
    (name, icon, exp, notice, board, owner, disband, checked_in), members, news = found
    return Page(
        {"name": name, "icon": icon, "exp": exp, "notice": notice, "board": board},
        datetime.fromisoformat(disband) if disband else None, shanghai.parse(checked_in) if checked_in else None,
        members_of(members, owner), news_of(news))


def members_of(rows: Iterable[list[Any]], owner: str) -> list[dict[str, object]]:
    """Return the members as clients get them, the highest rank first; ``login`` is empty before the first one."""
    ranked = sorted((-(FamilyRole.OWNER if uid == owner else role), joined, uid, *rest)
                    for *rest, role, uid, joined in rows)
    return [
        {"gn": gn, "icon": icon, "family_role": -rank, "exp": exp, "login": login or "", "family_coin": coins or 0,
         "family_coin_record": record or 0}
        for rank, _, _, gn, icon, exp, login, coins, record in ranked
    ]


def news_of(rows: Iterable[list[Any]]) -> list[list[str]]:
    """Return the newest entries, the latest last, as ``[time, message]``."""
    return [[shanghai.stored_text(created), message] for _, created, message in sorted(rows)[-family_news.NEWEST:]]
