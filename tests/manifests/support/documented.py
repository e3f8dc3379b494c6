"""Plays the commands that the documents tell, on copies, with stand-ins for the tools of a cluster."""

import os
import re
import subprocess
import sys
from pathlib import Path

from apps.local.processes import ROOT
from tests.manifests.support import rendering

SECONDS = 120.0
STAND_IN = '#!/bin/sh\necho "$(basename "$0") $*" >> "{log}"\n'
"""Notes its call and succeeds."""


def section(document: str, title: str) -> str:
    """Return the text of a document below a heading, up to the next one of its level or a higher one."""
    text = (ROOT / document).read_text("utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n", text, re.MULTILINE)
    assert found, f"{document} has no section {title}"
    rest = re.sub(r"^```.*?^ *```$", lambda block: block[0].replace("\n#", "\n\0"), text[found.end():],
                  flags=re.MULTILINE | re.DOTALL)  # a comment of a command is no heading
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return (rest[:end.start()] if end else rest).replace("\0", "#")


def commands(text: str) -> list[str]:
    """Return the blocks of commands in a text, without their indentation."""
    blocks = re.findall(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, language, block in blocks
            if language in ("", "sh")]


class Operator:
    """Somebody at the root of a clone with a virtual environment, before a cluster that only takes notes."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone"
        self.root.mkdir()
        self.tree = rendering.copy(self.root)
        (self.root / ".venv").symlink_to(Path(sys.executable).parent.parent)
        self._log = folder / "calls.log"
        self._tools = folder / "tools"
        self._tools.mkdir()

    def stand_in(self, *tools: str) -> None:
        """Let these programs only be noted."""
        for tool in tools:
            (self._tools / tool).write_text(STAND_IN.format(log=self._log))
            (self._tools / tool).chmod(0o755)

    def tool(self, name: str) -> Path:
        """Return where a stand-in is."""
        return self._tools / name

    def play(self, block: str) -> str:
        """Run a block of commands, each of which has to succeed; return what they printed."""
        environment = {**os.environ, "PATH": f"{self._tools}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=self.root, env=environment, text=True,
                              capture_output=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def calls(self) -> list[str]:
        """Return the calls of the stand-ins so far."""
        return self._log.read_text().splitlines() if self._log.exists() else []
