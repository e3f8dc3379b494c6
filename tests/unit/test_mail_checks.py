"""Requests of the mail service: what is accepted, and under which name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.mail import checks
from apps.mail.checks import HARD_LIMITS, Limits, MalformedError
from apps.mail.message import Content, Envelope, compose
from apps.mail.reader import FILE_LIMIT
from apps.mail.settings import MailSettings, check

LIMITS = Limits(sender=8, subj=8, body=16, items=12)
MAIL: dict[str, Any] = {"type": "0", "from": "ada", "subj": "s", "body": "b"}


@pytest.mark.parametrize("world", ["", "..", ".", "a/b", "/", "/etc", "a\0", "%2f", "a" * 33, "世界", "a\n", "a b",
                                   "a.b", None, 1, ["a"], {"a": 1}, True, "..%2f..", "~", "-\u0661"])
def test_worlds_that_are_none(world: Any) -> None:
    with pytest.raises(MalformedError, match="world"):
        checks.box_name({"world": world, "uid": "abcdefgh"})


@pytest.mark.parametrize("uid", ["", "abcdefg", "a" * 41, "../../etc", "ABCDEFGH", "abcdefg/", "abcdefg\0", "abcdefg\n",
                                 "abcdefg.", "abcdéfgh", "١٢٣٤٥٦٧٨", "a/../.victim", None, 12345678, []])
def test_uids_that_are_none(uid: Any) -> None:
    with pytest.raises(MalformedError, match="uid"):
        checks.box_name({"world": "s1", "uid": uid})


@given(st.text(), st.text())
def test_a_box_name_is_a_plain_name(world: str, uid: str) -> None:
    try:
        name = checks.box_name({"world": world, "uid": uid})
    except MalformedError:
        return
    assert all(part.isascii() and part.replace("-", "").replace("_", "").isalnum() for part in name)


@pytest.mark.parametrize("change", [
    {"type": "4"}, {"type": 4}, {"type": -1}, {"type": True}, {"type": None}, {"type": ""}, {"type": 1.0},
    {"from": None}, {"from": 1}, {"from": "a\nb"}, {"from": "a" * 9}, {"subj": "a\r\nBcc: x"}, {"subj": "\0"},
    {"subj": "a\u2028b"}, {"subj": "a" * 9}, {"subj": "\ud800"}, {"body": "b" * 17}, {"body": None}, {"body": "\udfff"},
    {"body": ["b"]}, {"items": 1}, {"items": "\n"}, {"items": "1" * 13}, {"items": ["3:1:1"]},
])
def test_mails_that_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match=next(iter(change))):
        checks.content({"mail": MAIL | change}, LIMITS)


@pytest.mark.parametrize("mail", [None, 1, [], "x", "[]", "\ud800"])
def test_what_is_no_mail(mail: Any) -> None:
    with pytest.raises(MalformedError, match="mail"):
        checks.content({"mail": mail}, LIMITS)


@pytest.mark.parametrize("given_fields", [
    {"mail": MAIL}, MAIL, {"mail": '{"type":0,"from":"ada","subj":"s","body":"b"}'}, {"mail": MAIL | {"items": None}},
])
def test_the_forms_of_a_mail(given_fields: dict[str, Any]) -> None:
    assert checks.content(given_fields, LIMITS) == Content("0", "ada", "s", "b")


def test_limits_count_characters() -> None:
    mail = {"type": 3, "from": "💎" * 8, "subj": "", "body": "\r\n\t你" * 4, "items": "3:1:1"}
    assert checks.content({"mail": mail}, LIMITS) == Content("3", "💎" * 8, "", "\r\n\t你" * 4, "3:1:1")


def test_keys_of_deliveries() -> None:
    assert checks.new_key({}) is None
    assert checks.new_key({"key": "a1" * 8}) == "a1" * 8
    for key in ("", "a" * 15, "a" * 41, "A" * 16, "../" * 6, 1, "a" * 15 + "\n"):
        with pytest.raises(MalformedError, match="key"):
            checks.new_key({"key": key})


@pytest.mark.parametrize(("given_fields", "wanted"), [
    ({"key": "a"}, ["a"]), ({"keys": ["a", "b", "a"]}, ["a", "b"]), ({"keys": "a,b,"}, ["a", "b"]),
    ({"keys": '["a","b"]'}, ["a", "b"]), ({"keys": []}, []), ({"keys": ["../x", "*"]}, ["../x", "*"]),
])
def test_keys(given_fields: dict[str, Any], wanted: list[str]) -> None:
    assert checks.keys(given_fields) == wanted


@pytest.mark.parametrize("given_fields", [{}, {"key": ""}, {"key": 1}, {"keys": 1}, {"keys": [1]}, {"keys": "[1"},
                                          {"keys": None}, {"keys": {"a": 1}}])
def test_keys_that_are_none(given_fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="key"):
        checks.keys(given_fields)


def test_the_largest_mail_is_read_whole() -> None:
    worst = Content("0", "💎" * HARD_LIMITS.sender, "💎" * HARD_LIMITS.subj, "💎" * HARD_LIMITS.body,
                    "💎" * HARD_LIMITS.items)
    assert len(compose(worst, Envelope("k" * 40, "u" * 40, "d" * 200, 10**10))) < FILE_LIMIT


@pytest.mark.parametrize(("change", "named"), [
    ({"mail_root": ""}, "mail-root"), ({"mail_domain": "a b"}, "mail-domain"), ({"mail_domain": "a>\nb"}, "domain"),
    ({"body_limit": HARD_LIMITS.body + 1}, "body-limit"), ({"from_limit": HARD_LIMITS.sender + 1}, "from-limit"),
])
def test_options_that_do_not_fit(change: dict[str, Any], named: str) -> None:
    check(MailSettings(mail_root="/x"))
    with pytest.raises(ValueError, match=named):
        check(MailSettings(**({"mail_root": "/x"} | change)))
