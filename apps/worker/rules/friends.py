"""Friends: who asked whom, and who are friends.

A request is one row alone, from who asked, and a mail whose claim its owner redeems to agree; two friends have a row
each. A request whose mail was deleted was refused: its row stays with who asked, but binds the other no more. All
requests end after some time, see ``request_ends``.

What concerns two players is written under the locks of both: of the caller, and of the other by ``lock``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from apps.worker.module.enums import Limits, MailType, Stage, Timer
from apps.worker.rules import hearts, letters, names, shanghai, timers
from apps.worker.rules.families import Membership
from apps.worker.rules.letters import Letter, Recipient
from apps.worker.unit_of_work import Work
from apps.worker.worlds import World
from common.mysql import Statements, Transaction, marks

MOST_FRIENDS = 50
REQUESTS_PER_DAY = 6


@dataclass(frozen=True)
class OpenRequests:
    """How many requests without an answer a player may have sent, and how many may wait in a player's mailbox."""

    sent: int
    received: int


@dataclass(frozen=True)
class Person:
    """Another player, as this one sees it."""

    uid: str
    gn: str
    icon: str
    intro: str
    exp: int


def find(db: Statements, world: World, name: str) -> Person | None:
    """Return the player of this name who lives in the same world."""
    row = db.one("SELECT uid, gn, icon, intro, exp FROM player WHERE world = %s AND gn_key = %s",
                 world.home, names.wanted_key(name))
    return None if row is None else Person(*row)


def lock(db: Transaction, uid: str) -> Person | None:
    """Lock another player until the commit, so that nothing that both are part of changes meanwhile; return it."""
    row = db.one("SELECT uid, gn, icon, intro, exp FROM player WHERE uid = %s FOR UPDATE", uid)
    return None if row is None else Person(*row)


def are_friends(db: Statements, uid: str, other: str) -> bool:
    """Whether both agreed."""
    return db.one("SELECT 1 FROM friend WHERE uid = %s AND fid = %s AND since IS NOT NULL", uid, other) is not None


def may_ask(db: Statements, uid: str, other: str) -> bool:
    """Whether ``uid`` neither asked ``other`` nor is a friend, and has no open request of ``other`` in the mailbox."""
    return db.one("SELECT 1 FROM friend f LEFT JOIN claim c ON c.mail = f.mail "
                  "WHERE (f.uid = %s AND f.fid = %s) OR (f.uid = %s AND f.fid = %s AND c.mail IS NOT NULL)",
                  uid, other, other, uid) is None


def ask(db: Work, uid: str, target: Recipient) -> None:
    """Write the request and its mail; there is never one without the other."""
    letter = Letter(MailType.FRIEND_REQUEST, letters.name_of(db, uid), "", "")
    key = letters.send(db, target, letter, claim={"uid_sender": uid})
    db.execute("INSERT INTO friend (uid, fid, mail, asked) VALUES (%s, %s, %s, %s)", uid, target.uid, key,
               db.cause.time)
    hearts.show(db, uid, [target.uid])


def has_asked(db: Statements, sender: str, uid: str, key: str) -> bool:
    """Whether the request of this mail is still there: its sender can take it back, and ask again by another mail."""
    return db.one("SELECT 1 FROM friend WHERE uid = %s AND fid = %s AND since IS NULL AND mail = %s",
                  sender, uid, key) is not None


def is_full(db: Statements, uids: Sequence[str]) -> bool:
    """Whether one of these players has as many friends as a player can have. Requests do not count."""
    counts = db.all("SELECT COUNT(*) FROM friend "  # noqa: S608  # only marks
                    f"WHERE uid IN ({marks(uids)}) AND since IS NOT NULL GROUP BY uid", *uids)
    return any(count >= MOST_FRIENDS for (count,) in counts)


def befriend(db: Transaction, uid: str, other: str, today: date) -> None:
    """Make two players friends, whichever of them asked."""
    db.many("INSERT INTO friend (uid, fid, since) VALUES (%s, %s, %s) "
            "ON DUPLICATE KEY UPDATE since = VALUES(since), mail = NULL", [(uid, other, today), (other, uid, today)])
    hearts.show(db, uid, [other])
    hearts.show(db, other, [uid])


def part(db: Transaction, uid: str, other: str) -> None:
    """Remove whatever there is between two players, requests too."""
    db.execute("DELETE FROM friend WHERE (uid = %s AND fid = %s) OR (uid = %s AND fid = %s)", uid, other, other, uid)


def requests_today(db: Statements, uid: str, now: datetime) -> int:
    """Return how many requests a player sent today."""
    return counted_today(timers.get_timer(db, uid, Timer.REQUEST_FRIEND),
                         timers.get_limit(db, uid, Limits.REQUEST_FRIEND), now.date())


def counted_today(day: datetime | None, count: int, today: date) -> int:
    """Return what a counter that was last raised on ``day`` says today."""
    return 0 if day is None or day.date() < today else count


def count_request(db: Transaction, uid: str, sent: int, now: datetime) -> None:
    """Note that ``sent`` requests were sent today. The caller holds the player's lock."""
    timers.set_limit(db, uid, Limits.REQUEST_FRIEND, sent)
    timers.set_timer(db, uid, Timer.REQUEST_FRIEND, shanghai.day_text(now.date()))


def open_sent(db: Statements, uid: str) -> int:
    """Return how many players were asked by this one and did not agree, those who refused included."""
    return int(db.value("SELECT COUNT(*) FROM friend WHERE uid = %s AND since IS NULL", uid))


def open_received(db: Statements, uid: str) -> int:
    """Return how many requests wait in a player's mailbox."""
    return int(db.value("SELECT COUNT(*) FROM claim WHERE uid = %s AND type = %s", uid, int(MailType.FRIEND_REQUEST)))


def best_stage(db: Statements, uid: str) -> int:
    """Return the highest general stage that a player passed."""
    return int(db.value("SELECT stage FROM stage WHERE uid = %s AND sid = %s", uid, int(Stage.GENERAL)) or 0)


def may_invite(mine: Membership | None, theirs: Membership | None) -> bool:
    """Whether a player may invite another into the own family: officials may, and only who has no family."""
    return mine is not None and mine.is_official and theirs is None
