"""Texts with unwanted words where the operator wants them refused: the field is named, and nothing is written."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from apps.local.backends import MariaDB
from apps.worker.fields import FieldError
from apps.worker.module import family_profile, mail, player
from apps.worker.module.common import Function
from apps.worker.wording import Mode, Wording
from apps.worker.worlds import World
from common.word_filter import WordFilter
from tests.integration.mail_system import mail_client
from tests.support import backend_servers
from tests.support.dated_calls import DatedCalls, at, dated_calls

NOON = at("2030-01-05 12:00:00")
WORLD = World(id="s0", home="s0", name="s0", status=0)
BAD, GOOD = "oh Darn", "oh well"
FAMILY = "f000000000000001"
WRITTEN = ("player", "family", "outbox", "limits", "timer")


@pytest.fixture(scope="module")
def calls(database_server: MariaDB) -> Iterator[DatedCalls]:
    with backend_servers.empty_database(database_server, "lukseun_refused_words") as url, dated_calls(url) as calls:
        yield calls


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    words = Wording(SimpleNamespace(filter=WordFilter(["darn"])), Mode.REFUSE)
    with mail_client(tmp_path_factory.mktemp("mails") / "root") as mails:
        yield SimpleNamespace(mail=mails, words=words)


@pytest.fixture(scope="module")
def owner(calls: DatedCalls) -> str:
    """The owner of a family."""
    uid = calls.player()
    calls.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                  "VALUES (%s, 's0', 'Oaks', 'oaks', %s, 1, NOW())", FAMILY, uid)
    calls.execute("INSERT INTO family_member (uid, family, joined) VALUES (%s, %s, NOW())", uid, FAMILY)
    return uid


@pytest.mark.parametrize(("function", "field", "others"), [
    (player.player_set_intro, "intro", {}),
    (family_profile.set_notice_family, "msg", {}),
    (family_profile.set_blackboard_family, "msg", {}),
    (mail.send_mail, "subj", {"body": GOOD}),
    (mail.send_mail, "body", {"subj": GOOD}),
])
def test_the_field_is_named(calls: DatedCalls, services: SimpleNamespace, owner: str, function: Function, field: str,
                            others: dict[str, str]) -> None:
    tools: dict[str, Any] = {"world": WORLD, "services": services, **others}
    if function is mail.send_mail:
        tools["gn_target"] = calls.player()
    before = [calls.rows(f"SELECT * FROM {table}") for table in WRITTEN]
    with pytest.raises(FieldError, match=f"{field} holds an unwanted word"):
        calls.call(function, owner, NOON, **{field: BAD}, **tools)
    assert [calls.rows(f"SELECT * FROM {table}") for table in WRITTEN] == before
    assert calls.call(function, owner, NOON, **{field: GOOD}, **tools).status == 0
