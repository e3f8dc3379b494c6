"""The private backends: they start, keep their data through a crash, freeze and come back."""

import shutil
from pathlib import Path

import pymysql
import pytest
import redis

from apps.local.apt import AptError
from apps.local.backends import Backend, MariaDB, Nats, Valkey
from apps.local.files import write_private
from apps.local.mariadb_install import (
    MariaDBMissingError,
    MariaDBPrograms,
    find,
    find_or_install,
    how_to_help,
    unpack,
)
from apps.local.ports import free_port
from tests.support import backend_servers
from tests.support.waiting import wait_for


@pytest.mark.parametrize("fixture", ["own_nats_server", "own_redis_server", "own_database_server"])
def test_a_server_answers_freezes_dies_and_comes_back(fixture: str, request: pytest.FixtureRequest) -> None:
    server: Backend = request.getfixturevalue(fixture)
    assert server.ready()
    server.pause()
    wait_for(lambda: not server.ready())  # a stop takes effect a moment after it was asked for
    server.resume()
    wait_for(server.ready)
    url, pid = server.url, server.pid
    server.kill()
    assert not server.ready()
    server.start()
    assert server.ready()
    assert server.url == url
    assert server.pid != pid
    assert server.stop(20)
    assert server.wait() in ("exit code 0", "exit code 1")  # nats-server says 1 after SIGTERM


def test_redis_keeps_what_was_written_before_a_crash(own_redis_server: Valkey) -> None:
    def client() -> "redis.Redis":
        return redis.Redis.from_url(own_redis_server.url, socket_timeout=2)

    with client() as before:
        before.set("key", "value")
        before.waitaof(1, 0, 2000)
    own_redis_server.kill()
    own_redis_server.start()
    with client() as after:
        assert after.get("key") == b"value"


def test_the_database_keeps_what_was_committed_before_a_crash(own_database_server: MariaDB) -> None:
    with own_database_server.connect() as before, before.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (text VARCHAR(20))")
        cursor.execute("INSERT INTO kept VALUES ('Grüße 世界')")
        before.commit()
    own_database_server.kill()
    own_database_server.start()
    with own_database_server.connect() as after, after.cursor() as cursor:
        cursor.execute("SELECT text FROM kept")
        assert cursor.fetchone() == ("Grüße 世界",)


def test_the_database_is_set_up_as_the_game_needs_it(database_server: MariaDB) -> None:
    with database_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_server, @@innodb_flush_log_at_trx_commit, @@log_bin, @@max_connections,"
                       " @@skip_name_resolve, @@bind_address")
        assert cursor.fetchone() == ("utf8mb4", 1, 0, 300, 1, "127.0.0.1")


@pytest.mark.parametrize(("user", "password"), [("lukseun", "wrong"), ("root", ""), ("", ""), ("mysql", "")])
def test_nobody_else_gets_into_the_database(database_server: MariaDB, user: str, password: str) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(host="127.0.0.1", port=database_server.port, user=user, password=password)


def test_the_password_is_no_argument_of_the_server(database_server: MariaDB) -> None:
    assert backend_servers.PASSWORD not in " ".join(database_server.command())
    for file in database_server.data.parent.glob(".*setup*"):
        assert file.stat().st_mode & 0o777 == 0o600


def test_another_password_is_taken_over_at_the_next_start(
    own_database_server: MariaDB, mariadb_programs: MariaDBPrograms
) -> None:
    own_database_server.stop()
    old = own_database_server
    new = MariaDB("mysql", old.data, old.port, old.log_file, programs=mariadb_programs, password="another")
    try:
        new.start()
    finally:
        new.kill()


def test_a_first_start_that_was_cut_off_does_not_count(tmp_path: Path, mariadb_programs: MariaDBPrograms) -> None:
    folder = tmp_path / ("a-folder-with-a-long-name-" * 5)  # too long for the path of a socket
    (folder / "mysql.unfinished").mkdir(parents=True)
    write_private(folder / "mysql.unfinished" / "ibdata1", "half a file")
    server = MariaDB("mysql", folder / "mysql", free_port(), folder / "log", programs=mariadb_programs, password="p")
    try:
        server.start()
        assert sorted(path.name for path in folder.iterdir()) == [".mysql-setup.sql", "log", "mysql"]
    finally:
        server.kill()
        shutil.rmtree(folder)


def test_databases_of_tests_are_empty_and_apart(database_url: str, database_server: MariaDB) -> None:
    assert database_url.startswith("mysql://lukseun:")
    assert database_url != database_server.url
    name = database_url.rpartition("/")[2]
    with database_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s", (name,))
        assert cursor.fetchone() == (0,)


def test_nats_has_jetstream(nats_server: Nats) -> None:
    assert (nats_server.data / "jetstream").is_dir()


def test_an_installed_mariadb_is_found_and_nothing_is_said(
    tmp_path: Path, mariadb_programs: MariaDBPrograms
) -> None:
    said: list[str] = []
    if find(tmp_path / "nothing") is None:
        pytest.skip("MariaDB is not installed on this machine, only unpacked")
    assert find_or_install(tmp_path / "nothing", tmp_path / "log", said.append) == find(tmp_path / "nothing")
    assert said == []


def test_without_any_way_to_get_it_people_are_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.local.mariadb_install.USUAL_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MariaDBMissingError, match=r"apt-get install mariadb-server-core.*--mysql-url"):
        find_or_install(tmp_path / "mariadb", tmp_path / "log", print)
    assert how_to_help("a reason").startswith("MariaDB is needed and could not be got: a reason\n")


def test_mariadb_runs_from_a_folder_where_it_was_unpacked(tmp_path: Path) -> None:
    """What happens on a machine without MariaDB for a user without rights."""
    if not shutil.which("apt-get"):
        pytest.skip("needs apt-get")
    said: list[str] = []
    try:
        programs = unpack(tmp_path / "mariadb", tmp_path / "log", said.append)
    except AptError as error:
        pytest.skip(f"no packages to be had here: {error}")
    assert "downloading and unpacking" in said[0]
    assert programs.prefix == tmp_path / "mariadb"
    server = MariaDB("mysql", tmp_path / "mysql", free_port(), tmp_path / "mysql.log", programs=programs, password="p")
    try:
        server.start()
        assert str(tmp_path) in Path(f"/proc/{server.pid}/exe").readlink().as_posix()
        assert server.stop(20)
    finally:
        server.kill()
        for folder in ("mariadb", "mysql"):
            shutil.rmtree(tmp_path / folder)
