"""A delivery whose process is killed, before each of its system calls in turn."""

import subprocess
import sys
from pathlib import Path

from apps.mail.delivery import Outcome
from tests.unit.mail_player import MAIL, Player

PROJECT = Path(__file__).resolve().parents[2]

DYING_DELIVERY = """
import os, signal, sys
from pathlib import Path
from apps.mail import box, delivery
from apps.mail.checks import BoxName
from apps.mail.message import Content

NAME = BoxName("s1", "abcdefgh")
RULES = delivery.DeliveryRules(size=1, domain="game.invalid", tombstone_seconds=100, tmp_seconds=1000)
calls, die_at = 0, 0

def counted(function):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

def attempt(root):
    with box.locked(root, NAME) as opened:
        delivery.deliver(opened, delivery.Parcel(NAME, "0" * 16, Content("0", "a", "b", "c")), RULES, now=1893546000.0)

def deliver(root):
    try:
        attempt(root)
    except FileNotFoundError:
        box.create(root, NAME)
        attempt(root)

for name in ("open", "mkdir", "write", "fsync", "rename", "unlink", "scandir", "listdir"):
    setattr(os, name, counted(getattr(os, name)))
for number in range(1, 1000):
    root = Path(sys.argv[1], str(number))
    root.mkdir()
    child = os.fork()
    if not child:
        calls, die_at = 0, number
        deliver(str(root))
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        break
"""


def test_a_delivery_that_dies_at_any_moment_is_done_once(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DYING_DELIVERY, str(tmp_path)], cwd=PROJECT, timeout=60, check=True)
    roots = sorted(tmp_path.iterdir(), key=lambda root: int(root.name))
    assert len(roots) > 30
    outcomes = []
    for root in roots:
        player = Player(root)
        outcomes.append(player.deliver(0))
        assert player.deliver(0) is Outcome.REPEATED
        assert len(player.files("new")) == 1
        [listed] = player.listing().mails
        assert listed.mail.content.sender == (MAIL.sender if outcomes[-1] is Outcome.STORED else "a")
    assert outcomes == sorted(outcomes, key=[Outcome.STORED, Outcome.REPEATED].index)
    assert set(outcomes) == {Outcome.STORED, Outcome.REPEATED}
