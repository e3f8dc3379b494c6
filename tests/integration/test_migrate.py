"""``python -m apps.migrate`` on a real database."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest

from common.mysql_url import connection_options

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("first", "second"), 1):
        (tmp_path / f"{number:04d}_{name}.sql").write_text(f"CREATE TABLE IF NOT EXISTS t_{name} (id INT);\n")
    return tmp_path


def start(url: str, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", "apps.migrate", f"--migrations={folder}", *arguments], cwd=ROOT,
                            env={"PATH": os.environ["PATH"], "MYSQL_URL": url}, stderr=subprocess.PIPE, text=True)


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    log = process.communicate(timeout=30)[1]
    return process.returncode, log


def applied(url: str) -> list[str]:
    with pymysql.connect(**connection_options(url, 5, 5)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM migration ORDER BY number")
        return [name for name, in cursor.fetchall()]


def test_each_is_applied_once_however_many_apply_at_once(database_url: str, folder: Path) -> None:
    assert [end(process)[0] for process in [start(database_url, folder) for _ in range(3)]] == [0, 0, 0]
    assert applied(database_url) == ["0001_first.sql", "0002_second.sql"]


def test_who_only_waits_changes_nothing_and_ends_when_all_is_applied(database_url: str, folder: Path) -> None:
    code, log = end(start(database_url, folder, "--wait-only", "--wait-seconds=0"))
    assert code == 1
    assert "nobody has applied 0001_first.sql, 0002_second.sql" in log
    waiting = start(database_url, folder, "--wait-only", "--wait-seconds=30")
    assert end(start(database_url, folder))[0] == 0
    assert end(waiting)[0] == 0


def test_what_was_applied_must_not_change(database_url: str, folder: Path) -> None:
    assert end(start(database_url, folder))[0] == 0
    (folder / "0002_second.sql").write_text("CREATE TABLE other (id INT);\n")
    for arguments in ((), ("--wait-only",)):
        code, log = end(start(database_url, folder, *arguments))
        assert code == 1
        assert "0002_second.sql was changed after it had been applied" in log


def test_a_database_that_is_away(folder: Path) -> None:
    code, log = end(start("mysql://nobody:secret@127.0.0.1:1/none", folder, "--wait-seconds=0"))
    assert code == 1
    assert "not migrated" in log
    assert "secret" not in log


def test_families_of_before_have_their_names_since_the_migration(database_url: str, tmp_path: Path) -> None:
    """What was said under a name before may be another family's."""
    chat = ROOT / "conf" / "migrations" / "0012_chat.sql"
    before = [file for file in sorted(chat.parent.glob("*.sql")) if file.name < chat.name]
    for file in before:
        shutil.copy(file, tmp_path)
    assert end(start(database_url, tmp_path))[0] == 0
    with pymysql.connect(**connection_options(database_url, 5, 5), autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("INSERT INTO family (id, world, name, name_key, owner, icon, created) "
                       "VALUES ('f1', 's1', 'Red', 'red', 'p1', 1, '2020-01-01')")
        shutil.copy(chat, tmp_path)
        assert end(start(database_url, tmp_path))[0] == 0
        cursor.execute("SELECT TIMESTAMPDIFF(SECOND, named, UTC_TIMESTAMP(3)) FROM family")
        [[seconds]] = cursor.fetchall()
    assert 0 <= seconds < 60
