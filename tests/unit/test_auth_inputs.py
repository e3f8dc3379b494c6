"""Checks of the fields of a request."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from apps.auth.inputs import BadInputError, from_form, json_object, text, texts, whole_number


def nested(levels: int) -> Any:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": 1}, "", "x" * 11, "\ud800"])
def test_what_is_no_text(value: object) -> None:
    with pytest.raises(BadInputError, match=r"^name ") as refusal:
        text({"name": value}, "name", 10)
    assert "xxx" not in str(refusal.value)


def test_a_text_up_to_its_limit() -> None:
    assert text({"name": "名" * 10}, "name", 10) == "名" * 10
    assert text({"name": ""}, "name") == ""


@pytest.mark.parametrize("value", [None, "a", {"a": 1}, [1], [["a"]], [None], ["a"] * 4, ["\udfff"]])
def test_what_is_no_list_of_texts(value: object) -> None:
    with pytest.raises(BadInputError, match=r"^name "):
        texts({"name": value}, "name", 3)


def test_a_list_of_texts_has_each_once() -> None:
    assert texts({"name": ["b", "a", "b"]}, "name", 3) == ["b", "a"]
    assert texts({"name": []}, "name", 3) == []


@pytest.mark.parametrize("value", [None, [], "{}", 1, {"a": "x" * 20}, {"a": "\ud800"}, {"a": 2**64}, {"\ud800": 1}])
def test_what_is_no_small_object(value: object) -> None:
    with pytest.raises(BadInputError, match=r"^name "):
        json_object({"name": value}, "name", 20)


def test_an_object_of_too_many_levels() -> None:
    with pytest.raises(BadInputError, match="cannot be written"):
        json_object({"name": nested(2000)}, "name", 100_000)


def test_an_object_up_to_its_limit() -> None:
    assert json_object({"name": {"a": 1}}, "name", 7) == b'{"a":1}'
    with pytest.raises(BadInputError, match="more than 6 bytes"):
        json_object({"name": {"a": 1}}, "name", 6)


@pytest.mark.parametrize("value", [None, 0, 11, -1, True, 1.0, "5", [], float("nan")])
def test_what_is_no_number_between_the_limits(value: object) -> None:
    with pytest.raises(BadInputError, match=r"^name must be a whole number from 1 to 10$"):
        whole_number({"name": value}, "name", 1, 10)


def test_a_number_between_the_limits() -> None:
    assert [whole_number({"name": value}, "name", 1, 10) for value in (1, 10)] == [1, 10]


def test_a_form_gives_the_types_of_json() -> None:
    form = MultiDict([
        ("nonce", "12"), ("payload", '{"a": [1]}'), ("ttl", "5"), ("keys", "a,b"), ("keys", "c"), ("keys", ",")])
    assert from_form(form) == {"nonce": "12", "payload": {"a": [1]}, "ttl": 5, "keys": ["a", "b", "c"]}


def test_a_form_whose_json_is_broken_keeps_the_text() -> None:
    assert from_form(MultiDict([("payload", "{"), ("ttl", "soon")])) == {"payload": "{", "ttl": "soon"}
