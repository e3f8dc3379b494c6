"""Rules of friends that need no database."""

from datetime import date, datetime

import pytest

from apps.worker.module.enums import FamilyRole
from apps.worker.rules import friend_list, friends
from apps.worker.rules.families import Family, Membership
from apps.worker.rules.family_counters import Used
from apps.worker.rules.shanghai import SHANGHAI

TODAY = date(2030, 1, 2)
BEA = ("Bea", "1", 420, "hi", "2030-01-02 08:00:00", "p2", 0, None, 7, 9)
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


def test_a_friend_in_the_list() -> None:
    assert friend_list.lines([(BEA, ["2030-01-02", "2030-01-01", "Oaks", 1])]) == [{
        "gn": "Bea", "exp": 420, "recover": "2030-01-02", "since": "2030-01-01", "fid": "Oaks", "icon": "1",
        "intro": "hi", "isre": 1}]


def test_a_request_in_the_list() -> None:
    [shown] = friend_list.lines([(BEA, [None, None, None, 0])])
    assert (shown["recover"], shown["since"], shown["fid"], shown["isre"]) == ("", "", "", 0)


def test_the_oldest_friends_come_first_and_requests_last() -> None:
    found = [(("x" + gn, *BEA[1:]), [None, since, None, 0]) for gn, since in (
        ("d", None), ("B", "2030-01-02"), ("a", "2030-01-02"), ("c", "2030-01-01"), ("A", None), ("a", None))]
    assert [line["gn"] for line in friend_list.lines(found)] == ["xc", "xa", "xB", "xA", "xa", "xd"]
