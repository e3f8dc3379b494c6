"""Rules of the game that need no database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.worker.module.enums import MailType
from apps.worker.rules import elements, energy, letters, levels, names, shanghai
from apps.worker.rules.energy import Energy, EnergyRule
from apps.worker.rules.items import Amount, ItemError, parse

RULE = EnergyRule(seconds=360, maximum=120)
NOON = datetime(2030, 1, 2, 12, tzinfo=shanghai.SHANGHAI)


def test_levels() -> None:
    curve = [0, 100, 300]
    assert levels.exp_info(180, curve, 80) == {"exp": 180, "level": 2, "need": 120, "reward": 80}
    assert levels.exp_info(300, curve) == {"exp": 300, "level": 3, "need": 0, "reward": 0}
    assert levels.level(59, [60, 200]) == 0


def test_days_begin_at_midnight_in_shanghai() -> None:
    just_before = datetime(2030, 1, 1, 15, 59, 59, tzinfo=UTC)
    assert shanghai.next_midnight(just_before) == datetime(2030, 1, 1, 16, tzinfo=UTC)
    assert shanghai.seconds_to_midnight(just_before) == 1
    assert shanghai.seconds_to_midnight(just_before + timedelta(seconds=1)) == 86400
    assert shanghai.moment_text(just_before) == "2030-01-01 23:59:59"
    assert shanghai.parse("2030-01-02") == datetime(2030, 1, 1, 16, tzinfo=UTC)


def test_energy_comes_back_and_the_running_point_is_kept() -> None:
    settled = energy.settle(100, NOON - timedelta(seconds=800), RULE, NOON)
    assert settled == Energy(102, NOON - timedelta(seconds=80))
    assert settled.info(RULE, NOON)["cooling_time"] == 280
    assert energy.spend(settled, 2, RULE, NOON) == Energy(100, NOON - timedelta(seconds=80))
    assert energy.spend(settled, 103, RULE, NOON) is None


def test_energy_at_and_above_the_maximum() -> None:
    assert energy.settle(119, NOON - timedelta(days=9), RULE, NOON) == Energy(120, None)
    assert energy.settle(150, NOON - timedelta(days=9), RULE, NOON) == Energy(150, None)
    assert Energy(150, None).info(RULE, NOON) == {"energy": 150, "recover_time": "", "cooling_time": -1}
    assert energy.spend(Energy(120, None), 1, RULE, NOON) == Energy(119, NOON)
    assert energy.add(Energy(100, NOON), 30, RULE) == Energy(130, None)


@given(st.integers(0, 119), st.lists(st.integers(0, 5000), max_size=20))
def test_looking_at_energy_often_never_changes_how_much_there_is(points: int, pauses: list[int]) -> None:
    often, now = Energy(points, NOON), NOON
    for pause in pauses:
        now += timedelta(seconds=pause)
        often = energy.settle(often.points, often.since, RULE, now)
    assert often == energy.settle(points, NOON, RULE, now)


def test_points_for_elements() -> None:
    assert [elements.points(level) for level in (1, 14, 15, 24, 25, 35)] == [0, 0, 1, 1, 2, 3]


@pytest.mark.parametrize("name", ["Ada", "阿达", "a_1", "_", "x" * 32, "龥"])
def test_names(name: str) -> None:
    assert names.is_name(name)


@pytest.mark.parametrize("name", ["", "x" * 33, "a b", "a.b", "a*", "a>", "a:b", "a'b", 'a"b', "a/b", "..", "a\n",
                                  "a\0", "é", "ａ", "💎", "a-b", "a;--"])
def test_what_is_no_name(name: str) -> None:
    assert not names.is_name(name)


def test_names_that_differ_in_case_alone_are_one() -> None:
    assert names.name_key("ADA") == names.name_key("ada") == names.wanted_key("Ada")


@pytest.mark.parametrize("name", ["Ada ", " Ada", "Ada\n", "a-b", "", "x" * 65])
def test_what_is_no_name_is_nobodys(name: str) -> None:
    assert names.wanted_key(name) == ""
    assert names.wanted_key("Ada_s9") == "ada_s9"


@pytest.mark.parametrize("text", ["3:5:100", "0:301:1", "2:402:7", "1:40:1", "4:4:12"])
def test_item_strings(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["", "3:5", "3:5:0", "3:5:-1", "3:24:1", "3:35:1", "5:1:1", "0:711:1", "1:0:1",
                                  "4:5:1",
                                  "3:5:1.5", " 3:5:1", "3:5:1\n", "3:5:1,3:5:1", "x:5:1", "3:5:9999999999999999"])
def test_what_is_no_item_string(text: str) -> None:
    with pytest.raises(ItemError):
        parse(text)


def test_multiplying() -> None:
    assert Amount(3, 5, 7).times(3) == Amount(3, 5, 21)


def test_new_keys_have_the_form_of_keys() -> None:
    seen: list[dict[str, object]] = []
    work = SimpleNamespace(deliver=lambda kind, body: seen.append(body))
    letter = letters.Letter(MailType.SIMPLE, "Ada", "hi", "there")
    key = letters.send(work, letters.Recipient("p1", "s0"), letter)  # type: ignore[arg-type]
    assert letters.is_key(key)
    assert seen == [{"world": "s0", "uid": "p1", "key": key,
                     "mail": {"type": "0", "from": "Ada", "subj": "hi", "body": "there"}}]
