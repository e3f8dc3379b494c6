"""The elements that a player strengthens with points of its level."""

from typing import Unpack

from apps.worker.module.common import GameError, ReadTools, Reply, Tools, ok
from apps.worker.module.enums import Element, Limits
from apps.worker.rules import elements, levels, timers


def player_element_all(uid: str, **kwargs: Unpack[ReadTools]) -> Reply:
    """Show the elements and how often they can still be reset."""
    db = kwargs["db"]
    return ok({"elements": elements.levels_of(db, uid), "lim": timers.get_limit(db, uid, Limits.PLAYER_ELEMENT)})


def player_element_lv(uid: str, eid: int, **kwargs: Unpack[Tools]) -> Reply:
    """Strengthen an element by one. 99: no such element. 98: no points left. 97: as strong as it can be."""
    db = kwargs["db"]
    if eid not in list(Element):
        raise GameError(99, "no such element")
    exp = db.value("SELECT exp FROM player WHERE uid = %s", uid)
    curve = kwargs["config"]["player_experience"]["player_level"]["experience"]
    have = elements.levels_of(db, uid)
    if sum(have.values()) >= elements.points(levels.level(exp, curve)):
        raise GameError(98, "no points left")
    if have[str(eid)] >= elements.HIGHEST:
        raise GameError(97, "the element is as strong as it can be")
    have[str(eid)] += 1
    elements.write(db, uid, have)
    return ok({"elements": have, "reward": {str(eid): 1}})


def player_element_reset(uid: str, **kwargs: Unpack[Tools]) -> Reply:
    """Take all points back, three times in a life. 99: no resets left."""
    db = kwargs["db"]
    left = timers.get_limit(db, uid, Limits.PLAYER_ELEMENT)
    if left <= 0:
        raise GameError(99, "no resets left")
    timers.set_limit(db, uid, Limits.PLAYER_ELEMENT, left - 1)
    have = dict.fromkeys(elements.levels_of(db, uid), 0)
    elements.write(db, uid, have)
    return ok({"elements": have, "lim": left - 1})
