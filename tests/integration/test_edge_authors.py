"""Who spoke is known by uid to those who keep what was said, and to no client."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from apps.chatlog import reports
from apps.edge.relay import EDGE
from common import subjects
from common.nats import Client, Message
from common.nats.stored import AUTHOR
from tests.support.chat_log import ChatLog
from tests.support.edge import Edge, EdgeSystem
from tests.support.edge_pair import Running, nats, one, system, two_edges
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    yield from two_edges(EdgeSystem(jetstream=True))


def test_the_uid_stands_in_a_header_and_the_payload_is_as_ever(system: EdgeSystem, one: Edge, nats: Client) -> None:
    world, heard = system.world(), list[Message]()
    nats.subscribe(subjects.public_chat(world), callback=heard.append)
    nats.flush()
    system.join(one, "ada", world).send(b"0000PUBLIChello: you")
    wait_for(lambda: heard)
    assert (heard[0].payload, heard[0].headers[AUTHOR]) == (b"ada:hello: you", "uid of ada")
    assert set(heard[0].headers) == {AUTHOR, EDGE}


def test_a_subscriber_that_knows_no_headers_gets_the_payload_alone(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    subject = subjects.public_chat(world).encode()
    with socket.create_connection(("127.0.0.1", system.nats.port), 10) as plain, plain.makefile("rb") as lines:
        plain.sendall(b'CONNECT {"verbose": false, "headers": false}\r\nSUB %b 1\r\nPING\r\n' % subject)
        assert lines.readline().startswith(b"INFO")
        assert lines.readline() == b"PONG\r\n"
        system.join(one, "ada", world).send(b"0000PUBLIChello")
        assert lines.readline() == b"MSG %b 1 9\r\n" % subject
        assert lines.readline() == b"ada:hello\r\n"


def test_no_client_sees_it(system: EdgeSystem, one: Edge) -> None:
    world = system.world()
    plain = system.join(one, "plain", world)
    extended = system.connect(one).register(system.auth.nonce("anna", world) + ";")
    extended.send(b"0000PUBLIChello")
    assert plain.line() == b"0000PUBLICanna:hello"
    line = extended.line() or b""
    assert {*orjson.loads(line[10:])} == {"number", "channel", "from", "text"}
    assert b"uid" not in line


def test_the_log_and_reports_have_it(system: EdgeSystem, one: Edge, tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    world = system.world()
    log = ChatLog(system.nats.url, tmp_path / "log", "--report-wait-seconds=0").start()
    try:
        ada = system.connect(one).register(system.auth.nonce("ada", world) + ";")
        ada.send(b"0000PUBLIChello")
        number = orjson.loads((ada.line() or b"")[10:])["number"]
        bert = system.connect(one).register(system.auth.nonce("bert", world) + ";")
        bert.send(b"0000REPORTpublic:%d" % number)
        assert b'"kept"' in (bert.line() or b"")
        [line] = wait_for(lambda: log.lines(world) if log.texts(world) else [])
        assert (line["from"], line["uid"]) == ("ada", "uid of ada")
        [report] = wait_for(lambda: log.reports(world))
        assert (report["reported"], report["reported_uid"], report["message"]["uid"]) == (
            "ada", "uid of ada", "uid of ada")
        assert reports.main(["--folder", str(log.folder), "--uid", "uid of ada"]) == 0
        assert "bert reports ada: hello" in capsys.readouterr().out
        assert reports.main(["--folder", str(log.folder), "--uid", "uid of bert"]) == 1
    finally:
        log.end(signal.SIGKILL)
