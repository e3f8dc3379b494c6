"""``python -m apps.client``: call functions, chat, or play the tour."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from apps.client.chat import ChatRefusedError
from apps.client.chat_console import ChatConsole
from apps.client.chat_progress import Progress
from apps.client.gate import Address, Gate, NoAnswerError
from apps.client.lasting_chat import NoTicketError, ReplacedError
from apps.client.player import Player
from apps.client.state import State
from apps.client.tour import Tour, TourError
from common.lines import LineTimeoutError

DESCRIPTION = "A client for people. Without addresses it looks for the local system's .run/endpoints.json."
EXAMPLES = """examples:
  python -m apps.client tour
  python -m apps.client call login_unique unique_id=my-device
  python -m apps.client call enter_world
  python -m apps.client call create_player gn=Ada
  python -m apps.client call get_info_player
  python -m apps.client call accept_gifts gift='["0123456789abcdef"]' other='[]'
  python -m apps.client chat
"""


def main() -> int:
    arguments = parser().parse_args()
    try:
        return int(arguments.run(arguments))
    except (NoAnswerError, NoTicketError, ReplacedError, TourError, ChatRefusedError, LineTimeoutError, OSError,
            ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="apps.client", description=DESCRIPTION, epilog=EXAMPLES,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--gate", default=os.environ.get("GATE", ""), help="gates: host:port, or several [GATE]")
    top.add_argument("--edge", default=os.environ.get("EDGE", ""), help="edges: host:port, or several [EDGE]")
    top.add_argument("--endpoints", default=".run/endpoints.json", help="file of the local system's addresses")
    top.add_argument("--state", default=".run/client.json", help="file that keeps the tokens between calls")
    top.add_argument("--world", default="", help="world; the one of the last call, at first s0")
    top.add_argument("--tls", action="store_true", help="speak TLS")
    top.add_argument("--authority", default="", help="PEM file of the authority that signed the server's certificate")
    commands = top.add_subparsers(required=True)
    call = commands.add_parser("call", help="call a function and print its answer")
    call.add_argument("function")
    call.add_argument("fields", nargs="*", metavar="key=value", help="fields of data; arrays and objects as JSON")
    call.add_argument("--request-id", default=None, help="repeat an earlier request instead of making a new one")
    call.set_defaults(run=run_call)
    chat = commands.add_parser("chat", help="chat: a line is public, one that begins with /f is for the family")
    chat.add_argument("--last", type=int, default=10, help="messages of each channel to show at first")
    chat.add_argument("--plain", action="store_true", help="speak the plain protocol: what is missed does not come")
    chat.set_defaults(run=run_chat)
    commands.add_parser("tour", help="play two players through the whole system").set_defaults(run=run_tour)
    return top


def run_call(arguments: argparse.Namespace) -> int:
    """Call one function; exit code 0 when its status is 0."""
    path = Path(arguments.state)
    state = load_state(arguments)
    answer = Player(gate(arguments), state).call(
        arguments.function, arguments.request_id, **dict(field(text) for text in arguments.fields))
    state.save(path)
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0 if isinstance(answer, dict) and answer.get("status") == 0 else 1


def run_chat(arguments: argparse.Namespace) -> int:
    """Chat until the end of input."""
    progress = None if arguments.plain else Progress(last=arguments.last, system=True)
    console = ChatConsole(Player(gate(arguments), load_state(arguments)), addresses(arguments, "edges"), progress,
                          lambda line: print(line, flush=True))
    print("A line is public; /f TEXT is for the family; end with Ctrl-D.", flush=True)
    console.run(sys.stdin)
    return 0


def run_tour(arguments: argparse.Namespace) -> int:
    """Play the tour."""
    tour = Tour(gate(arguments), addresses(arguments, "edges"), arguments.world or State().world, print)
    print(f"{tour.play() * 1000:8.1f} ms  in all")
    return 0


def gate(arguments: argparse.Namespace) -> Gate:
    """Return the gates to call."""
    return Gate(addresses(arguments, "gates"))


def addresses(arguments: argparse.Namespace, kind: str) -> list[Address]:
    """Return the addresses of ``gates`` or ``edges``."""
    given = arguments.gate if kind == "gates" else arguments.edge
    found = given.split(",") if given else endpoints(arguments)[kind]
    return [Address.parse(text, tls=arguments.tls, authority=arguments.authority) for text in found]


def endpoints(arguments: argparse.Namespace) -> Any:
    """Return the addresses that the local system wrote down."""
    path = Path(arguments.endpoints)
    if not path.exists():
        raise ValueError(f"{path} does not exist: start the local system with `make run`, or name --gate and --edge")
    return json.loads(path.read_text())


def load_state(arguments: argparse.Namespace) -> State:
    """Return the kept tokens, with the world of this call."""
    state = State.load(Path(arguments.state))
    state.world = arguments.world or state.world
    return state


def field(text: str) -> tuple[str, Any]:
    """Read ``key=value``. A value is text, but for a JSON array, object or string; the server reads numbers as text."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise ValueError(f"{text!r} is not key=value")
    return key, json.loads(value) if value[:1] in ("[", "{", '"') else value


if __name__ == "__main__":
    sys.exit(main())
