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
from apps.edge.extension import ExtensionError, Wishes
from apps.edge.house import House, Rules
from apps.edge.identity import Family, Identity
from apps.edge.moderator import Reason, Ruling
from apps.edge.outbound import Outbound
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

    __slots__ = ("_allowance", "_broken", "_clock", "_greenlet", "_house", "_identity", "_interrupted", "_outbound",
                 "_peer", "_reader", "_rules", "_wishes")

    def __init__(self, peer: socket.socket, rules: Rules, house: House,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._peer = peer
        self._rules = rules
        self._house = house
        self._clock = clock
        self._outbound = Outbound(peer, rules.sending, self._break)
        self._reader = LineReader(peer, commands.WIDTH + rules.message_limit, clock)
        self._allowance = Allowance(rules.messages_per_second, rules.message_burst, clock)
        self._identity: Identity | None = None
        self._wishes: Wishes | None = None
        self._greenlet = gevent.getcurrent()
        self._interrupted = False
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
            self._leave("cut off" if self._broken else "server stops")
        finally:
            self._leave_rooms()
            self._outbound.close()

    def move(self, family: Family) -> None:
        """Belong to another family from now on, or to none; never waits."""
        if self._identity is not None:
            self._identity = self._identity.in_family(family)
            if self._wishes is not None:
                self._wishes = self._wishes.from_now(self._house.feed.position())
            self._enter_rooms(self._identity)
            self._enter_lists(self._identity)

    def rename(self, game_name: str) -> None:
        """Speak under another name from now on; never waits."""
        if self._identity is not None:
            self._identity = self._identity.called(game_name)
            self._house.presence.rename(self._outbound, self._identity)

    def interrupt(self) -> None:
        """End the session from outside, after its last message; never waits."""
        if not self._interrupted:
            self._interrupted = True
            gevent.kill(self._greenlet, InterruptedSession)

    def _break(self) -> None:
        self._broken = True
        self.interrupt()

    def _register_first(self, deadline: float) -> None:
        line = self._reader.read(max(0.0, deadline - self._clock()))
        if line is None:
            raise EndedError("left")
        command = self._decode(line)
        if command.name is not Name.REGISTER:
            raise EndedError("not registered")
        self._register(command.payload, deadline)

    def _register(self, payload: bytes, deadline: float) -> None:
        """Become whom the nonce names; the rooms of the former identity are left in the same moment."""
        try:
            nonce, wishes = extension.split(payload)
            admitted = self._house.admission.redeem(nonce, max(0.0, deadline - self._clock()))
        except (RefusedError, ExtensionError) as error:
            JOINS.labels("refused").inc()
            log.info("client not admitted", extra={"reason": str(error)})
            raise EndedError("refused") from None
        JOINS.labels("admitted").inc()
        if wishes is not None:
            wishes = wishes._replace(floor=self._house.feed.top())
        first = self._identity is None
        self._identity = self._house.roster.enter(self, admitted)
        if not first:
            self._house.feed.leave(self._outbound)
        self._wishes = wishes
        self._enter_rooms(self._identity)
        if first:
            if wishes is None:
                self._house.relay.confirm(self._identity)
            self._outbound.open()
            self._outbound.send(commands.encode(Name.OK))
        self._enter_lists(self._identity)

    def _enter_rooms(self, identity: Identity) -> None:
        """Listen to what the client may hear and wishes to; never waits."""
        if self._wishes is None:
            self._house.relay.enter(self._outbound, identity)
            return
        self._house.relay.leave(self._outbound)
        heard = [*identity.subjects, identity.private, identity.system if self._wishes.system else None]
        channels = {subject: self._wishes for subject in heard if subject is not None}
        if identity.family:  # where it is not known since when it has its name, it may have got it just now
            channels[identity.family] = self._wishes._replace(since=identity.since or time.time_ns())
        self._house.feed.place(self._outbound, channels)

    def _enter_lists(self, identity: Identity) -> None:
        """Count as online; never waits."""
        listens = self._wishes is not None and self._wishes.online
        self._house.presence.place(self._outbound, identity, listens=listens)

    def _listen(self) -> None:
        while (line := self._reader.read(self._rules.idle_seconds)) is not None:
            self._obey(self._decode(line))
        raise EndedError("left")

    def _decode(self, line: bytes) -> commands.Command:
        try:
            return commands.decode(line, extended=self._wishes is not None)
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
            self._tell_why(Ruling(None, Reason.TOO_MANY))

    def _speaker(self) -> Identity:
        """Return who speaks here at this moment."""
        if self._identity is None:
            raise EndedError("not registered")
        return self._identity

    def _serve(self, command: commands.Command) -> None:
        try:
            commands.check_text(command.payload, self._rules.message_limit)
            if command.name is Name.ONLINE:
                self._house.presence.ask(self._outbound)
            elif command.name is Name.REPORT:
                self._report(self._speaker(), report.read(command.payload))
            else:
                self._say(command)
        except (CommandError, ExtensionError) as error:
            raise EndedError(str(error)) from None

    def _report(self, reporter: Identity, wanted: report.Report) -> None:
        result = self._house.reports.take(reporter, wanted)
        self._outbound.send(extension.report_line(wanted.channel, wanted.number, result.value))

    def _say(self, command: commands.Command) -> None:
        ruling = self._house.talk.say(self._speaker, command)
        if ruling.text is None:
            self._tell_why(ruling)

    def _tell_why(self, ruling: Ruling) -> None:
        """Tell a client with the extension why its message is held back; a plain one hears nothing."""
        if self._wishes is not None and ruling.reason is not None:
            facts = {name: fact for name, fact in (("until", ruling.until), ("to", ruling.to)) if fact}
            self._outbound.send(extension.notice_line(ruling.reason.value, **facts))

    def _leave_rooms(self) -> None:
        self._house.roster.leave(self)
        self._house.relay.leave(self._outbound)
        self._house.feed.leave(self._outbound)
        self._house.presence.leave(self._outbound)

    def _leave(self, reason: str) -> None:
        """Take the client out of its rooms, let it have its last bytes, and close; a broken one is reset at once."""
        self._leave_rooms()
        ENDS.labels(reason).inc()
        log.debug("session ended", extra={"reason": reason})
        if self._broken:
            return
        self._outbound.finish(self._rules.close_seconds)
        close_after_last_byte(self._peer, self._rules.close_seconds)
