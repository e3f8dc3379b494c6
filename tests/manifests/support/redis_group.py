"""The Redis servers of production with their sentinels, asked from outside."""

from collections.abc import Sequence
from typing import Any

import redis

from tests.manifests.support.container import Container
from tests.support.waiting import wait_for

SECONDS = 60.0
GROUP = "lukseun"


class RedisGroup:
    """Three pods, each with a server and a sentinel."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self.pods = {name: [one for one in containers if one.pod.name == name]
                     for name in sorted({container.pod.name for container in containers})}
        self.servers = [container for container in containers if container.spec["name"] == "redis"]
        self.sentinels = [container for container in containers if container.spec["name"] == "sentinel"]
        environment: Any = containers[0]._environment
        self.password = str(environment["REDISCLI_AUTH"])

    def client(self, container: Container) -> redis.Redis:
        """Return a client of a server or of a sentinel."""
        port = 26379 if container in self.sentinels else 6379
        return redis.Redis(host=container.pod.address, port=port, password=self.password, socket_timeout=2)

    def role(self, server: Container) -> str:
        """Return master or slave, empty when there is no answer."""
        try:
            with self.client(server) as connection:
                answer: Any = connection.execute_command("ROLE")
                return str(answer[0].decode())
        except redis.RedisError:
            return ""

    def primary(self) -> Container:
        """Wait until one server is the primary and each other one that runs follows it; return the primary."""
        def found() -> list[Container]:
            masters = [server for server in self.servers if self.role(server) == "master"]
            return masters if len(masters) == 1 and self.whole(masters[0]) else []

        return wait_for(found, SECONDS, "a primary that all agree on")[0]

    def whole(self, primary: Container) -> bool:
        """Whether each sentinel that runs takes ``primary`` for it, and knows all others."""
        for sentinel in self.sentinels:
            if not sentinel.running:
                continue
            try:
                with self.client(sentinel) as connection:
                    state: Any = connection.sentinel_master(GROUP)
            except redis.RedisError:
                return False
            if (state["ip"], state["num-slaves"], state["num-other-sentinels"]) != (primary.pod.address, 2, 2):
                return False
        return all(self.role(server) == "slave" and self._follows(server, primary) for server in self.servers
                   if server is not primary and server.running)

    def _follows(self, server: Container, primary: Container) -> bool:
        try:
            with self.client(server) as connection:
                answer: Any = connection.execute_command("ROLE")
        except redis.RedisError:
            return False
        return bool(answer[1].decode() == primary.pod.address and answer[3] == b"connected")
