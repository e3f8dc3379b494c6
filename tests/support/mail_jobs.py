"""System mails to many players, as operators send them, and what has become of them."""

import itertools
import secrets
import subprocess
import sys

from apps.local.processes import ROOT
from tests.support.database_rows import execute
from tests.support.game import Game
from tests.support.local_system import LocalSystem
from tests.support.waiting import wait_for

PROGRAM = (sys.executable, "-m", "apps.worker.mail_jobs")
SECONDS = 60.0
ROWS_A_STATEMENT = 100


class Operator:
    """Gives commands to a running system and looks at its database and mailboxes."""

    def __init__(self, game: Game, system: LocalSystem) -> None:
        self.game = game
        self._endpoints = system.data / "endpoints.json"
        self._mail = system.data / "mail"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run([*PROGRAM, f"--endpoints={self._endpoints}", *arguments], cwd=ROOT, text=True,
                              capture_output=True, timeout=SECONDS, check=False)

    def say(self, *arguments: str) -> str:
        """Return what a command prints that must succeed."""
        done = self.command(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create(self, world: str, *more: str) -> str:
        """Create a job to all players of a world; return its key."""
        key = f"t{secrets.token_hex(6)}"
        self.say("create", f"--key={key}", "--who=test", f"--world={world}", "--title=Hello", "--body=World", *more)
        return key

    def players(self, number: int, world: str) -> list[str]:
        """Write players of a world who registered long ago; return their ids."""
        uids = [f"p{secrets.token_hex(10)}" for _ in range(number)]
        for start in range(0, number, ROWS_A_STATEMENT):
            some = uids[start:start + ROWS_A_STATEMENT]
            rows = ", ".join(["(%s, %s, %s, %s, %s, %s, '0', 0, 0, '2020-01-01')"] * len(some))
            values = itertools.chain.from_iterable((uid, uid, world, world, uid, uid) for uid in some)
            execute(self.game, "INSERT INTO player (uid, account, origin, world, gn, gn_key, icon, energy, exp, "
                               f"created) VALUES {rows}", *values)
        return uids

    def written(self, key: str) -> int:
        """Return how many mails the job has written."""
        [[count]] = execute(self.game, "SELECT written FROM mail_job WHERE job_key = %s", key)
        return int(count)

    def waiting(self, key: str) -> int:
        """Return how many mails of the job wait in the outbox."""
        [[count]] = execute(self.game, "SELECT COUNT(*) FROM outbox o JOIN mail_job j ON j.id = o.job "
                                       "WHERE j.job_key = %s", key)
        return int(count)

    def is_done(self, key: str) -> bool:
        """Whether all mails of the job are written and delivered."""
        return execute(self.game, "SELECT state FROM mail_job WHERE job_key = %s", key) == [("done",)] and (
            self.waiting(key) == 0)

    def wait_until_done(self, key: str) -> None:
        """Wait until all mails of the job are delivered."""
        wait_for(lambda: self.is_done(key), SECONDS, f"the job {key} to be done")

    def mails(self, world: str, uid: str) -> int:
        """Return how many mails are in a mailbox."""
        box = self._mail / world / uid
        return sum(len(list(folder.iterdir())) for folder in (box / "new", box / "cur") if folder.is_dir())

    def mail_counts(self, world: str, uids: list[str]) -> dict[int, int]:
        """Return how many of these players have how many mails."""
        counts = [self.mails(world, uid) for uid in uids]
        return {count: counts.count(count) for count in set(counts)}

