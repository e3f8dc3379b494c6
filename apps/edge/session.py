"""The conversation with one client, from its first line to its end. Only this greenlet closes the client's socket."""

import logging
import socket
import time
from collections.abc import Callable

import gevent

from apps.edge import commands, extension, report
from apps.edge.admission import RefusedError
from apps.edge.allowance import Allowance, Verdict
from apps.edge.commands import CommandError, Name
from apps.edge.extension import ExtensionError
from apps.edge.house import House, Rules
from apps.edge.moderator import Reason, Ruling
from apps.edge.notices import Notices
from apps.edge.outbound import Outbound
from apps.edge.place import Place
from common.lines import LineReader, LineTimeoutError, LineTooLongError, close_after_last_byte
from common.metrics import Counter

log = logging.getLogger(__name__)

JOINS = Counter("edge_joins_total", "Attempts of clients to register", ["result"])
THROTTLED = Counter("edge_messages_throttled_total", "Messages dropped because a client sent too many")
ENDS = Counter("edge_sessions_ended_total", "Sessions that ended", ["reason"])


class EndedError(Exception):
    """The session is over; the message says why."""


class InterruptedSession(gevent.GreenletExit):  # like its base, it is a way to leave and no error
    """Thrown into the session's greenlet from outside."""


class Session:
    """One client."""

    __slots__ = ("_allowance", "_broken", "_clock", "_greenlet", "_house", "_interrupted", "_notices", "_outbound",
                 "_peer", "_place", "_reader", "_rules")

    def __init__(self, peer: socket.socket, rules: Rules, house: House,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._peer = peer
        self._rules = rules
        self._house = house
        self._clock = clock
        self._outbound = Outbound(peer, rules.sending, self._break)
        self._reader = LineReader(peer, commands.WIDTH + rules.message_limit, clock)
        self._allowance = Allowance(rules.messages_per_second, rules.message_burst, clock)
        self._notices = Notices(self._outbound.send, clock)
        self._place = Place(house, self._outbound, self.interrupt)
        self._greenlet = gevent.getcurrent()
        self._interrupted = ""
        self._broken = False

    def run(self, deadline: float) -> None:
        """Serve the client until one side ends it. By ``deadline`` (on the clock) the client must be registered."""
        try:
            self._register_first(deadline)
            self._listen()
        except EndedError as end:
            self._leave(str(end))
        except LineTooLongError:
            self._leave("line too long")
        except LineTimeoutError:
            self._leave("silent")
        except OSError:
            self._leave("connection lost")
        except InterruptedSession:
            self._leave(self._interrupted)
        finally:
            self._place.leave()
            self._outbound.close()

    def interrupt(self, reason: str) -> None:
        """End the session from outside, after its last message; never waits. The first reason counts."""
        if not self._interrupted:
            self._interrupted = reason
            gevent.kill(self._greenlet, InterruptedSession)

    def _break(self) -> None:
        self._broken = True
        self.interrupt("cut off")

    def _register_first(self, deadline: float) -> None:
        line = self._reader.read(max(0.0, deadline - self._clock()))
        if line is None:
            raise EndedError("left")
        command = self._decode(line)
        if command.name is not Name.REGISTER:
            raise EndedError("not registered")
        self._register(command.payload, deadline)

    def _register(self, payload: bytes, deadline: float) -> None:
        """Become whom the nonce names; only the first time the client is told so."""
        try:
            nonce, wishes = extension.split(payload)
            admitted = self._house.admission.redeem(nonce, max(0.0, deadline - self._clock()))
        except (RefusedError, ExtensionError) as error:
            JOINS.labels("refused").inc()
            log.info("client not admitted", extra={"reason": str(error)})
            raise EndedError("refused") from None
        JOINS.labels("admitted").inc()
        is_first = not self._place.is_taken
        self._place.take(admitted, wishes)
        if is_first:
            self._place.confirm()
            self._outbound.open()
            self._outbound.send(commands.encode(Name.OK))
        self._place.list()

    def _listen(self) -> None:
        while (line := self._reader.read(self._rules.idle_seconds)) is not None:
            self._obey(self._decode(line))
        raise EndedError("left")

    def _decode(self, line: bytes) -> commands.Command:
        try:
            return commands.decode(line, extended=self._place.is_extended)
        except CommandError as error:
            raise EndedError(str(error)) from None

    def _obey(self, command: commands.Command) -> None:
        verdict = self._allowance.judge()
        if verdict is Verdict.CLOSE:
            raise EndedError("flood")
        if command.name is Name.EXIT:
            raise EndedError("left")
        if command.name is Name.REGISTER:
            self._register(command.payload, self._clock() + self._rules.register_seconds)
        elif verdict is Verdict.PASS:
            self._serve(command)
        else:
            THROTTLED.inc()
            self._tell_why(Ruling(None, Reason.TOO_MANY, wait=self._allowance.full_in()))

    def _serve(self, command: commands.Command) -> None:
        try:
            commands.check_text(command.payload, self._rules.message_limit)
            if command.name is Name.ONLINE:
                self._house.presence.ask(self._outbound)
            elif command.name is Name.REPORT:
                self._report(report.read(command.payload))
            else:
                self._say(command)
        except (CommandError, ExtensionError) as error:
            raise EndedError(str(error)) from None

    def _report(self, wanted: report.Report) -> None:
        result = self._house.reports.take(self._place.holder(), wanted)
        self._outbound.send(extension.report_line(wanted.channel, wanted.number, result.value))

    def _say(self, command: commands.Command) -> None:
        ruling = self._house.talk.say(self._place.holder, command)
        if ruling.text is None:
            self._tell_why(ruling)

    def _tell_why(self, ruling: Ruling) -> None:
        """Tell a client with the extension why its message is held back; a plain one hears nothing."""
        if self._place.is_extended:
            self._notices.tell(ruling)

    def _leave(self, reason: str) -> None:
        """Take the client out of its rooms, let it have its last bytes, and close; a broken one is reset at once."""
        self._place.leave()
        ENDS.labels(reason).inc()
        log.debug("session ended", extra={"reason": reason})
        if self._broken:
            return
        self._outbound.finish(self._rules.close_seconds)
        close_after_last_byte(self._peer, self._rules.close_seconds)
