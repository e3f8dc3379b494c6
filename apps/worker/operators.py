"""What the commands for operators have in common: how they are called, and how they reach what they need."""

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent

from apps.worker import worlds
from apps.worker.game_data import PATH
from apps.worker.rules import names
from apps.worker.settings import WorkerSettings
from apps.worker.worlds import World
from common import logs, options
from common.http_client import JsonClient, ServiceUnavailableError
from common.mysql import Database, DatabaseUnavailableError, OutcomeUnknownError

EPILOG = """Every command also takes the worker's options and environment variables, such as --mysql-url-file and
--config-url; a worker's own environment is enough."""
LONGEST_WHO = 64
TROUBLE = (DatabaseUnavailableError, OutcomeUnknownError, ServiceUnavailableError, OSError)


class RefusedError(ValueError):
    """The order cannot be carried out as it was given; the text says why. Nothing was changed."""


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser of a command line; what it does not know are options of the worker."""
    made = argparse.ArgumentParser(prog=f"python -m {program}", description=description, epilog=EPILOG,
                                   allow_abbrev=False)
    made.add_argument("--endpoints", default="", metavar="FILE", help="endpoints.json of a local system")
    return made


def main(program: str, given: tuple[Namespace, list[str]], environment: Mapping[str, str],
         run: Callable[[Namespace, WorkerSettings], Iterator[str]]) -> int:
    """Carry out what was given and print what the operator is told.

    Return the exit code: 0 when it was done, 1 when it was refused or failed. A wrong call ends with 2.
    """
    command, rest = given
    try:
        settings = options.parse(WorkerSettings, program, rest, with_endpoints(command.endpoints, environment))
        logs.set_up(program.rpartition(".")[2], settings.log_level, settings.log_format)
        for line in run(command, settings):
            sys.stdout.write(f"{line}\n")
    except RefusedError as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    except (*TROUBLE, ValueError) as error:
        sys.stderr.write(f"failed: {error}\n")
        return 1
    return 0


def database(settings: WorkerSettings, statement_seconds: float) -> Database:
    """Return the database, for one thing at a time."""
    return Database(settings.mysql_url, connections=1, connect_seconds=settings.mysql_connect_seconds,
                    statement_seconds=statement_seconds, pause=lambda attempt: gevent.sleep(0.1 * attempt))


def game_data(settings: WorkerSettings) -> Mapping[str, Any]:
    """Return the game data that is served now. Raises ServiceUnavailableError."""
    client = JsonClient("config", settings.config_url, timeout=settings.service_timeout, connections=1)
    reply = client.get(PATH)
    if reply.status != 200 or not isinstance(reply.body, dict):
        raise ServiceUnavailableError("config", f"HTTP {reply.status} without game data")
    return reply.body


def with_endpoints(file: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the addresses of a local system. Raises OSError, RefusedError."""
    if not file:
        return environment
    try:
        known = json.loads(Path(file).read_text("utf-8"))
        return {**environment, "MYSQL_URL": known["mysql"], "CONFIG_URL": known["config"]}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise RefusedError(f"{file} is no endpoints.json: {error}") from None


def home_world(world_id: str, config: Mapping[str, Any], hint: str = "") -> World:
    """Return a world where players live; closed ones are allowed. Raises RefusedError, which ends with the hint."""
    world = next((world for world in worlds.listed(config) if world.id == world_id), None)
    if world is None:
        raise RefusedError(f"there is no world {world_id[:40]!r}")
    if world.home != world.id:
        raise RefusedError(f"players of {world.id} live in {world.home}: use --world={world.home}{hint}")
    return world


def require_line(what: str, text: str, longest: int) -> None:
    """Raise RefusedError unless this is one line of 1 to ``longest`` characters."""
    if not text.strip():
        raise RefusedError(f"the {what} is empty")
    if not names.is_text(text, longest) or not is_unicode(text):
        raise RefusedError(f"the {what} is not one line of at most {longest} characters without control characters")


def require_who(who: str) -> None:
    """Raise RefusedError unless this names who gives the order."""
    require_line("name given by --who", who, LONGEST_WHO)


def is_unicode(text: str) -> bool:
    """Whether every character has a code; arguments that are not UTF-8 have some without."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines with columns, the headings first."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
