"""JetStream: a snapshot of every stream with its consumers, and back.

The messages are those of the ``nats`` program's ``stream backup`` and ``stream restore``:
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from gevent.queue import Empty, Queue

from common.nats.client import Client
from common.nats.errors import NATSError
from common.nats.message import Message

API = "$JS.API.STREAM"
CHUNK = 128 * 1024
END_STATUS = 204


class StreamError(NATSError):  # type: ignore[misc]  # pynats2 has no type hints
    """JetStream refused a request, or a snapshot did not arrive whole."""


@contextmanager
def connected(url: str, seconds: float) -> Iterator[Client]:
    """A connected client. Raises StreamError."""
    client = Client(tuple(url.split(",")), name="operations", timeout=seconds)
    client.start()
    try:
        if not client.wait_connected(seconds):
            raise StreamError("no NATS server answers")
        yield client
    finally:
        client.close()


def names(client: Client) -> list[str]:
    """Return the names of all streams."""
    found: list[str] = []
    while True:
        answer = _ask(client, f"{API}.NAMES", {"offset": len(found)})
        found += answer.get("streams") or []
        if len(found) >= answer["total"]:
            return sorted(found)


def save(client: Client, stream: str, seconds: float, write: Callable[[bytes], Any]) -> dict[str, Any]:
    """Give the snapshot of a stream to ``write`` in pieces; return its configuration and state. Raises NATSError."""
    arrived: Queue[Message] = Queue()
    inbox = f"_INBOX.{secrets.token_hex(11)}"
    subscription = client.subscribe(inbox, callback=arrived.put_nowait)
    try:
        answer = _ask(client, f"{API}.SNAPSHOT.{stream}", {"deliver_subject": inbox, "chunk_size": CHUNK})
        for piece in _pieces(client, arrived, seconds):
            write(piece)
    finally:
        client.unsubscribe(subscription)
    return {"config": answer["config"], "state": answer["state"]}


def restore(client: Client, stream: str, about: dict[str, Any], pieces: Callable[[], Iterable[bytes]],
            tries: int) -> int:
    """Make a stream from its snapshot; return how many messages it has. One without messages is replaced.

    ``pieces`` gives the snapshot from its beginning, once for each try: a service that runs may make an empty stream
    anew at any moment, which then has to go once more.

    Raises StreamError when it exists and has messages, and NATSError.
    """
    for left in reversed(range(tries)):
        _remove_empty(client, stream)
        try:
            return _restore(client, stream, about, pieces())
        except StreamError:
            if not left or stream not in names(client):
                raise
    raise ValueError("at least one try is needed")


def _restore(client: Client, stream: str, about: dict[str, Any], pieces: Iterable[bytes]) -> int:
    answer = _ask(client, f"{API}.RESTORE.{stream}", about)
    for piece in pieces:
        _checked(client.request(answer["deliver_subject"], payload=piece))
    done = _checked(client.request(answer["deliver_subject"]))
    return int(done["state"]["messages"])


def _remove_empty(client: Client, stream: str) -> None:
    if stream in names(client):
        held = _ask(client, f"{API}.INFO.{stream}", {})["state"]["messages"]
        if held:
            raise StreamError(f"the stream {stream} has {held} messages; delete it first")
        _ask(client, f"{API}.DELETE.{stream}", {})


def _pieces(client: Client, arrived: "Queue[Message]", seconds: float) -> Iterator[bytes]:
    while True:
        try:
            message = arrived.get(timeout=seconds)
        except Empty:
            raise StreamError(f"the next piece did not come within {seconds:g} s") from None
        if message.status not in (0, END_STATUS):
            raise StreamError(f"the snapshot broke off with status {message.status}")
        if not message.payload:
            return
        yield message.payload
        if message.reply:  # the server waits for it before it sends more
            client.publish(message.reply)


def _ask(client: Client, subject: str, body: dict[str, Any]) -> dict[str, Any]:
    return _checked(client.request(subject, payload=orjson.dumps(body)))


def _checked(reply: Message) -> dict[str, Any]:
    """Return the answer; an empty one for a piece that was taken. Raises StreamError."""
    answer: dict[str, Any] = orjson.loads(reply.payload) if reply.payload else {}
    if "error" in answer:
        raise StreamError(str(answer["error"].get("description", "refused")))
    return answer
