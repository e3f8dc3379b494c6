"""Tasks, achievements and signing in over the days of a calendar."""

from collections.abc import Iterator

import pytest

from apps.local.backends import MariaDB
from apps.worker.module import achievement, check_in, task
from apps.worker.module.common import Reply, ok
from apps.worker.module.enums import Achievement, Item, Task
from apps.worker.rules import progress
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls

DIAMOND = int(Item.DIAMOND)
NOON = at("2030-01-05 12:00:00")


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_progress") as url, dated_calls(url) as calls:
        yield calls


def do(calls: DatedCalls, uid: str, *tasks: Task, day: int = 5) -> None:
    """Record tasks on a day of January."""
    def record(**kwargs: object) -> Reply:
        for each in tasks:
            progress.record_task(kwargs["db"], uid, each, kwargs["now"])  # type: ignore[arg-type]
        return ok()

    calls.call(record, uid, NOON.replace(day=day))


def tasks_of(calls: DatedCalls, uid: str, day: int = 5) -> dict[int, str]:
    listed = calls.call(task.get_all_task, uid, NOON.replace(day=day)).data
    assert isinstance(listed, dict)
    return {entry["tid"]: entry["timer"] for entry in listed["tasks"]}


def progress_of(calls: DatedCalls, uid: str) -> dict[int, tuple[int, int]]:
    rows = calls.rows("SELECT aid, value, reward FROM achievement WHERE uid = %s", uid)
    return {aid: (value, reward) for aid, value, reward in rows}


def look(calls: DatedCalls, uid: str, moment: str) -> tuple[int, int]:
    """Look at the achievements; return the total of login days and the streak."""
    listed = calls.call(achievement.get_all_achievement, uid, at(moment)).data
    assert isinstance(listed, dict)
    values = {entry["aid"]: entry["value"] for entry in listed["achievements"]}
    return values[1], values[2]


def add(calls: DatedCalls, uid: str, kind: Achievement, amount: int) -> None:
    def record(**kwargs: object) -> Reply:
        progress.record_achievement(kwargs["db"], uid, kind, amount)  # type: ignore[arg-type]
        return ok()

    calls.call(record, uid, NOON)


def test_the_first_time_of_a_day_counts(calls: DatedCalls) -> None:
    uid = calls.player()
    do(calls, uid, Task.CHECK_FACTORY)
    calls.execute("UPDATE task SET done = '2030-01-05 08:00:00' WHERE uid = %s", uid)
    do(calls, uid, Task.CHECK_FACTORY)
    assert tasks_of(calls, uid) == {1: "2030-01-05 12:00:00", 10: "2030-01-05 08:00:00"}


def test_ten_other_tasks_complete_the_thirteenth(calls: DatedCalls) -> None:
    uid = calls.player()
    do(calls, uid, *[each for each in Task if 2 <= each <= 10])
    assert calls.rows("SELECT tid FROM task WHERE uid = %s AND tid = 13", uid) == []
    do(calls, uid, Task.SEND_FRIEND_GIFT)
    assert set(tasks_of(calls, uid)) == {*range(1, 12), 13}


def test_tasks_of_two_days_do_not_add_up(calls: DatedCalls) -> None:
    uid = calls.player()
    do(calls, uid, *[each for each in Task if 2 <= each <= 10], day=4)
    do(calls, uid, Task.SEND_FRIEND_GIFT, Task.FAMILY_CHECK_IN)
    assert set(tasks_of(calls, uid)) == {1, 11, 12}


def test_a_claimed_task_stays_claimed_when_it_is_done_again(calls: DatedCalls) -> None:
    uid = calls.player()
    do(calls, uid, Task.PRO_SUMMONING)
    assert calls.call(task.get_task_reward, uid, NOON, task_id=9).data == {
        "reward": [{"5": {"value": 30, "reward": 30}}], "task": 9}
    do(calls, uid, Task.PRO_SUMMONING)
    assert calls.call(task.get_task_reward, uid, NOON, task_id=9).status == 99


def test_a_reward_lapses_at_midnight(calls: DatedCalls) -> None:
    uid = calls.player()
    do(calls, uid, Task.PRO_SUMMONING)
    assert calls.call(task.get_task_reward, uid, at("2030-01-06 00:00:00"), task_id=9).status == 99
    assert calls.call(task.get_task_reward, uid, at("2030-01-05 23:59:59"), task_id=9).status == 0
    do(calls, uid, Task.PRO_SUMMONING, day=6)
    assert calls.call(task.get_task_reward, uid, at("2030-01-06 12:00:01"), task_id=9).status == 0


def test_login_days_are_calendar_days(calls: DatedCalls) -> None:
    uid = calls.player()
    assert look(calls, uid, "2030-01-05 23:59:59") == (1, 1)
    assert look(calls, uid, "2030-01-06 00:00:00") == (2, 2)
    assert look(calls, uid, "2030-01-06 23:59:59") == (2, 2)
    assert look(calls, uid, "2030-01-08 00:00:00") == (3, 1)  # 48 hours have not passed, but a day was left out
    assert look(calls, uid, "2030-01-09 00:00:00") == (4, 2)
    assert look(calls, uid, "2030-02-09 00:00:00") == (5, 1)  # the same day of another month


def test_a_clock_that_steps_back_counts_nothing(calls: DatedCalls) -> None:
    uid = calls.player()
    look(calls, uid, "2030-01-06 00:00:01")
    assert look(calls, uid, "2030-01-05 23:59:59") == (1, 1)
    assert look(calls, uid, "2030-01-06 00:00:02") == (1, 1)


def test_claimed_tiers_of_a_streak_stay_claimed(calls: DatedCalls) -> None:
    uid = calls.player()
    for day in (5, 6):
        look(calls, uid, f"2030-01-0{day} 08:00:00")
    assert calls.call(achievement.get_achievement_reward, uid, NOON, achievement_id=2).data == {
        "remain": ["3:5:20"], "reward": ["3:5:20"], "achievement": "2:2:2"}
    for day in (8, 9):
        look(calls, uid, f"2030-01-0{day} 08:00:00")
    assert calls.call(achievement.get_achievement_reward, uid, NOON, achievement_id=2).status == 99


def test_progress_saturates(calls: DatedCalls) -> None:
    uid = calls.player()
    for amount in (70_000, 2**80, 5, 0, -3):
        add(calls, uid, Achievement.COLLECT_FOOD, amount)
    assert progress_of(calls, uid) == {21: (progress.LARGEST_PROGRESS, 0)}
    for _ in range(7):
        assert calls.call(achievement.get_achievement_reward, uid, NOON, achievement_id=21).status == 0
    assert calls.call(achievement.get_achievement_reward, uid, NOON, achievement_id=21).status == 99
    assert calls.balance(uid, DIAMOND) == 10 + 20 + 30 + 40 + 50 + 60 + 70


def test_missed_days_are_signed_for_a_price(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.execute("INSERT INTO item VALUES (%s, 5, 1000)", uid)
    assert calls.call(check_in.check_in_sign, uid, at("2030-01-02 08:00:00")).data == {
        "remain": ["3:19:2"], "reward": ["3:19:2"]}
    assert calls.call(check_in.check_in_supplement, uid, at("2030-01-08 08:00:00")).data == {
        "supplement": {
            "01": {"remain": ["3:18:2"], "reward": ["3:18:2"]},
            "02": {},
            "03": {"remain": ["3:6:8"], "reward": ["3:6:8"]},
            "04": {"remain": ["3:20:2"], "reward": ["3:20:2"]},
            "05": {"remain": ["3:33:1"], "reward": ["3:33:1"]},
            "06": {"remain": ["0:304:5"], "reward": ["0:304:5"]},
            "07": {"remain": ["3:5:580"], "reward": ["3:5:60"]},
        },
        "remain": ["3:5:520"], "reward": ["3:5:480"]}
    listed = calls.call(check_in.check_in_all, uid, at("2030-01-08 23:59:50")).data
    assert isinstance(listed, dict)
    assert (listed["today"], listed["cd"]) == (8, 10)
    assert list(listed["history"]) == ["01", "02", "03", "04", "05", "06", "07"]
    assert listed["history"]["03"] == {"date": "2030-01-03", "reward": 1}


def test_today_is_never_supplemented_nor_charged(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.execute("INSERT INTO item VALUES (%s, 5, 80)", uid)
    calls.call(check_in.check_in_sign, uid, at("2030-01-01 08:00:00"))
    assert calls.call(check_in.check_in_supplement, uid, at("2030-01-01 09:00:00")).status == 98
    assert calls.call(check_in.check_in_supplement, uid, at("2030-01-02 09:00:00")).status == 98
    assert calls.call(check_in.check_in_supplement, uid, at("2030-01-03 09:00:00")).status == 0
    assert calls.balance(uid, DIAMOND) == 0
    assert calls.rows("SELECT tid FROM task WHERE uid = %s AND done > '2030-01-02'", uid) == []
    assert calls.call(check_in.check_in_sign, uid, at("2030-01-03 10:00:00")).status == 0
    assert calls.rows("SELECT tid FROM task WHERE uid = %s", uid) == [(2,)]


def test_missed_days_that_are_too_expensive_change_nothing(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.execute("INSERT INTO item VALUES (%s, 5, 159)", uid)
    assert calls.call(check_in.check_in_supplement, uid, at("2030-01-03 08:00:00")).status == 97
    assert calls.balance(uid, DIAMOND) == 159
    assert calls.rows("SELECT day FROM check_in WHERE uid = %s", uid) == []


def test_nothing_goes_over_into_the_next_month(calls: DatedCalls) -> None:
    uid = calls.player()
    calls.call(check_in.check_in_sign, uid, at("2030-01-31 23:59:59"))
    listed = calls.call(check_in.check_in_all, uid, at("2030-02-01 00:00:00")).data
    assert listed == {"today": 1, "cd": 86400, "history": {}}
    assert calls.call(check_in.check_in_supplement, uid, at("2030-02-01 00:00:00")).status == 98
    assert calls.call(check_in.check_in_sign, uid, at("2030-02-01 00:00:00")).status == 0


def test_vip_levels_double_the_rewards_of_lower_slots(calls: DatedCalls) -> None:
    uid = calls.player(vipexp=300)  # level 2
    for day, reward in ((8, "3:18:4"), (9, "3:19:2"), (14, "3:5:120")):
        assert calls.call(check_in.check_in_sign, uid, NOON.replace(day=day)).data == {
            "remain": [reward], "reward": [reward]}
