"""``endpoints.json``: where everything listens, for clients, tests and scripts. It is there while all is ready.

::

    {"gate": "127.0.0.1:8880", "edge": "127.0.0.1:9000", "gates": ["127.0.0.1:8880"], "edges": ["127.0.0.1:9000"],
     "auth": "http://127.0.0.1:8001", "config": "http://...", "mail": "http://...",
     "nats": "nats://...", "redis": "redis://...", "mysql": "mysql://user:password@...",
     "processes": [{"name": "gate-0", "pid": 12, "ops": "http://127.0.0.1:18100",
                    "ports": {"client_port": 8880, "worker_port": 8201, "ops_port": 18100}}]}

``ops`` is where a process answers /livez, /readyz and /metrics, empty where it does not. The file holds the password
of the database, so only its owner may read it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apps.local.files import write_private
from apps.local.ports import HOST
from apps.local.processes import Managed
from apps.local.services import Service


class EndpointsFile:
    """Writes and removes the file."""

    def __init__(self, path: Path, units: Sequence[Managed], urls: Mapping[str, str]) -> None:
        """``urls`` has nats, redis and mysql."""
        self.path = path
        self._units = units
        self._urls = urls

    def write(self) -> None:
        """Replace the file by the present state, in one step."""
        write_private(self.path, json.dumps(self.content(), indent=2) + "\n")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def content(self) -> dict[str, Any]:
        """Return the present state as a JSON object."""
        gates, edges = self._addresses("gate"), self._addresses("edge")
        http = {app: f"http://{self._addresses(app)[0]}" for app in ("auth", "config", "mail")}
        processes = [{"name": unit.name, "pid": unit.pid, "ops": unit.ops,
                      "ports": unit.ports if isinstance(unit, Service) else {}} for unit in self._units if unit.kept]
        return {"gate": gates[0], "edge": edges[0], "gates": gates, "edges": edges, **http, **self._urls,
                "processes": processes}

    def _addresses(self, kind: str) -> list[str]:
        return [f"{HOST}:{unit.port}" for unit in self._units if isinstance(unit, Service) and unit.kind == kind]
