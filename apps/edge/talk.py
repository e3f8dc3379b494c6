"""What becomes of what clients say: held back, said to all of a channel, or to one player."""

from collections.abc import Callable

from apps.edge import commands, extension
from apps.edge.addressees import Addressees, UnavailableError
from apps.edge.commands import CommandError, Name
from apps.edge.identity import Identity
from apps.edge.moderator import PRIVATE, Moderator, Reason, Ruling
from apps.edge.relay import Relay
from common import subjects
from common.metrics import Counter

MESSAGES = Counter("edge_messages_total", "Messages that clients sent", ["kind"])


class Talk:
    """Of all sessions of an edge."""

    def __init__(self, relay: Relay, moderator: Moderator, addressees: Addressees) -> None:
        self._relay = relay
        self._moderator = moderator
        self._addressees = addressees

    def say(self, speaker: Callable[[], Identity], command: commands.Command) -> Ruling:
        """Say something, or hold it back. Who speaks to one player may have to wait until it is known who that is.

        ``speaker`` tells who speaks at each moment: a name may change meanwhile. Raises CommandError, ExtensionError.
        """
        to, channel, text = _target(speaker(), command)
        if not text:
            return Ruling(text)
        ruling = self._moderator.judge(speaker(), channel, text)
        if ruling.text is not None and to:
            ruling, channel = self._addressed(ruling, speaker().world, to)
        if ruling.text is not None:
            MESSAGES.labels(command.name.name.lower()).inc()
            self._relay.say(channel, speaker(), ruling.text)
        return ruling

    def _addressed(self, ruling: Ruling, world: str, to: str) -> tuple[Ruling, str]:
        """Return what becomes of a message to somebody, and its subject."""
        try:
            uid = self._addressees.find(world, to)
        except UnavailableError:
            return Ruling(None, Reason.UNAVAILABLE, to=to), ""
        return (ruling, subjects.private_chat(world, uid)) if uid else (Ruling(None, Reason.UNKNOWN, to=to), "")


def _target(speaker: Identity, command: commands.Command) -> tuple[str, str, bytes]:
    """Return whom somebody speaks to ('' for all), the channel and the text. Raises CommandError and ExtensionError."""
    if command.name is Name.PRIVATE:
        name, text = extension.private(command.payload)
        return name, PRIVATE, text
    subject = speaker.public if command.name is Name.PUBLIC else speaker.family
    if subject is None:
        raise CommandError("no family")
    return "", subject, command.payload
