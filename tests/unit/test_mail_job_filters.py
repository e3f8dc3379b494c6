"""Which players a mail job is for, and what its mails may say; no database."""

from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.worker.mail_jobs import arguments, batch, content, creation, filters, recipients
from apps.worker.mail_jobs.filters import Bounds, Filter
from apps.worker.operators import RefusedError
from apps.worker.rules import letters

CONFIG: dict[str, Any] = {
    "player_experience": {"player_level": {"experience": [0, 100, 300]}},
    "vip_config": {"vip_level": {"experience": [60, 300]}},
    "world": {"worlds": [{"id": "s1", "merge": "s1", "name": "", "status": 0},
                         {"id": "s2", "merge": "s2", "name": "", "status": 7},
                         {"id": "s3", "merge": "s2", "name": "", "status": 0}]},
    "new_player": {"gift": {"from": "Game"}},
}
CUTOFF = datetime(2030, 1, 2)


def given(*more: str) -> Namespace:
    """Return the arguments of a right ``create``, and ``more``, which win."""
    return arguments.parse(["create", "--key=k", "--who=me", "--world=s1", "--title=t", "--body=b", *more])[0]


@pytest.mark.parametrize(("asked", "bounds"), [
    (Filter(), Bounds()),
    (Filter(min_level=0), Bounds(exp_from=0)),
    (Filter(min_level=2, max_level=2), Bounds(exp_from=100, exp_below=300)),
    (Filter(max_level=0), Bounds(exp_below=0)),
    (Filter(max_level=3), Bounds()),
    (Filter(vip_level=1), Bounds(vipexp_from=60)),
    (Filter(vip_level=0), Bounds(vipexp_from=0)),
    (Filter(login_since="2030-01-02"), Bounds(login_from="2030-01-02 00:00:00")),
    (Filter(registered_before="2030-01-02"), Bounds(created_before="2030-01-01 16:00:00")),
    (Filter(registered_before="2030-01-02 08:00:01"), Bounds(created_before="2030-01-02 00:00:01")),
    (Filter(origin="s3"), Bounds(origin="s3")),
    (Filter(listed="0f"), Bounds(listed=True)),
])
def test_bounds_follow_from_the_filter(asked: Filter, bounds: Bounds) -> None:
    assert filters.bounds(asked, CONFIG) == bounds
    assert Bounds(**bounds.given()) == bounds
    assert Filter(**asked.given()) == asked


@pytest.mark.parametrize(("asked", "reason"), [
    (Filter(min_level=4), "no level 4; they go from 0 to 3"),
    (Filter(max_level=-1), "no level -1"),
    (Filter(vip_level=3), "no VIP level 3; they go from 0 to 2"),
    (Filter(min_level=3, max_level=2), "level 3 at least and 2 at most"),
    (Filter(login_since="yesterday"), "login since: 'yesterday' is neither"),
    (Filter(registered_before="2030-02-30"), "registered before: '2030-02-30'"),
    (Filter(origin="s9"), "no world 's9'"),
])
def test_a_filter_that_makes_no_sense_is_refused(asked: Filter, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        filters.bounds(asked, CONFIG)


def test_conditions_have_a_mark_for_each_value() -> None:
    every = Bounds(1, 2, 3, "2030-01-02 00:00:00", "2030-01-01 16:00:00", "s3", listed=True)
    condition, values = every.where("s1", CUTOFF)
    assert values == ["s1", CUTOFF, 1, 2, 3, "2030-01-02 00:00:00", "2030-01-01 16:00:00", "s3"]
    assert condition.count("%s") == len(values)
    assert Bounds().where("s1", CUTOFF) == ("p.world = %s AND p.created <= %s", ["s1", CUTOFF])


def test_a_filter_of_a_later_version_is_not_taken_for_everybody() -> None:
    later: dict[str, Any] = {"exp_from": 1, "something_new": 2}
    with pytest.raises(TypeError):
        Bounds(**later)


def test_a_text_and_a_gift() -> None:
    text = creation.draft(given("--sender=Ada", "--body=two\nlines"), CONFIG).order.content
    assert text.letter().fields() == {"type": "0", "from": "Ada", "subj": "t", "body": "two\nlines"}
    assert text.claim() is None
    gift = creation.draft(given("--items=3:5:20,3:01:7", "--body="), CONFIG).order.content
    assert gift.letter().fields() == {
        "type": "1", "from": "Game", "subj": "t", "body": "GIFT_1", "items": "3:5:20,3:1:7"}
    assert gift.claim() == {"items": ["3:5:20", "3:1:7"]}


@pytest.mark.parametrize(("wrong", "reason"), [
    ("--title=", "title is empty"),
    ("--title= ", "title is empty"),
    ("--title=a\nb", "title is not one line"),
    (f"--title={'x' * (content.LONGEST_TITLE + 1)}", "title is not one line of at most 64"),
    ("--title=\udcff", "title is not one line"),
    ("--body=", "body is empty"),
    (f"--body={'x' * (content.LONGEST_BODY + 1)}", "body is not a text of at most 500"),
    ("--body=\x1b[0m", "body is not a text"),
    (f"--sender={'x' * 65}", "sender is not one line"),
    ("--items=3:5", "'3:5' is not gid:iid:qty"),
    ("--items=3:5:1,", "'' is not gid:iid:qty"),
    ("--items=3:24:1", "there is no '3:24:1'"),
    ("--items=3:5:0", "there is no '3:5:0'"),
    ("--items=" + ",".join(["3:5:1"] * 400), "items are longer than 2000"),
    ("--world=s9", "no world 's9'"),
    ("--world=s3", "players of s3 live in s2: use --world=s2 --origin=s3"),
    ("--key=a b", "a key is 1 to 64"),
    ("--who= ", "--who is empty"),
    ("--who=\udcff", "--who is not one line"),
    ("--uids=/no/such/file", "No such file"),
])
def test_a_wrong_order_is_refused_before_anything_is_stored(wrong: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        creation.draft(given(wrong), CONFIG)


def test_closed_worlds_get_mail_too() -> None:
    assert creation.draft(given("--world=s2"), CONFIG).order.world == "s2"


def test_what_the_command_does_not_know_is_left_to_the_options_of_the_worker() -> None:
    _, rest = arguments.parse(["list", "--mysql-url=x", "--min-levels=3"])
    assert rest == ["--mysql-url=x", "--min-levels=3"]
    with pytest.raises(SystemExit):
        arguments.parse(["create", "--key=k", "--min-level=many"])


def test_lists_are_the_same_whatever_their_order(tmp_path: Path) -> None:
    one, other, empty, strange = (tmp_path / name for name in ("one", "other", "empty", "strange"))
    one.write_bytes("\ufeffAda\r\n陈\n\nAda\n".encode())
    other.write_text("陈\n Ada ", "utf-8")
    empty.write_text("\n")
    strange.write_bytes(b"\xff")
    players = recipients.read("", str(one))
    assert players.names == ("Ada", "陈")
    assert players.digest == recipients.read("", str(other)).digest
    other.write_text("ada", "utf-8")
    assert players.digest != recipients.read("", str(other)).digest != recipients.read(str(other), "").digest
    assert recipients.read("", "").digest == ""
    for uids, names, reason in (("", str(empty), "empty"), (str(one), "", "no id of a player"),
                                (str(strange), "", "utf-8"), ("-", "-", "only one")):
        with pytest.raises(RefusedError, match=reason):
            recipients.read(uids, names)


def test_a_list_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MOST_PLAYERS", 2)
    (tmp_path / "list").write_text("a\nb\nc\n")
    with pytest.raises(RefusedError, match="more than 2"):
        recipients.read("", str(tmp_path / "list"))


def test_the_key_of_a_mail_is_of_its_job_and_player() -> None:
    keys = {batch.mail_key(job, uid) for job in ("ja", "jb") for uid in ("p1", "p2")}
    assert len(keys) == 4
    assert all(letters.is_key(key) for key in keys)
    assert batch.mail_key("ja", "p1") == batch.mail_key("ja", "p1")
