"""Rules of friends that need no database."""

import json
from datetime import date, datetime

import pytest

from apps.worker.module.enums import FamilyRole
from apps.worker.rules import friend_list, friends
from apps.worker.rules.families import Family, Membership
from apps.worker.rules.family_counters import Used
from apps.worker.rules.shanghai import SHANGHAI

TODAY = date(2030, 1, 2)
OAKS = Family("f1", "s0", "Oaks", "p1", 1, 0, "", "", None, datetime(2026, 1, 1), Used(None))


@pytest.mark.parametrize(("day", "count", "counted"), [
    (None, 0, 0), (None, 6, 0), (datetime(2030, 1, 1, tzinfo=SHANGHAI), 6, 0),
    (datetime(2030, 1, 2, tzinfo=SHANGHAI), 5, 5), (datetime(2030, 1, 3, tzinfo=SHANGHAI), 6, 6)])
def test_a_count_is_of_one_day(day: datetime | None, count: int, counted: int) -> None:
    assert friends.counted_today(day, count, TODAY) == counted


@pytest.mark.parametrize(("role", "may"), [
    (FamilyRole.BASIC, False), (FamilyRole.ELITE, False), (FamilyRole.ADMIN, True), (FamilyRole.OWNER, True)])
def test_officials_invite_who_has_no_family(role: FamilyRole, may: bool) -> None:
    mine = Membership("p2", OAKS, role)
    assert friends.may_invite(mine, None) is may
    assert not friends.may_invite(mine, Membership("p3", OAKS, FamilyRole.BASIC))


def test_nobody_invites_without_a_family() -> None:
    assert not friends.may_invite(None, None)


def test_the_oldest_friends_come_first_and_requests_last() -> None:
    found = [f'{{"since":"{since}","gn":"{gn}","exp":0}}' for gn, since in (
        ("d", ""), ("b", "2030-01-02"), ("a", "2030-01-02"), ("ab", "2030-01-02"), ("c", "2030-01-01"), ("a", ""))]
    assert [json.loads(line)["gn"] for line in friend_list.ranked(found)] == ["c", "a", "ab", "b", "a", "d"]


def test_a_list_may_be_empty() -> None:
    assert friend_list.ranked(friend_list.apart(None, 0)) == []


@pytest.mark.parametrize("text", [None, "{1}", "{1}\n{2", "{1}\n"])
def test_a_text_that_was_cut_off_is_never_a_shorter_list(text: str | None) -> None:
    assert friend_list.apart("{1}\n{2}", 2) == ["{1}", "{2}"]
    with pytest.raises(ValueError, match="cut off"):
        friend_list.apart(text, 2)
