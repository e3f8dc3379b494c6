"""Logging of every process: JSON lines for machines, coloured text for people.

Each line that is written while a request is served carries the request's message id. Tokens, passwords and bodies of
mails are never passed to a logger.
"""

import logging
import sys
import time
from contextvars import ContextVar
from typing import TextIO

import orjson

message_id: ContextVar[str] = ContextVar("message_id", default="")
"""Id of the message that the running greenlet works on; empty outside of a request."""

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("json", "text")
COLOURS = {"DEBUG": "\033[2m", "INFO": "", "WARNING": "\033[33m", "ERROR": "\033[31m", "CRITICAL": "\033[41m"}
RESET = "\033[0m"
PLAIN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(process: str, level: str, style: str, stream: TextIO = sys.stderr) -> None:
    """Send the log lines of this process to ``stream`` (one of FORMATS, from one of LEVELS on)."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(process) if style == "json" else TextFormatter(colour=stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("urllib3").setLevel(logging.ERROR)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, RFC 3339), level, process, logger, message, message_id and extra fields."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        } | extra_fields(record)
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str).decode()


class TextFormatter(logging.Formatter):
    """``12:34:56.789 INFO  logger message key=value``, coloured by level on a terminal."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created)) + f".{int(record.msecs):03d}"
        extra = "".join(f" {key}={value}" for key, value in extra_fields(record).items())
        line = f"{clock} {record.levelname:<7} {record.name}: {one_line(record.getMessage() + extra)}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return f"{COLOURS[record.levelname]}{line}{RESET}" if self._colour else line


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return what the caller passed as ``extra``, and the message id of the running request."""
    extra = {key: value for key, value in vars(record).items() if key not in PLAIN_ATTRIBUTES}
    current = message_id.get()
    return {"message_id": current} | extra if current else extra


def one_line(text: str) -> str:
    """Keep a log line one line, whatever a client put into it."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"
