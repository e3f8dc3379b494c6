"""Numbers that the game client and the server share.

The client knows each of them by value: a number is never given another meaning, and the gaps stay gaps. On the wire
they are integers, and decimal strings where they are keys of an object. ``range`` gives the numbers of a row of names.
"""

from enum import IntEnum, StrEnum


class Group(IntEnum):
    """What the first number of an item string ``gid:iid:qty`` says of the second."""

    WEAPON = 0
    SKILL = 1
    ROLE = 2
    ITEM = 3
    ARMOR = 4


class Item(IntEnum):
    """Balances of a player (group 3). A scroll, card or potion says what it is for; the rest are currencies."""

    COIN = 1
    IRON = 2
    FOOD = 3
    CRYSTAL = 4
    DIAMOND = 5
    SKILL_SCROLL_10 = 6
    SKILL_SCROLL_30 = 7
    SKILL_SCROLL_100 = 8
    EXP_POINT = 9
    ENERGY_POTION_S = 10
    SUMMON_SCROLL_BASIC = 11
    SUMMON_SCROLL_PRO = 12
    SUMMON_SCROLL_PROPHET = 13
    FORTUNE_WHEEL_BASIC = 14
    FORTUNE_WHEEL_PRO = 15
    FRIEND_GIFT = 16
    UNIVERSAL_SEGMENT = 17
    COIN_CARD = 18
    EXP_CARD = 19
    FOOD_CARD = 20
    IRON_CARD = 21
    CRYSTAL_CARD = 22
    DIAMOND_CARD = 23
    SMALL_ENERGY_POTION = 25
    VIP_CARD_MIN = 26
    VIP_CARD_MAX = 27
    VIP_CARD_PERPETUAL = 28
    WEAPON5_UNIVERSAL_SEGMENT = 29
    ROLE5_UNIVERSAL_SEGMENT = 30
    WEAPON6_UNIVERSAL_SEGMENT = 31
    ROLE6_UNIVERSAL_SEGMENT = 32
    ENERGY_POTION_S_MIN = 33
    ENERGY_POTION_S_MAX = 34
    FAMILY_COIN = 36
    FAMILY_COIN_RECORD = 37
    WEAPON4_UNIVERSAL_SEGMENT = 38
    ROLE4_UNIVERSAL_SEGMENT = 39
    UNIVERSAL4_SEGMENT = 40
    UNIVERSAL5_SEGMENT = 41
    UNIVERSAL6_SEGMENT = 42
    VIP_EXP_CARD = 43
    INTEGRAL = 44
    SUMMON_SCROLL_D = 45
    SUMMON_SCROLL_C = 46


class Weapon(IntEnum):
    """Weapons: tier times 100 plus a number from 1 to 10."""

    W101, W102, W103, W104, W105, W106, W107, W108, W109, W110 = range(101, 111)
    W201, W202, W203, W204, W205, W206, W207, W208, W209, W210 = range(201, 211)
    W301, W302, W303, W304, W305, W306, W307, W308, W309, W310 = range(301, 311)
    W401, W402, W403, W404, W405, W406, W407, W408, W409, W410 = range(401, 411)
    W501, W502, W503, W504, W505, W506, W507, W508, W509, W510 = range(501, 511)
    W601, W602, W603, W604, W605, W606, W607, W608, W609, W610 = range(601, 611)


class Role(IntEnum):
    """Roles: tier times 100 plus a number from 1 to 10."""

    R101, R102, R103, R104, R105, R106, R107, R108, R109, R110 = range(101, 111)
    R201, R202, R203, R204, R205, R206, R207, R208, R209, R210 = range(201, 211)
    R301, R302, R303, R304, R305, R306, R307, R308, R309, R310 = range(301, 311)
    R401, R402, R403, R404, R405, R406, R407, R408, R409, R410 = range(401, 411)
    R501, R502, R503, R504, R505, R506, R507, R508, R509, R510 = range(501, 511)
    R601, R602, R603, R604, R605, R606, R607, R608, R609, R610 = range(601, 611)


class Skill(IntEnum):
    """Skills of a player."""

    S1, S2, S3, S4, S5, S6, S7, S8, S9, S10 = range(1, 11)
    S11, S12, S13, S14, S15, S16, S17, S18, S19, S20 = range(11, 21)
    S21, S22, S23, S24, S25, S26, S27, S28, S29, S30 = range(21, 31)
    S31, S32, S33, S34, S35, S36, S37, S38, S39, S40 = range(31, 41)


class Armor(IntEnum):
    """Kinds of armor."""

    A1, A2, A3, A4 = range(1, 5)


class ArmorTier(IntEnum):
    """Levels of armor."""

    T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11 = range(1, 12)


class WeaponPassive(IntEnum):
    """Passive skills of a weapon."""

    P1, P2, P3, P4 = range(1, 5)


class RolePassive(IntEnum):
    """Passive skills of a role."""

    P101, P102, P103, P104, P105, P106, P107, P108, P109, P110 = range(101, 111)


class Stage(IntEnum):
    """Modes of the stages; each has its own range of stage numbers."""

    GENERAL = 0
    ENDLESS = 1
    BOSS = 3
    COIN = 4
    EXP = 5


class Factory(IntEnum):
    """Factories; UNASSIGNED is the row that holds the idle and the owned workers."""

    WISHING_POOL = -2
    UNASSIGNED = -1
    FOOD = 0
    IRON = 1
    CRYSTAL = 2
    ARMOR = 3


class Element(IntEnum):
    """Elements that a player can strengthen."""

    FLAME = 1000
    THUNDER = 1001
    FREEZE = 1002
    TOXIN = 1003


class Science(IntEnum):
    """Branches of science: the highest part of a science key."""

    FACTORY = 1


class ScienceSub(IntEnum):
    """Parts of a branch: the middle part of a science key."""

    MASTER = 0
    ROLE = 1
    WEAPON = 2


class SSAffiliate(IntEnum):
    """Attributes: the lowest part of a science key ``branch * 65536 + sub * 256 + affiliate``."""

    NON = 0
    POR = 1
    AGE = 2
    SPT = 3
    CON = 4
    HIT = 5
    DOE = 6


class LeaderBoard(IntEnum):
    """Rankings: the best single hit on a world boss, and the sum of all hits."""

    WORLD_BOSS = 1
    TOTAL_WB = 2


class Timer(IntEnum):
    """Points in time that are kept for a player."""

    DARK_MARKET = 5
    FAMILY_CHECK_IN = 7
    FAMILY_DISBAND = 9
    ENERGY_RECOVER = 11
    LOGIN = 12
    FACTORY_REFRESH = 13
    FACTORY_ACCELERATION_START = 14
    FACTORY_ACCELERATION_END = 15
    FACTORY_WISHING_POOL = 16
    VIP_MIN_END = 17
    VIP_MAX_END = 18
    REQUEST_FRIEND = 19
    VIP_COOLING = 20
    CONTINUOUS_LOGIN = 21
    MAIL_LAST_SENT = 22
    FAMILY_JOIN_END = 23
    FAMILY_NOTICE_END = 24
    FAMILY_INVITE_END = 25
    BIND_PHONE_END = 26
    SUMMON_D_END = 27
    SUMMON_C_END = 28
    SUMMON_G_END = 29
    INTEGRAL = 30
    SUMMON_C = 31
    SUMMON_D = 32
    SUMMON_C_REFRESH = 33
    SUMMON_D_REFRESH = 34
    SUMMON_G_REFRESH = 35
    FAMILY_JOIN = 36
    DT_ENERGY = 37
    STAGE_WORLD_BOSS = 38
    STAGE_COIN = 39
    STAGE_EXP = 40
    STAGE_HANG_UP = 41
    PACKAGE_ENERGY = 42


class Limits(IntEnum):
    """Counters that are kept for a player; most start anew each day."""

    DARK_MARKET = 1
    FACTORY_WISHING_POOL = 5
    REQUEST_FRIEND = 6
    MAIL_DAILY_SEND = 9
    FAMILY_NOTICE = 10
    FAMILY_INVITE = 11
    BIND_PHONE = 12
    INTEGRAL = 13
    SUMMON_C = 14
    SUMMON_D = 15
    FAMILY_JOIN = 16
    DT_ENERGY = 17
    STAGE_WORLD_BOSS = 18
    STAGE_COIN = 19
    STAGE_COIN_VIP = 20
    STAGE_EXP = 21
    STAGE_EXP_VIP = 22
    PLAYER_ELEMENT = 23
    PACKAGE_ENERGY = 24


class Task(IntEnum):
    """Daily tasks; the game data names them in lower case."""

    LOGIN = 1
    CHECK_IN = 2
    ROLE_LEVEL_UP = 3
    WEAPON_LEVEL_UP = 4
    PASS_MAIN_STAGE = 5
    PASS_SPECIAL_STAGE = 6
    PASS_WORLD_BOSS = 7
    BASIC_SUMMONING = 8
    PRO_SUMMONING = 9
    CHECK_FACTORY = 10
    SEND_FRIEND_GIFT = 11
    FAMILY_CHECK_IN = 12
    DONE_10_TASK = 13


class Achievement(IntEnum):
    """Achievements; those from 101 on are the ones that the client itself may report."""

    TOTAL_LOGIN = 1
    KEEPING_LOGIN = 2
    LV_VIP = 3
    GET_4R = 4
    GET_5R = 5
    GET_6R = 6
    LV_UPR = 7
    GET_4W = 8
    GET_5W = 9
    GET_6W = 10
    LV_UPW = 11
    SUMMON_C = 12
    SUMMON_D = 13
    SUMMON_3W = 14
    SUMMON_4W = 15
    SUMMON_5W = 16
    SUMMON_3R = 17
    SUMMON_4R = 18
    SUMMON_5R = 19
    PASS_STAGE = 20
    COLLECT_FOOD = 21
    COLLECT_IRON = 22
    COLLECT_CRYSTAL = 23
    UPGRADE_FOOD = 24
    UPGRADE_IRON = 25
    UPGRADE_CRYSTAL = 26
    FRIEND_REQUEST = 27
    FRIEND_GIFT = 28
    FAMILY_CHECK_IN = 29
    ACT_AI = 101
    ACT_UNS = 102


class MailType(IntEnum):
    """Kinds of mail; all but SIMPLE carry something that is redeemed once."""

    SIMPLE = 0
    GIFT = 1
    FRIEND_REQUEST = 2
    FAMILY_REQUEST = 3


class MailTemplate(IntEnum):
    """Texts that the client knows: the name stands in the subject or the body of a mail."""

    FAMILY_REQUEST = 1
    FAMILY_INVITATION = 2
    SYSTEM_REWARD = 3
    FRIEND_GIFT = 4
    COMPENSATE = 5
    SETTLEMENT = 6
    GIFT_1 = 7
    GIFT_2 = 8


class FamilyRole(IntEnum):
    """Ranks in a family."""

    BASIC = 0
    ELITE = 4
    ADMIN = 8
    OWNER = 10


class FamilyHistoryKeys(StrEnum):
    """Events in the news of a family."""

    LEAVE = "fm_0"
    REMOVE = "fm_1"
    INVITE = "fm_2"
    RESPOND = "fm_3"
    PURCHASE = "fm_4"
    ICON = "fm_5"
    ROLE = "fm_6"
    CHANGE_NAME = "fm_7"
    DISBAND = "fm_8"
    CANCEL_DISBAND = "fm_9"
    ABDICATE = "fm_10"


class Tier(IntEnum):
    """Kinds of draw; kept because the numbers are taken."""

    BASIC = 0
    FRIEND = 1
    PRO = 2
    PROPHET = 3
