"""What all sessions of an edge share, and the limits that hold for each."""

from typing import NamedTuple

from apps.edge.admission import Admission
from apps.edge.feed import Feed
from apps.edge.outbound import SendLimits
from apps.edge.presence import Presence
from apps.edge.relay import Relay
from apps.edge.reports import Reports
from apps.edge.roster import Roster
from apps.edge.talk import Talk


class Rules(NamedTuple):
    """Limits of a session; times in seconds, sizes in bytes."""

    register_seconds: float
    idle_seconds: float
    close_seconds: float
    message_limit: int
    messages_per_second: float
    message_burst: int
    sending: SendLimits


class House(NamedTuple):
    """What all sessions of an edge share."""

    admission: Admission
    relay: Relay
    feed: Feed
    roster: Roster
    talk: Talk
    presence: Presence
    reports: Reports
