"""Fields of requests: what is accepted for each annotation, and how a refusal names the field."""

from typing import Any, Unpack

import pytest

from apps.worker.fields import FieldError, Label, convert, fields_of
from apps.worker.functions import function_list
from apps.worker.module.common import Reply, Tools, ok


def example(uid: str, count: int, name: str, icon: Label = "0", keys: list[str] | None = None,
            workers: dict[str, int] | None = None, **kwargs: Unpack[Tools]) -> Reply:
    return ok()


def simple(uid: str, count: int, name: str, icon: Label = "0", keys: list[str] | None = None,
           **kwargs: Unpack[Tools]) -> Reply:
    return ok()


FIELDS = fields_of(simple)


def read(**data: Any) -> dict[str, Any]:
    return convert(FIELDS, {"count": 1, "name": "a"} | data)


def test_the_fields_are_the_parameters_but_for_uid_and_the_tools() -> None:
    assert [field.name for field in FIELDS] == ["count", "name", "icon", "keys"]


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("7", 7), ("-3", -3), (0, 0), ("302", 302)])
def test_integers_come_as_numbers_or_decimal_text(value: object, number: int) -> None:
    assert read(count=value)["count"] == number


@pytest.mark.parametrize("value", [1.0, 0.08, True, None, "", "1.0", "0x1", " 1", "1\n", "٣", [], {}, 2**64, "9" * 19])
def test_nothing_else_is_an_integer(value: object) -> None:
    with pytest.raises(FieldError, match="count is not an integer"):
        read(count=value)


@pytest.mark.parametrize("value", [1, None, [], {}, True, "a\0b", "x" * 5000])
def test_texts(value: object) -> None:
    with pytest.raises(FieldError, match="name"):
        read(name=value)


def test_a_label_may_be_a_number() -> None:
    assert (read(icon=3)["icon"], read(icon="3")["icon"]) == ("3", "3")
    with pytest.raises(FieldError, match="icon"):
        read(icon=True)


TARGETS = {name: field for name, entry in function_list(debug=True).items() for field in entry.fields
           if field.name == "gn_target" or (name, field.name) == ("abdicate_family", "target")}


def test_there_are_functions_with_a_target() -> None:
    assert {"find_person", "send_mail", "send_gift_mail", "set_role_family", "abdicate_family"} <= set(TARGETS)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_name_of_a_player_may_be_a_number(name: str) -> None:
    assert [TARGETS[name].convert(value) for value in (2030, "2030", "Ada")] == ["2030", "2030", "Ada"]


@pytest.mark.parametrize("value", ["a", [1], [None], ["a"] * 201, {"a": 1}])
def test_lists_of_texts(value: object) -> None:
    with pytest.raises(FieldError, match="keys"):
        read(keys=value)


def test_a_missing_field_is_named_and_defaults_stay_with_the_function() -> None:
    with pytest.raises(FieldError, match="name is missing"):
        convert(FIELDS, {"count": 1})
    assert read() == {"count": 1, "name": "a"}


def test_unknown_fields_and_uid_are_never_passed_on() -> None:
    assert read(uid="p1", mul=1000, db="x") == {"count": 1, "name": "a"}


def test_an_annotation_that_cannot_be_read_is_refused_at_start() -> None:
    with pytest.raises(TypeError, match="workers"):
        fields_of(example)


def test_a_field_cannot_have_the_name_of_a_tool() -> None:
    def clash(world: str) -> Reply:
        return ok()

    with pytest.raises(TypeError, match="world"):
        fields_of(clash)


def test_debug_functions_are_not_listed_unless_asked_for() -> None:
    extra = function_list(debug=True).keys() - function_list(debug=False).keys()
    assert extra == {"add_exp", "add_resources", "announce_chat", "mute_chat_player", "mute_chat_public",
                     "send_gift_mail", "send_text_mail"}  # the others replace a public one
