"""Small shell programs in the place of real servers, to test what starts and stops them."""

from pathlib import Path

from apps.local.processes import Managed


class StandIn(Managed):
    """Runs ``script`` in a shell; it is ready when the script made the file ``$READY``."""

    def __init__(self, name: str, folder: Path, script: str = "touch $READY; exec sleep 1000") -> None:
        self.marker = folder / f"{name}.ready"
        super().__init__(name, folder / f"{name}.log",
                         {"READY": str(self.marker), "FOLDER": str(folder), "PATH": "/usr/bin:/bin"})
        self._script = script

    def prepare(self) -> None:
        self.marker.unlink(missing_ok=True)

    def command(self) -> list[str]:
        return ["sh", "-c", self._script]

    def ready(self) -> bool:
        return self.marker.exists()
