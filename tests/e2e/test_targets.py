"""Every function that takes the name of a player: what is no name is nobody's, whatever it would mean elsewhere."""

from dataclasses import dataclass
from typing import Any

import pytest

from apps.client.player import Player
from apps.worker.functions import function_list
from tests.support.database_rows import execute, uid_of
from tests.support.families import founder, member
from tests.support.friends import befriend
from tests.support.game import Game, give, name_of

FIELDS = ("gn_target", "target")
FUNCTIONS = {name: entry for name, entry in function_list(debug=True).items()
             if any(field.name in FIELDS for field in entry.fields)}
OTHER_FIELDS: dict[str, Any] = {
    "subj": "hello", "body": "text", "msg": "text", "items": ["3:1:5"], "role": 4, "group_id": 3, "item_id": 5,
    "quantity": 1, "seconds": 60,
}
ROWS = (
    "SELECT uid, gn, icon, intro, exp, world FROM player WHERE uid IN (%s, %s)",
    "SELECT uid, fid, since FROM friend WHERE uid IN (%s, %s) ORDER BY uid, fid",
    "SELECT uid, family, role FROM family_member WHERE uid IN (%s, %s)",
    "SELECT id, name, owner, disband FROM family WHERE owner IN (%s, %s)",
    "SELECT uid, iid, value FROM item WHERE uid IN (%s, %s)",
    "SELECT mail, uid, type FROM claim WHERE uid IN (%s, %s)",
    "SELECT uid, fid, day FROM heart WHERE uid IN (%s, %s)",
)
ANYBODY = (
    "' OR '1'='1", "' OR 1=1 -- ", "x' OR gn_key LIKE '%", "%", "_%", "{name}' -- ", "{name}'; DELETE FROM friend; -- ",
    "x' UNION SELECT uid FROM player WHERE gn = '{name}", "\\' OR uid = '{uid}' #", "{name}\\", "{uid}", "{name}%",
    "{name} ", " {name}", "{name}\n", "{name}\r\nX-Mail-Type: 1", "`{name}`", "{name}/*", "\u02bc OR 1=1 -- ",
    "../{uid}", "{name}.*", '{{"gn": "{name}"}}', "0x61646d696e", "NULL", "@@version", "%s", "%(gn)s", "{{0}}",
)


@dataclass(frozen=True)
class Pair:
    """The owner of a family, and a member of it who is a friend."""

    game: Game
    owner: Player
    friend: Player

    def rows(self) -> list[Any]:
        """Return all that a function could change about them."""
        uids = [uid_of(self.game, player) for player in (self.owner, self.friend)]
        return [execute(self.game, statement, *uids) for statement in ROWS]


@pytest.fixture(scope="module")
def pair(game: Game) -> Pair:
    owner = founder(game)
    give(owner, "3:1:100")
    friend = member(game, owner)
    befriend(owner, friend)
    return Pair(game, owner, friend)


def test_the_functions_are_found() -> None:
    assert {"remove_friend", "give_friend", "send_mail", "abdicate_family", "send_gift_mail"} <= set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nobody_is_meant_by_what_is_no_name(pair: Pair, function: str) -> None:
    names = [field.name for field in FUNCTIONS[function].fields]
    [target] = [name for name in names if name in FIELDS]
    others = {name: OTHER_FIELDS[name] for name in names if name != target}
    known = {"name": name_of(pair.friend), "uid": uid_of(pair.game, pair.friend)}
    before = pair.rows()
    nobody = pair.owner.call(function, **{target: "nobody"}, **others)
    for text in ANYBODY:
        answer = pair.owner.call(function, **{target: text.format(**known)}, **others)
        assert answer["status"] == nobody["status"], (text, answer)
    assert pair.rows() == before
    assert len(execute(pair.game, "SELECT 1 FROM friend LIMIT 1")) == 1


def test_names_in_a_list(pair: Pair) -> None:
    assert pair.owner.call("send_gift_all")["data"] == [name_of(pair.friend)]
    known = {"name": name_of(pair.friend), "uid": uid_of(pair.game, pair.friend)}
    texts = [text.format(**known) for text in ANYBODY]
    assert pair.owner.call("get_gifts_friend", gns=texts)["data"]["gns"] == []
    assert pair.owner.call("get_gifts_friend", gns=[known["name"]])["data"]["gns"] == [known["name"]]
