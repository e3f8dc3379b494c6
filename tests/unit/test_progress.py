"""Rules of tasks, achievements, signing in and VIP cards that need no database."""

from datetime import date, datetime, timedelta

import pytest

from apps.worker.field_types import to_number
from apps.worker.functions import function_list
from apps.worker.module import achievement, check_in
from apps.worker.module.common import GameError
from apps.worker.module.enums import Task
from apps.worker.rules import vip_cards
from apps.worker.rules.logins import continues
from apps.worker.rules.progress import completed
from apps.worker.rules.shanghai import SHANGHAI
from apps.worker.rules.vip_cards import MAX, MONTH, PERPETUAL, Held

NOON = datetime(2030, 1, 2, 12, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


def test_a_task_is_done_once() -> None:
    assert completed(set(), Task.LOGIN) == [Task.LOGIN]
    assert completed({1}, Task.LOGIN) == []


def test_the_thirteenth_task() -> None:
    assert completed(range(1, 9), Task.PRO_SUMMONING) == [Task.PRO_SUMMONING]
    assert completed(range(1, 10), Task.FAMILY_CHECK_IN) == [Task.FAMILY_CHECK_IN, Task.DONE_10_TASK]
    assert completed(range(1, 11), Task.LOGIN) == [Task.DONE_10_TASK]  # was missed when the tenth one was done
    assert completed({*range(1, 11), 13}, Task.SEND_FRIEND_GIFT) == [Task.SEND_FRIEND_GIFT]
    assert completed({*range(1, 9), 13}, Task.LOGIN) == []


def test_a_streak_goes_on_from_one_calendar_day_to_the_next() -> None:
    assert continues(date(2030, 1, 31), date(2030, 2, 1))
    for last in (None, date(2030, 1, 30), date(2030, 1, 1), date(2030, 2, 1), date(2030, 2, 2)):
        assert not continues(last, date(2030, 2, 1))


def test_tiers_are_claimed_from_the_lowest() -> None:
    tiers = achievement.tiers_of({"achievement": {"7": {"count": [0, 1, 10], "qty": [0, 5, 9]}}}, 7)
    assert achievement.next_tier(tiers, 0, 0) is None
    assert achievement.next_tier(tiers, 10, 0) == (1, 5)
    assert achievement.next_tier(tiers, 10, 1) == (10, 9)
    assert achievement.next_tier(tiers, 9, 1) is None
    assert achievement.next_tier(tiers, 99, 10) is None
    assert achievement.tiers_of({"achievement": {}}, 12) == []


def test_days_that_were_missed() -> None:
    assert check_in.missed_days(date(2030, 2, 1), []) == []
    assert check_in.missed_days(date(2030, 2, 4), [date(2030, 2, 2)]) == [date(2030, 2, 1), date(2030, 2, 3)]


def test_rewards_of_days() -> None:
    rule = {"reward": {str(slot): f"3:{slot + 1}:{slot + 5}" for slot in range(7)}}
    days = [date(2030, 2, 7), date(2030, 2, 8), date(2030, 2, 28)]
    assert [str(each) for each in check_in.rewards(days, rule, 0)] == ["3:1:5", "3:2:6", "3:1:5"]
    assert [str(each) for each in check_in.rewards(days, rule, 1)] == ["3:1:10", "3:2:6", "3:1:10"]
    assert [str(each) for each in check_in.rewards(days, rule, 2)] == ["3:1:10", "3:2:12", "3:1:10"]


def test_month_cards_end_and_begin() -> None:
    running = Held(2, NOON + SECOND)
    assert vip_cards.settle(running, NOON) == running
    assert vip_cards.settle(running, NOON + SECOND) == Held(1, NOON + SECOND + MONTH)
    assert vip_cards.settle(Held(1, NOON), NOON) == Held(0)
    assert vip_cards.settle(Held(0, NOON), NOON) == Held(0)
    assert vip_cards.settle(Held(1), NOON) == Held(1, NOON + MONTH)
    assert vip_cards.settle(Held(0), NOON) == Held(0)


def test_settling_twice_is_settling_once() -> None:
    for held in (Held(0), Held(1), Held(3), Held(1, NOON), Held(3, NOON), Held(2, NOON + SECOND)):
        once = vip_cards.settle(held, NOON)
        assert vip_cards.settle(once, NOON) == once


def test_a_month_is_added_to_the_end() -> None:
    assert vip_cards.prolong(Held(0), NOON) == Held(1, NOON + MONTH)
    assert vip_cards.prolong(Held(1, NOON + SECOND), NOON) == Held(1, NOON + SECOND + MONTH)


def test_seconds_of_cards() -> None:
    assert Held(0).seconds_left(MAX, NOON) == 0
    assert Held(1, NOON + MONTH).seconds_left(MAX, NOON) == 31 * 86400
    assert Held(1).seconds_left(PERPETUAL, NOON) == -1
    assert Held(0).seconds_left(PERPETUAL, NOON) == 0


def test_players_buy_no_cards_unless_they_are_developers() -> None:
    with pytest.raises(GameError) as refusal:
        function_list(debug=False)["purchase_vip_card"].call(world=None)
    assert refusal.value.reply.status == 99
    assert function_list(debug=True)["purchase_vip_card"].call.__module__ == "apps.worker.module.debug"


def test_what_is_no_number() -> None:
    numbers: list[object] = [7, "7", "-7"]
    others: list[object] = [7.0, True, "7.0", "x", "", None, [], {}, 2**70]
    assert [to_number(value) for value in numbers] == [7, 7, -7]
    assert [to_number(value) for value in others] == [None] * len(others)
