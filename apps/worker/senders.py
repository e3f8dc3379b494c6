"""How a code reaches a person: the interface, and the senders that need no cloud."""

import logging
from pathlib import Path
from typing import Protocol

import gevent

from common.http_client import JsonClient, ServiceUnavailableError

log = logging.getLogger(__name__)


class SendError(Exception):
    """The code was not sent; the text is shown to the client."""


class Sender(Protocol):
    """Sends codes; ``medium`` is ``email`` or ``phone``, ``action`` is ``bind`` or ``unbind``. Raises SendError."""

    def send(self, medium: str, action: str, address: str, code: str) -> None: ...


class NoSender:
    """Refuses: this server was not told how to send codes."""

    def send(self, medium: str, action: str, address: str, code: str) -> None:  # noqa: ARG002  # the interface
        raise SendError(f"sending codes by {medium} is not set up")


class FileSender:
    """Appends to a file and writes to the log: for the local system, where nobody else reads them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, medium: str, action: str, address: str, code: str) -> None:
        log.info("code for %s", address, extra={"medium": medium, "action": action, "code": code})
        try:
            gevent.get_hub().threadpool.apply(self._append, (f"{medium} {action} {address} {code}\n",))
        except OSError as error:
            raise SendError("the code could not be written down") from error

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)


class WebhookSender:
    """Posts to a gateway of the studio, which knows the provider, its templates and its keys.

    The body is ``{"medium": "email" or "phone", "action": "bind" or "unbind", "address": str, "code": str,
    "token": str}``; the gateway answers ``{"status": 0}``, or another status and a ``message`` for the client.
    """

    def __init__(self, http: JsonClient, token: str) -> None:
        self._http = http
        self._token = token

    def send(self, medium: str, action: str, address: str, code: str) -> None:
        body = {"medium": medium, "action": action, "address": address, "code": code, "token": self._token}
        try:
            answer = self._http.post("/send_code", body)
        except ServiceUnavailableError as error:
            raise SendError("the gateway did not answer") from error
        if answer.get("status") != 0:
            raise SendError(str(answer.get("message", "the gateway refused"))[:200])
