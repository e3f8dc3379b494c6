"""Names and numbers that the client knows. They are written down a second time here, because no one may change them."""

from enum import Enum

import pytest

from apps.worker.module import enums

TABLE = """
Group: WEAPON=0 SKILL=1 ROLE=2 ITEM=3 ARMOR=4
Item: COIN=1 IRON=2 FOOD=3 CRYSTAL=4 DIAMOND=5 SKILL_SCROLL_10=6 SKILL_SCROLL_30=7 SKILL_SCROLL_100=8 EXP_POINT=9
Item: ENERGY_POTION_S=10 SUMMON_SCROLL_BASIC=11 SUMMON_SCROLL_PRO=12 SUMMON_SCROLL_PROPHET=13 FORTUNE_WHEEL_BASIC=14
Item: FORTUNE_WHEEL_PRO=15 FRIEND_GIFT=16 UNIVERSAL_SEGMENT=17 COIN_CARD=18 EXP_CARD=19 FOOD_CARD=20 IRON_CARD=21
Item: CRYSTAL_CARD=22 DIAMOND_CARD=23 SMALL_ENERGY_POTION=25 VIP_CARD_MIN=26 VIP_CARD_MAX=27 VIP_CARD_PERPETUAL=28
Item: WEAPON5_UNIVERSAL_SEGMENT=29 ROLE5_UNIVERSAL_SEGMENT=30 WEAPON6_UNIVERSAL_SEGMENT=31 ROLE6_UNIVERSAL_SEGMENT=32
Item: ENERGY_POTION_S_MIN=33 ENERGY_POTION_S_MAX=34 FAMILY_COIN=36 FAMILY_COIN_RECORD=37 WEAPON4_UNIVERSAL_SEGMENT=38
Item: ROLE4_UNIVERSAL_SEGMENT=39 UNIVERSAL4_SEGMENT=40 UNIVERSAL5_SEGMENT=41 UNIVERSAL6_SEGMENT=42 VIP_EXP_CARD=43
Item: INTEGRAL=44 SUMMON_SCROLL_D=45 SUMMON_SCROLL_C=46
Armor: A1=1 A2=2 A3=3 A4=4
ArmorTier: T1=1 T2=2 T3=3 T4=4 T5=5 T6=6 T7=7 T8=8 T9=9 T10=10 T11=11
WeaponPassive: P1=1 P2=2 P3=3 P4=4
RolePassive: P101=101 P102=102 P103=103 P104=104 P105=105 P106=106 P107=107 P108=108 P109=109 P110=110
Stage: GENERAL=0 ENDLESS=1 BOSS=3 COIN=4 EXP=5
Factory: WISHING_POOL=-2 UNASSIGNED=-1 FOOD=0 IRON=1 CRYSTAL=2 ARMOR=3
Element: FLAME=1000 THUNDER=1001 FREEZE=1002 TOXIN=1003
Science: FACTORY=1
ScienceSub: MASTER=0 ROLE=1 WEAPON=2
SSAffiliate: NON=0 POR=1 AGE=2 SPT=3 CON=4 HIT=5 DOE=6
LeaderBoard: WORLD_BOSS=1 TOTAL_WB=2
Timer: DARK_MARKET=5 FAMILY_CHECK_IN=7 FAMILY_DISBAND=9 ENERGY_RECOVER=11 LOGIN=12 FACTORY_REFRESH=13
Timer: FACTORY_ACCELERATION_START=14 FACTORY_ACCELERATION_END=15 FACTORY_WISHING_POOL=16 VIP_MIN_END=17 VIP_MAX_END=18
Timer: REQUEST_FRIEND=19 VIP_COOLING=20 CONTINUOUS_LOGIN=21 MAIL_LAST_SENT=22 FAMILY_JOIN_END=23 FAMILY_NOTICE_END=24
Timer: FAMILY_INVITE_END=25 BIND_PHONE_END=26 SUMMON_D_END=27 SUMMON_C_END=28 SUMMON_G_END=29 INTEGRAL=30 SUMMON_C=31
Timer: SUMMON_D=32 SUMMON_C_REFRESH=33 SUMMON_D_REFRESH=34 SUMMON_G_REFRESH=35 FAMILY_JOIN=36 DT_ENERGY=37
Timer: STAGE_WORLD_BOSS=38 STAGE_COIN=39 STAGE_EXP=40 STAGE_HANG_UP=41 PACKAGE_ENERGY=42
Limits: DARK_MARKET=1 FACTORY_WISHING_POOL=5 REQUEST_FRIEND=6 MAIL_DAILY_SEND=9 FAMILY_NOTICE=10 FAMILY_INVITE=11
Limits: BIND_PHONE=12 INTEGRAL=13 SUMMON_C=14 SUMMON_D=15 FAMILY_JOIN=16 DT_ENERGY=17 STAGE_WORLD_BOSS=18 STAGE_COIN=19
Limits: STAGE_COIN_VIP=20 STAGE_EXP=21 STAGE_EXP_VIP=22 PLAYER_ELEMENT=23 PACKAGE_ENERGY=24
Task: LOGIN=1 CHECK_IN=2 ROLE_LEVEL_UP=3 WEAPON_LEVEL_UP=4 PASS_MAIN_STAGE=5 PASS_SPECIAL_STAGE=6 PASS_WORLD_BOSS=7
Task: BASIC_SUMMONING=8 PRO_SUMMONING=9 CHECK_FACTORY=10 SEND_FRIEND_GIFT=11 FAMILY_CHECK_IN=12 DONE_10_TASK=13
Achievement: TOTAL_LOGIN=1 KEEPING_LOGIN=2 LV_VIP=3 GET_4R=4 GET_5R=5 GET_6R=6 LV_UPR=7 GET_4W=8 GET_5W=9 GET_6W=10
Achievement: LV_UPW=11 SUMMON_C=12 SUMMON_D=13 SUMMON_3W=14 SUMMON_4W=15 SUMMON_5W=16 SUMMON_3R=17 SUMMON_4R=18
Achievement: SUMMON_5R=19 PASS_STAGE=20 COLLECT_FOOD=21 COLLECT_IRON=22 COLLECT_CRYSTAL=23 UPGRADE_FOOD=24
Achievement: UPGRADE_IRON=25 UPGRADE_CRYSTAL=26 FRIEND_REQUEST=27 FRIEND_GIFT=28 FAMILY_CHECK_IN=29 ACT_AI=101
Achievement: ACT_UNS=102
MailType: SIMPLE=0 GIFT=1 FRIEND_REQUEST=2 FAMILY_REQUEST=3
MailTemplate: FAMILY_REQUEST=1 FAMILY_INVITATION=2 SYSTEM_REWARD=3 FRIEND_GIFT=4 COMPENSATE=5 SETTLEMENT=6 GIFT_1=7
MailTemplate: GIFT_2=8
FamilyRole: BASIC=0 ELITE=4 ADMIN=8 OWNER=10
FamilyHistoryKeys: LEAVE=fm_0 REMOVE=fm_1 INVITE=fm_2 RESPOND=fm_3 PURCHASE=fm_4 ICON=fm_5 ROLE=fm_6 CHANGE_NAME=fm_7
FamilyHistoryKeys: DISBAND=fm_8 CANCEL_DISBAND=fm_9 ABDICATE=fm_10
Tier: BASIC=0 FRIEND=1 PRO=2 PROPHET=3
"""


def expected() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {
        "Weapon": {f"W{tier}{number:02}": f"{tier}{number:02}" for tier in range(1, 7) for number in range(1, 11)},
        "Role": {f"R{tier}{number:02}": f"{tier}{number:02}" for tier in range(1, 7) for number in range(1, 11)},
        "Skill": {f"S{number}": str(number) for number in range(1, 41)},
    }
    for line in TABLE.split("\n")[1:-1]:
        name, _, members = line.partition(": ")
        for member in members.split():
            key, _, value = member.partition("=")
            table.setdefault(name, {})[key] = value
    return table


def defined() -> dict[str, type[Enum]]:
    return {name: value for name, value in vars(enums).items()
            if isinstance(value, type) and issubclass(value, Enum) and value.__module__ == enums.__name__}


@pytest.mark.parametrize("name", sorted(expected()))
def test_names_and_numbers(name: str) -> None:
    members = defined()[name].__members__
    assert {member: str(entry.value) for member, entry in members.items()} == expected()[name]


def test_there_are_no_others() -> None:
    assert set(defined()) == set(expected())


def test_a_number_is_its_text_as_a_key() -> None:
    assert str(enums.Item.DIAMOND) == "5"
    assert str(enums.FamilyHistoryKeys.ABDICATE) == "fm_10"


def test_an_unknown_number_is_refused() -> None:
    for number in (0, 24, 35, 47):
        with pytest.raises(ValueError, match=f"{number} is not a valid Item"):
            enums.Item(number)
