"""Private files and the lock of a data folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.local.files import DataFolderInUseError, FolderLock, kept_secret, write_private
from apps.local.processes import ROOT

HOLD = """
import sys
from pathlib import Path
from apps.local.files import FolderLock
FolderLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_is_random_and_kept(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "one")
    assert kept_secret(tmp_path / "one") == secret
    assert kept_secret(tmp_path / "two") != secret
    assert len(secret) >= 43
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_a_second_holder_is_refused_and_told_the_first(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(DataFolderInUseError, match=f"process id {os.getpid()} already runs"):
        FolderLock(tmp_path).acquire()
    first.release()
    second = FolderLock(tmp_path)
    second.acquire()
    second.release()


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert holder.stdin
    assert holder.stdout
    with holder, holder.stdin, holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataFolderInUseError, match=f"process id {holder.pid} "):
            FolderLock(tmp_path).acquire()
        holder.kill()
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
