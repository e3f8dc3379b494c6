"""Who a client is at this moment, and so what it hears and where it is listed."""

import logging
import time
from collections.abc import Callable

from apps.edge import extension
from apps.edge.extension import Wishes
from apps.edge.house import House
from apps.edge.identity import Family, Identity
from apps.edge.outbound import Outbound

log = logging.getLogger(__name__)

REPLACED = "replaced"


class Place:
    """Of one session, which is somebody from the first ``take`` on. Only ``take`` and ``confirm`` wait."""

    __slots__ = ("_end", "_house", "_identity", "_outbound", "_wishes")

    def __init__(self, house: House, outbound: Outbound, end: Callable[[str], None]) -> None:
        """``end`` ends the session after its last message, for a reason; it must not wait."""
        self._end = end
        self._house = house
        self._outbound = outbound
        self._identity: Identity | None = None
        self._wishes: Wishes | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the client is somebody."""
        return self._identity is not None

    @property
    def is_extended(self) -> bool:
        """Whether the client has asked for the extension."""
        return self._wishes is not None

    def holder(self) -> Identity:
        """Return who the client is now."""
        if self._identity is None:
            raise LookupError("nobody has this place")
        return self._identity

    def take(self, admitted: Identity, wishes: Wishes | None) -> None:
        """Become somebody; the rooms of the former identity are left in the same moment."""
        if wishes is not None:
            wishes = wishes._replace(floor=self._house.feed.top())
        self._identity = self._house.roster.enter(self, admitted)
        self._house.feed.leave(self._outbound)
        self._wishes = wishes
        self._enter_rooms(self._identity)

    def confirm(self) -> None:
        """Wait until a plain client misses nothing from now on; others hear from the stream what they have missed."""
        if self._wishes is None:
            self._house.relay.confirm(self.holder())

    def list(self) -> None:
        """Count as online."""
        listens = self._wishes is not None and self._wishes.online
        self._house.presence.place(self._outbound, self.holder(), listens=listens)

    def move(self, family: Family) -> None:
        """Belong to another family from now on, or to none."""
        self._identity = self.holder().in_family(family)
        if self._wishes is not None:
            self._wishes = self._wishes.from_now(self._house.feed.position())
        self._enter_rooms(self._identity)
        self.list()

    def rename(self, game_name: str) -> None:
        """Speak under another name from now on."""
        self._identity = self.holder().called(game_name)
        self._house.presence.rename(self._outbound, self._identity)

    def give_way(self) -> None:
        """Leave at once, because the player has another session too many; who has the extension is told."""
        self.leave()
        log.info("the oldest session of a player gives way", extra={"world": self.holder().world,
                                                                    "uid": self.holder().uid})
        if self._wishes is not None:
            self._outbound.send(extension.notice_line(REPLACED))
        self._end(REPLACED)

    def leave(self) -> None:
        """Leave all rooms and lists; harmless when the client is in none."""
        self._house.roster.leave(self)
        self._house.relay.leave(self._outbound)
        self._house.feed.leave(self._outbound)
        self._house.presence.leave(self._outbound)

    def _enter_rooms(self, identity: Identity) -> None:
        """Listen to what the client may hear and wishes to."""
        if self._wishes is None:
            self._house.relay.enter(self._outbound, identity)
            return
        self._house.relay.leave(self._outbound)
        heard = [*identity.subjects, identity.private, identity.system if self._wishes.system else None]
        channels = {subject: self._wishes for subject in heard if subject is not None}
        if identity.family:  # where it is not known since when it has its name, it may have got it just now
            channels[identity.family] = self._wishes._replace(since=identity.since or time.time_ns())
        self._house.feed.place(self._outbound, channels)
