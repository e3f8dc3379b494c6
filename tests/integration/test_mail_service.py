"""The mail service over HTTP, its files as another program sees them."""

import json
import mailbox
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from tests.integration.mail_system import FORM, JSON, MAIL, Box, MailProcess, new_uid
from tests.support.waiting import wait_for

ODD_TEXTS = [
    "", " ", "你好，世界", "💎🐉" * 8, "\"quoted\" 'and' `so`", "a\\b", "<script>&amp;", "=?utf-8?b?aGk=?=",
    "a  b   c ", "Bcc: x@y", "é\u200d\u0301", "\ufeff", "%s %d {} \\u0041", "x" * 64, "界" * 64, "null", "@,;:",
]
ODD_BODIES = ["line\nline\r\nline\r", "\n", ".\r\n.\r\n", "From me\nFrom you", "\t\0\x1b[31m", "文" * 500, "- -\n--\n"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailProcess]:
    process = MailProcess(tmp_path_factory.mktemp("mail") / "root")
    try:
        yield process.start()
    finally:
        process.kill()


@pytest.fixture
def box(service: MailProcess) -> Box:
    return Box(service)


def metric(service: MailProcess, name: str) -> float:
    lines = service.get("/metrics")[1].splitlines()
    return float(next(line.removeprefix(name) for line in lines if line.startswith(name + " ")))


def snapshot(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_mail(box: Box) -> None:
    key = box.send(type=1, subj="SYSTEM_REWARD", body="GIFT_1", items="3:5:100,3:1:2000", **{"from": "system"})
    assert re.fullmatch("[a-z0-9]{16,40}", key)
    answer = box.ask("/all")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", answer["mail"][0].pop("time"))
    assert answer == {"status": 0, "count": {"cur": 1, "max": 50}, "mail": [
        {"read": 0, "body": "GIFT_1", "type": "1", "from": "system", "subj": "SYSTEM_REWARD", "key": key,
         "items": "3:5:100,3:1:2000"}]}
    assert box.ask("/get", key=key)["mail"] == box.mails()[0]


def test_a_box_that_nobody_wrote_to(box: Box) -> None:
    assert box.call("/all") == box.call("/new") == (200, {"status": 0, "mail": [], "count": {"cur": 0, "max": 50}})
    assert box.call("/count") == (200, {"status": 0, "count": {"cur": 0, "max": 50}})
    assert box.call("/mark_read", key="k") == box.call("/delete", keys=["k"]) == (200, {"status": 0, "keys": []})
    assert box.call("/keys") == (200, {"status": 0, "keys": []})
    assert box.call("/delete_read") == (200, {"status": 0, "keys": []})
    assert box.call("/get", key="k")[1]["status"] == 1
    assert not box.folder.exists()


def test_odd_texts_come_back_exactly(box: Box) -> None:
    for text in ODD_TEXTS:
        box.send(subj=text, body=text, items=text, **{"from": text})
    for body in ODD_BODIES:
        box.send(body=body)
    mails = box.mails()
    assert [mail["subj"] for mail in mails[:len(ODD_TEXTS)]] == ODD_TEXTS
    assert [mail["from"] for mail in mails[:len(ODD_TEXTS)]] == ODD_TEXTS
    assert [mail["items"] for mail in mails[:len(ODD_TEXTS)]] == ODD_TEXTS
    assert [mail["body"] for mail in mails] == ODD_TEXTS + ODD_BODIES
    assert seen_by_maildir(box) == {(mail["subj"], mail["from"], mail["body"]) for mail in mails}


def seen_by_maildir(box: Box) -> set[tuple[str, str, str]]:
    found = set()
    for message in mailbox.Maildir(box.folder, create=False):
        body = message.get_payload(decode=True)
        assert isinstance(body, bytes)
        found.add((str(make_header(decode_header(message["Subject"]))),
                   str(make_header(decode_header(parseaddr(message["From"])[0]))), body.decode()))
    return found


def test_line_ends_never_make_a_header(box: Box) -> None:
    for field in ("subj", "from", "items"):
        for text in ("a\r\nBcc: x@y", "a\nb", "a\rb", "a\x0bb", "a\x85b", "a\u2028b"):
            status, answer = box.call("/send", mail=MAIL | {field: text})
            assert (status, answer["status"]) == (400, -1)
            assert answer["message"].startswith(field)
    assert box.ask("/count")["count"]["cur"] == 0


def test_new_mails_are_listed_once_and_stay_unread(box: Box) -> None:
    first = box.send()
    assert [(mail["key"], mail["read"]) for mail in box.ask("/new")["mail"]] == [(first, 0)]
    second = box.send()
    answer = box.ask("/new")
    assert [mail["key"] for mail in answer["mail"]] == [second]
    assert answer["count"] == {"cur": 2, "max": 50}
    box.send()
    box.mails()
    assert box.ask("/new")["mail"] == []


def test_a_look_leaves_mails_new_until_they_are_marked_as_listed(box: Box) -> None:
    keys = [box.send(subj=str(number)) for number in range(3)]
    looked = box.ask("/new", peek=True)
    assert [mail["key"] for mail in looked["mail"]] == keys
    assert box.ask("/new", peek=True) == looked
    later = box.send()
    marked = box.ask("/mark_listed", keys=[*keys[:2], "0" * 16])
    assert (marked["status"], sorted(marked["keys"])) == (0, sorted(keys[:2]))
    assert box.ask("/mark_listed", keys=keys[:2]) == {"status": 0, "keys": []}
    assert [mail["key"] for mail in box.ask("/new")["mail"]] == [keys[2], later]
    assert box.ask("/new", peek=True)["mail"] == []
    assert [mail["read"] for mail in box.mails()] == [0] * 4


def test_marking_as_listed_neither_reads_nor_brings_back(box: Box) -> None:
    read, deleted = box.send(), box.send()
    box.ask("/mark_read", key=read)
    box.ask("/delete", key=deleted)
    assert box.ask("/mark_listed", keys=[read, deleted])["keys"] == []
    assert [(mail["key"], mail["read"]) for mail in box.mails()] == [(read, 1)]


def test_a_look_among_several_mailboxes(service: MailProcess) -> None:
    boxes = [Box(service) for _ in range(2)]
    for box in boxes:
        box.send()
    wanted = [{"world": box.world, "uid": box.uid, "new": True, "peek": box is boxes[0]} for box in boxes]
    for left in ([1, 1], [1, 0]):
        answers = boxes[0].ask("/list_batch", boxes=wanted)["answers"]
        assert [len(one["mail"]) for one in answers] == left


def test_a_look_puts_away_what_is_no_mail(box: Box) -> None:
    box.send()
    (box.folder / "new" / "no-mail").write_bytes(b"")
    before = metric(box.service, "mail_unreadable_files_total")
    for _ in range(3):
        assert len(box.ask("/new", peek=True)["mail"]) == 1
    assert metric(box.service, "mail_unreadable_files_total") == before + 1


def test_foreign_mails_are_marked_as_listed_too(box: Box) -> None:
    box.send()
    (box.folder / "new" / "1893546001.M1P2.host").write_bytes(b"Subject: hi\n\nbody\n")
    keys = [mail["key"] for mail in box.ask("/new", peek=True)["mail"]]
    assert sorted(box.ask("/mark_listed", keys=keys)["keys"]) == sorted(keys)
    assert box.ask("/new")["mail"] == []
    assert len(box.mails()) == 2


def test_the_newest_is_last(box: Box) -> None:
    keys = [box.send() for _ in range(20)]
    box.ask("/mark_read", keys=keys[3:8])
    assert [mail["key"] for mail in box.mails()] == keys


def test_reading(box: Box) -> None:
    keys = [box.send() for _ in range(3)]
    assert box.ask("/mark_read", key=keys[0]) == {"status": 0, "keys": [keys[0]]}
    assert sorted(box.ask("/mark_read", keys=[keys[0], keys[1], "0" * 20, "../x"])["keys"]) == sorted(keys[:2])
    assert [mail["read"] for mail in box.mails()] == [1, 1, 0]
    flags = sorted(message.get_flags() for message in mailbox.Maildir(box.folder, create=False))
    assert flags == ["", "S", "S"]


def test_deleting(box: Box) -> None:
    keys = [box.send() for _ in range(4)]
    box.ask("/mark_read", keys=keys[:3])
    assert box.ask("/delete_read", **{"except": [keys[0]]})["keys"] in ([keys[1], keys[2]], [keys[2], keys[1]])
    assert [mail["key"] for mail in box.mails()] == [keys[0], keys[3]]
    assert box.ask("/delete", key=keys[3])["keys"] == [keys[3]]
    assert box.ask("/delete", keys=[keys[3], "*"])["keys"] == []
    assert box.ask("/delete_read")["keys"] == [keys[0]]
    assert box.ask("/count")["count"]["cur"] == 0


def test_keys_alone_change_nothing(box: Box) -> None:
    read, new = box.send(), box.send()
    box.ask("/mark_read", key=read)
    assert sorted(box.ask("/keys")["keys"]) == sorted([read, new])
    assert box.ask("/keys", read=True)["keys"] == [read]
    assert [mail["key"] for mail in box.ask("/new")["mail"]] == [new]


def test_a_key_is_delivered_once(box: Box) -> None:
    key = "key0" * 5
    for step in ("/count", "/all", "/mark_read", "/delete", "/all"):
        assert box.send(key) == key
        box.ask(step, **({"key": key} if step in {"/mark_read", "/delete"} else {}))
        assert len(box.mails()) == (0 if step == "/delete" else 1) or step == "/all"
    assert box.mails() == []
    other = Box(box.service)
    assert other.send(key) == key
    assert len(other.mails()) == 1


def test_a_full_box(box: Box) -> None:
    keys = [box.send() for _ in range(50)]
    status, answer = box.call("/send", mail=MAIL)
    assert (status, answer["status"]) == (200, 1)
    assert box.ask("/count")["count"] == {"cur": 50, "max": 50}
    assert box.send(keys[7]) == keys[7]
    box.ask("/delete", key=keys[0])
    box.send()
    assert len(box.mails()) == 50


@pytest.mark.parametrize(("world", "uid"), [
    ("..", "abcdefgh"), ("../..", "abcdefgh"), ("s1", "../../victim"), ("s1", "a/../.victim"), ("/tmp", "abcdefgh"),
    ("s1", "/etc/passwd0"), ("s1\0", "abcdefgh"), ("s1", "abcdefgh\0"), ("%2f..%2f..", "abcdefgh"), ("s1/", "abcdefgh"),
    ("s1", "%2e%2e%2f%2e%2e"), ("世界", "abcdefgh"), ("s1", "ａｂｃｄｅｆｇｈ"), ("．．", "abcdefgh"),
    ("", "abcdefgh"), ("s1", "..;/abcdef"), (".", "abcdefgh"), ("s1", "........"), ("s1\n", "abcdefgh"),
    ("\ud800", "abcdefgh"),
    ({"a": 1}, "abcdefgh"), (["s1"], "abcdefgh"), (None, "abcdefgh"), ("s1", 12345678), ("s" * 33, "abcdefgh"),
])
def test_nothing_leaves_the_root(service: MailProcess, world: Any, uid: Any) -> None:
    before = snapshot(service.root.parent)
    for path in ("/send", "/all", "/new", "/get", "/count", "/keys", "/mark_read", "/delete",
                 "/delete_read"):
        status, answer = service.post(path, world=world, uid=uid, mail=MAIL, key="0123456789abcdef")
        assert (status, answer["status"]) == (400, -1), path
    assert snapshot(service.root.parent) == before


def test_a_linked_box_is_not_followed(box: Box, tmp_path: Path) -> None:
    victim = Box(box.service)
    victim.send()
    (box.service.root / "s2").mkdir(exist_ok=True)
    for place, target in ((box.folder, victim.folder), (box.service.root / "linked", box.service.root / "s1"),
                          (box.service.root / "s2" / box.uid, tmp_path)):
        place.symlink_to(target)
    for world, uid in (("s1", box.uid), ("linked", victim.uid), ("s2", box.uid)):
        for path in ("/send", "/all", "/count"):
            status, answer = box.service.post(path, world=world, uid=uid, mail=MAIL)
            assert (status, answer["status"]) == (503, -1)
    assert list(tmp_path.iterdir()) == []
    assert victim.ask("/count")["count"]["cur"] == 1


@pytest.mark.parametrize("fields", [
    {}, {"mail": None}, {"mail": []}, {"mail": MAIL | {"type": "9"}}, {"mail": MAIL | {"body": "b" * 501}},
    {"mail": MAIL | {"subj": "s" * 65}}, {"mail": MAIL | {"subj": "\ud83d"}}, {"mail": MAIL | {"from": 1}},
    {"mail": MAIL, "key": "short"}, {"mail": MAIL, "key": 1}, {"mail": MAIL, "key": "A" * 20}, {"mail": "{"},
    {"mail": {}}, {"mail": MAIL | {"items": []}},
])
def test_malformed_mails(box: Box, fields: dict[str, Any]) -> None:
    status, answer = box.call("/send", **fields)
    assert (status, answer["status"]) == (400, -1)
    assert answer["message"]
    assert not box.folder.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "\"x\"", "{\"world\":" * 2000, "\0"])
def test_bodies_that_are_no_object(service: MailProcess, body: str) -> None:
    for kind in (JSON, FORM, "text/plain"):
        status, answer = service.request("POST", "/send", body, kind)
        assert (status, answer["status"]) == (400, -1)


def test_a_look_asked_for_by_a_form(box: Box) -> None:
    box.send()
    for _ in range(2):
        status, answer = box.service.post_form("/new", world=box.world, uid=box.uid, peek="true")
        assert (status, len(answer["mail"])) == (200, 1)


def test_forms(service: MailProcess) -> None:
    uid = new_uid()
    owner = {"world": "s1", "uid": uid}
    assert service.post_form("/send", **owner, mail=json.dumps(MAIL | {"subj": "你好"}))[1]["status"] == 0
    assert service.post_form("/send", **owner, key="k" * 20, **{name: str(MAIL[name]) for name in MAIL})[1] == {
        "status": 0, "uid": uid, "key": "k" * 20}
    mails = service.post_form("/all", **owner)[1]["mail"]
    assert [mail["subj"] for mail in mails] == ["你好", "hello"]
    keys = [mail["key"] for mail in mails]
    assert sorted(service.post_form("/mark_read", **owner, keys=",".join(keys))[1]["keys"]) == sorted(keys)
    assert service.post_form("/delete_read", **owner, **{"except": json.dumps(keys[:1])})[1]["keys"] == [keys[1]]
    assert service.post_form("/delete", **owner, key=keys[0])[1]["keys"] == [keys[0]]


def test_foreign_files_break_no_listing(box: Box) -> None:
    key = box.send()
    (box.folder / "new" / "broken").write_bytes(b"\xff\x00 no mail")
    (box.folder / "cur" / "1.M2P3.host:2,S").write_bytes(b"From: Eve <e@x>\nSubject: hi\nX-Mail-Type: 1\n\nbody\n")
    answer = box.ask("/all")
    assert {mail["subj"] for mail in answer["mail"]} == {"hi", "hello"}
    assert answer["count"]["cur"] == 3
    theirs = next(mail for mail in answer["mail"] if mail["key"] != key)
    assert (theirs["read"], theirs["from"], theirs["type"], theirs["body"]) == (1, "Eve", "1", "body\n")
    assert box.ask("/delete", key=theirs["key"])["keys"] == [theirs["key"]]
    assert metric(box.service, "mail_unreadable_files_total") >= 1


def test_operations_pages(service: MailProcess) -> None:
    Box(service).send()
    assert service.get("/livez")[0] == 200
    assert "GiB free" in service.get("/readyz")[1]["checks"]["mail root"]["detail"]
    assert metric(service, 'mail_deliveries_total{outcome="stored"}') >= 1
    assert metric(service, "mail_disk_free_bytes") > 0


def test_a_root_that_is_gone(tmp_path: Path) -> None:
    process = MailProcess(tmp_path / "root")
    try:
        box = Box(process.start())
        box.send()
        process.root.rename(tmp_path / "away")
        wait_for(lambda: process.get("/readyz")[0] == 503, what="not being ready")
        assert box.call("/send", mail=MAIL)[1]["status"] == -1
        assert not process.root.exists()
        (tmp_path / "away").rename(process.root)
        wait_for(process.ready, what="being ready")
        assert len(box.mails()) == 1
    finally:
        process.kill()


@pytest.mark.parametrize("arguments", [["--mail-root="], ["--mail-domain=a b"], ["--body-limit=9999999"]])
def test_options_that_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    process = MailProcess(tmp_path / "root", *arguments).launch()
    assert process.wait() == 2
    assert arguments[0].split("=")[0] in process.log.read_text()


def test_the_log_tells_no_mail(service: MailProcess) -> None:
    box = Box(service)
    box.send(body="a very private body", subj="private subject")
    box.call("/send", mail=MAIL | {"body": "a very private body" * 50})
    box.mails()
    assert "private" not in service.log.read_text()


def test_several_mails_in_one_call(service: MailProcess, box: Box) -> None:
    other = Box(service)
    mails = [{"world": one.world, "uid": one.uid, "key": f"{number:016d}", "mail": MAIL | {"subj": str(number)}}
             for number, one in enumerate([box, other] * 6)]
    mails.insert(3, {"world": "../s1", "uid": box.uid, "mail": MAIL})
    status, answer = box.call("/send_batch", mails=mails)
    assert status == 200
    assert answer["answers"].pop(3)["status"] == -1
    assert answer == {"status": 0, "answers": [
        {"status": 0, "uid": [box, other][number % 2].uid, "key": f"{number:016d}"} for number in range(12)]}
    assert box.call("/send_batch", mails=mails)[1]["answers"][0] == answer["answers"][0]
    assert sorted(int(mail["subj"]) for mail in box.mails()) == [0, 2, 4, 6, 8, 10]
    assert sorted(int(mail["subj"]) for mail in other.mails()) == [1, 3, 5, 7, 9, 11]


def test_a_full_mailbox_in_a_batch_stops_no_other(service: MailProcess, box: Box) -> None:
    other = Box(service)
    for _ in range(50):
        box.send()
    answers = box.call("/send_batch", mails=[
        {"world": one.world, "uid": one.uid, "mail": MAIL} for one in (box, other)])[1]["answers"]
    assert [answer["status"] for answer in answers] == [1, 0]


def test_what_is_no_batch(box: Box) -> None:
    no_batches: list[object] = [None, {}, "[]", [1], [{}] * 201]
    for mails in no_batches:
        assert box.call("/send_batch", mails=mails)[0] == 400
    assert box.call("/send_batch", mails=[]) == (200, {"status": 0, "answers": []})
    assert [one["status"] for one in box.call("/send_batch", mails=[{}, {"mail": 1}])[1]["answers"]] == [-1, -1]


def test_several_mailboxes_in_one_call(service: MailProcess) -> None:
    boxes = [Box(service) for _ in range(6)]
    for number, box in enumerate(boxes):
        for _ in range(number):
            box.send(subj=str(number))
    wanted = [{"world": box.world, "uid": box.uid, "new": number == 4} for number, box in enumerate(boxes)]
    status, answer = boxes[0].call("/list_batch", boxes=wanted)
    assert (status, answer["status"]) == (200, 0)
    assert answer["answers"] == [box.ask("/all") for box in boxes]
    again = boxes[0].ask("/list_batch", boxes=wanted)["answers"]
    assert [len(one["mail"]) for one in again] == [0, 1, 2, 3, 0, 5]
    assert [one["count"]["cur"] for one in again] == [0, 1, 2, 3, 4, 5]


def test_what_is_no_batch_of_mailboxes(box: Box) -> None:
    no_batches: list[object] = [None, {}, [1], [{}], [{"world": "../s1", "uid": box.uid}],
                                [{"world": box.world, "uid": box.uid}] * 33]
    for boxes in no_batches:
        assert box.call("/list_batch", boxes=boxes)[0] == 400
    assert box.call("/list_batch", boxes=[]) == (200, {"status": 0, "answers": []})


def test_room_in_several_mailboxes_in_one_call(service: MailProcess) -> None:
    boxes = [Box(service) for _ in range(4)]
    for number, box in enumerate(boxes):
        for _ in range(number):
            box.send()
    linked = boxes[3].folder
    linked.rename(linked.with_name("away"))
    linked.symlink_to(linked.with_name("away"))
    status, answer = boxes[0].call("/count_batch", boxes=[{"world": box.world, "uid": box.uid} for box in boxes])
    assert (status, answer["status"]) == (200, 0)
    assert answer["answers"] == [box.ask("/count") for box in boxes[:3]] + [
        {"status": -3, "message": "the mails cannot be reached"}]
    assert boxes[1].ask("/new")["mail"] != []


def test_what_is_no_batch_of_counts(box: Box) -> None:
    for boxes in (None, [1], [{"world": "../s1", "uid": box.uid}], [{"world": box.world, "uid": box.uid}] * 33):
        assert box.call("/count_batch", boxes=boxes)[0] == 400
