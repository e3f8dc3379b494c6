"""Players of the benchmark with long lists: each has fifty friends, a family of fifty, and fifty mails."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from apps.mail.listings import SETTLED_SECONDS
from tests.load import database, players
from tests.load.scenario import Account
from tests.support.game import WORLD

LENGTH = 50
NEWS = 30
BODY = "Meet us at the old mill when the bell rings; bring scroll number {number}."
FULL, BUSY = 1, -3


def fill(endpoints: Mapping[str, Any], accounts: Sequence[Account], crowd: int) -> list[Account]:
    """Give lists to as many of ``accounts`` as a crowd of this size has members for their families; return them."""
    chosen = list(accounts[:crowd // LENGTH])
    with closing(database.connect(endpoints["mysql"])) as connection, connection.cursor() as cursor:
        uids = [_uid(cursor, account) for account in chosen]
        for number, uid in enumerate(uids):
            _insert_friends(cursor, uid)
            _insert_family(cursor, uid, number)
        connection.commit()
    _send_mails(endpoints["mail"], uids)
    _settle(endpoints["mail"], uids)
    return chosen


def _uid(cursor: Any, account: Account) -> str:
    cursor.execute("SELECT uid FROM player WHERE gn = %s", (account.name,))
    return str(cursor.fetchone()[0])


def _insert_friends(cursor: Any, uid: str) -> None:
    """Befriend the first of the crowd; half of them got a heart."""
    cursor.executemany("INSERT INTO friend (uid, fid, since) VALUES (%s, %s, '2030-01-01')",
                       [(uid, f"crowdplayer{other}") for other in range(LENGTH)])
    cursor.executemany("UPDATE friend SET heart = '2030-01-02', paid = 1 WHERE uid = %s AND fid = %s",
                       [(uid, f"crowdplayer{other}") for other in range(0, LENGTH, 2)])


def _insert_family(cursor: Any, uid: str, number: int) -> None:
    """Make a family of a player and 49 of the crowd, who have logged in and hold family coins."""
    family = f"ffamily{number:010}"
    members = [uid, *(f"crowdplayer{other}" for other in range(number * LENGTH, (number + 1) * LENGTH - 1))]
    cursor.execute(
        "INSERT INTO family (id, world, name, name_key, owner, icon, notice, board, created) "
        "VALUES (%s, %s, %s, %s, %s, 1, 'bring scrolls', 'we meet on Sunday', UTC_TIMESTAMP(3))",
        (family, WORLD, f"family_{number}", f"family_{number}", uid))
    cursor.executemany("INSERT INTO family_member (uid, family, joined) VALUES (%s, %s, UTC_TIMESTAMP(3))",
                       [(member, family) for member in members])
    cursor.executemany("INSERT IGNORE INTO item (uid, iid, value) VALUES (%s, %s, 100)",
                       [(member, iid) for member in members for iid in (36, 37)])
    cursor.execute("UPDATE player p JOIN family_member m ON m.uid = p.uid SET p.login = '2030-01-02 08:00:00', "
                   "p.family = m.family, p.family_joined = m.joined, p.family_coin = 100, p.family_record = 100 "
                   "WHERE m.family = %s", (family,))
    news = [["2030-01-02 08:00:00", f"fm_3:crowd_{other},crowd_{other + 1}"] for other in range(NEWS)]
    cursor.execute("UPDATE family SET news = %s WHERE id = %s", (json.dumps(news), family))


def _send_mails(mail: str, uids: Sequence[str]) -> None:
    """Fill the mailboxes, in which the mail of every new player is already."""
    left = [_mail(uid, number) for number in range(LENGTH) for uid in uids]  # neighbours go to different boxes
    while left:
        answers = players.post_all(f"{mail}/send", left)
        assert {answer["status"] for answer in answers} <= {0, FULL, BUSY}, answers
        left = [body for body, answer in zip(left, answers, strict=True) if answer["status"] == BUSY]


def _settle(mail: str, uids: Sequence[str]) -> None:
    """List the mailboxes, and wait until they have not changed for long, as most have not when somebody looks."""
    players.post_all(f"{mail}/all", [{"world": WORLD, "uid": uid} for uid in uids])
    time.sleep(SETTLED_SECONDS)


def _mail(uid: str, number: int) -> dict[str, object]:
    mail = {"type": "0", "from": players.crowd_name(number), "subj": "mill", "body": BODY.format(number=number)}
    return {"world": WORLD, "uid": uid, "key": f"{uid}{number:06}", "mail": mail}
