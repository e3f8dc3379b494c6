"""The rehearsal with NATS and Redis of production: updates server by server, and the death of a primary."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic

import gevent

from tests.faults.cases import Case
from tests.faults.report import Result
from tests.faults.rollout import Rehearsal, on_cluster
from tests.faults.rollout_servers import ServerPod, roll
from tests.faults.rollout_servers_report import DETAIL
from tests.faults.rollout_tally import ServersRow
from tests.manifests.support.redis_group import RedisGroup
from tests.support.waiting import wait_for

REST_SECONDS = 12.0
"""Seconds that are counted after a step, for what it leaves behind; who speaks waits for 10 s to hear itself."""
AWAY_SECONDS = 20.0
"""Seconds for which a server that died stays away."""
WHOLE_SECONDS = 60.0


def rehearse(case: Case, folder: Path, actors: int, seed: int) -> Result:
    """Play it on a system of its own. Does not raise what a broken system causes."""
    return on_cluster(case, folder, ServersRehearsal, actors, seed)


class ServersRehearsal(Rehearsal):
    """NATS and Redis are updated, then the primary of Redis dies with its pod."""

    servers = True
    detail = DETAIL
    may_lose_chat = True  # what is published while the stream has no leader is not kept; edges do not ask

    def _steps(self) -> Sequence[ServersRow]:
        nats, redis = (self._cluster.servers[app] for app in ("nats", "redis"))
        return [
            self._measure("nats: update", len(nats), partial(roll, nats), planned=True, costs_tries=True),
            self._measure("redis: update", len(redis), partial(roll, redis), planned=True),
            self._measure("redis: death of the primary", 1, partial(self._kill_primary, redis), costs_tries=True),
        ]

    def _measure(self, what: str, servers: int, step: Callable[[], Sequence[object]], *,
                 planned: bool = False, costs_tries: bool = False) -> ServersRow:
        tally, begun = self._tally, monotonic()
        requests, errors, failed, unheard = len(tally.times), len(tally.errors), tally.failed, len(self._party.unheard)
        killed = step()
        seconds = monotonic() - begun
        gevent.sleep(REST_SECONDS)
        return ServersRow(what=what, servers=servers, seconds=seconds, times=tally.times[requests:],
                          errors=tally.errors[errors:], given_up=tally.failed - failed,
                          unheard=len(self._party.unheard) - unheard, kills=len(killed), planned=planned,
                          costs_tries=costs_tries)

    @staticmethod
    def _kill_primary(servers: Sequence[ServerPod]) -> Sequence[object]:
        group = RedisGroup([container for server in servers for container in server.containers])
        primary = group.primary().pod
        (server,) = (server for server in servers if server.pod is primary)
        server.crash()
        gevent.sleep(AWAY_SECONDS)
        server.start()
        server.wait_ready()
        wait_for(group.primary, WHOLE_SECONDS, "Redis to be whole again")
        return []
