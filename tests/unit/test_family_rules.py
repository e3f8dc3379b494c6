"""Rules of families that need no database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.worker.module.enums import FamilyHistoryKeys
from apps.worker.rules import family_entry, family_page, family_rights
from apps.worker.rules.families import Family, Membership
from apps.worker.rules.family_counters import Daily, Used
from apps.worker.rules.family_news import message

TODAY, YESTERDAY = date(2030, 1, 2), date(2030, 1, 1)
NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)
BASIC, ELITE, ADMIN, OWNER = 0, 4, 8, 10


def family(disband: datetime | None = None) -> Family:
    return Family("f1", "s0", "Oaks", "p1", 1, 21, "hi", "", disband, datetime(2026, 1, 1), Used(None))


def test_counters_start_anew_each_day() -> None:
    used = Used(YESTERDAY, 3, 2, 1)
    assert used.on(YESTERDAY) is used
    assert used.on(TODAY) == Used(TODAY)
    assert Used(None).on(TODAY) == Used(TODAY)


@pytest.mark.parametrize(("what", "after"), [
    (Daily.REMOVALS, Used(TODAY, 2, 1, 1)), (Daily.NOTICES, Used(TODAY, 1, 2, 1)),
    (Daily.INVITATIONS, Used(TODAY, 1, 1, 2))])
def test_each_counter_counts_alone(what: Daily, after: Used) -> None:
    used = Used(TODAY, 1, 1, 1)
    assert used.plus(what) == after
    assert used.plus(what).count(what) == 2


def test_a_family_is_gone_when_its_time_has_come() -> None:
    end = NOON.replace(tzinfo=None)
    assert not family().is_gone(NOON)
    assert not family(end).is_gone(NOON - timedelta(milliseconds=1))
    assert family(end).is_gone(NOON)


def test_what_clients_get_of_a_family() -> None:
    assert family().info() == {"name": "Oaks", "icon": 1, "exp": 21, "notice": "hi", "board": ""}


@pytest.mark.parametrize(("role", "official"), [(BASIC, False), (ELITE, False), (ADMIN, True), (OWNER, True)])
def test_officials(role: int, *, official: bool) -> None:
    assert Membership("p1", family(), role).is_official is official


def test_who_may_remove_whom() -> None:
    allowed = {(mine, theirs) for mine in (BASIC, ELITE, ADMIN, OWNER) for theirs in (BASIC, ELITE, ADMIN)
               if family_rights.may_remove(mine, theirs)}
    assert allowed == {(OWNER, BASIC), (OWNER, ELITE), (OWNER, ADMIN), (ADMIN, BASIC), (ADMIN, ELITE)}
    assert not family_rights.may_remove(ADMIN, OWNER)


def test_who_may_give_which_role() -> None:
    every = (BASIC, ELITE, ADMIN, OWNER)
    allowed = {(mine, theirs, role) for mine in every for theirs in every for role in every
               if family_rights.may_set_role(mine, theirs, role)}
    below_owner, below_admin = (BASIC, ELITE, ADMIN), (BASIC, ELITE)
    assert allowed == ({(OWNER, theirs, role) for theirs in below_owner for role in below_owner}
                       | {(ADMIN, theirs, role) for theirs in below_admin for role in below_admin})


def test_news() -> None:
    assert message(FamilyHistoryKeys.RESPOND, "Ada", "Bea") == "fm_3:Ada,Bea"
    assert message(FamilyHistoryKeys.LEAVE, "阿达") == "fm_0:阿达"


def test_the_level_that_families_take() -> None:
    config = {"player_experience": {"player_level": {"experience": [0, 100, 300]}},
              "family": {"general": {"player_level": 2}}}
    assert [family_entry.is_grown(exp, config) for exp in (0, 99, 100, 400)] == [False, False, True, True]
    assert family_entry.exp_info(99, config) == {"exp": 99, "level": 1, "need": 1, "reward": 0}


def test_members_come_by_rank_then_by_the_time_when_they_joined() -> None:
    rows = [("Ada", "1", 7, "hi", "", "p1", BASIC, "2030-01-02 09:00:00.000", 0, 0),
            ("Bea", "1", 5, "", "2030-01-02 08:00:00", "p2", BASIC, "2030-01-03 09:00:00.000", 3, 4),
            ("Cid", "2", 5, "", "", "p4", ADMIN, "2030-01-03 09:00:00.000", 0, 0),
            ("Dot", "2", 5, "", "", "p3", ADMIN, "2030-01-03 09:00:00.000", 0, 0)]
    members = family_page.members_of(rows, "p2")
    assert [(member["gn"], member["family_role"]) for member in members] == [
        ("Bea", OWNER), ("Dot", ADMIN), ("Cid", ADMIN), ("Ada", BASIC)]
    assert members[0] == {"gn": "Bea", "icon": "1", "family_role": OWNER, "exp": 5, "login": "2030-01-02 08:00:00",
                          "family_coin": 3, "family_coin_record": 4}
    assert members[3] == {"gn": "Ada", "icon": "1", "family_role": BASIC, "exp": 7, "login": "", "family_coin": 0,
                          "family_coin_record": 0}

