"""A report of a message as a line of its file. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from apps.chatlog.entries import Entry, decoded, folder
from common import chat_messages
from common.nats.stored import Stored

PREFIX = "reports-"


class Wanted(NamedTuple):
    """What completes a report: up to ``most`` messages of a channel after a number.

    Where ``only_like`` is a message, they are of the player who said that one.
    """

    subject: str
    after: int
    most: int
    only_like: dict[str, Any] | None


def wanted(message: Stored) -> Wanted | None:
    """Return what completes a report; None when it is complete, or cannot be read."""
    body = _body(message)
    if body is None or not body["more"]:
        return None
    last = [body["message"], *body["after"]][-1]
    only_like = None if body["only_from"] is None else body["message"]
    return Wanted(body["subject"], last["number"], body["more"], only_like)


def entry(message: Stored, later: Sequence[Stored]) -> Entry:
    """Return the entry of a report, with messages that came after those that it has.

    ::

        {"number": 3, "time": "2026-01-31T23:59:59.123Z", "world": "s1", "channel": "family", "name": "Red",
         "reporter": {"uid": "p17", "name": "Bert"}, "reported": "Ada", "reported_uid": "p4", "reason": "insults",
         "message": {"number": 17, "time": "...", "from": "Ada", "uid": "p4", "text": "..."}, "before": [], "after": []}

    ``number`` is the report's own, ``time`` is when it was made. What is no report is kept as ``unreadable``.
    """
    made = chat_messages.moment(message.time)
    world = (message.subject.split(".") + [""] * 3)[2]
    time = chat_messages.written(made)
    line = {"number": message.number, "time": time, "world": decoded(world)}
    body = _body(message)
    if body is None:
        line["unreadable"] = message.payload.decode(errors="replace")
    else:
        line |= _line(body, later)
    return Entry(f"{folder(world)}/{PREFIX}{made:%Y-%m-%d}.jsonl.gz", (message.number, time), orjson.dumps(line))


def _line(body: dict[str, Any], later: Sequence[Stored]) -> dict[str, Any]:
    _, _, channel, name = [*body["subject"].split(".", 3), "", "", ""][:4]
    return {"channel": channel, "name": decoded(name), "reporter": body["reporter"],
            "reported": body["message"]["from"], "reported_uid": body["message"].get("uid", ""),
            "reason": body["reason"], "message": body["message"],
            "before": body["before"], "after": [*body["after"], *map(chat_messages.fields, later)]}


def _body(message: Stored) -> dict[str, Any] | None:
    """Return what an edge has published; None for anything else."""
    try:
        body = orjson.loads(message.payload)
        is_body = (_are_texts(body["subject"], body["reason"], body["reporter"]["uid"], body["reporter"]["name"])
                   and body["subject"].startswith("chat.") and type(body["more"]) is int
                   and isinstance(body["only_from"], str | None)
                   and all(_is_message(item) for item in (body["message"], *body["before"], *body["after"])))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return body if is_body else None


def _is_message(item: dict[str, Any]) -> bool:
    return type(item["number"]) is int and _are_texts(item["time"], item["from"], item.get("uid", ""), item["text"])


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)
