"""The database of staging is run from its manifest: arguments, environment, probes, end."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from apps.migrate import migrations
from apps.migrate.settings import MigrateSettings
from common.mysql_url import connection_options
from tests.manifests.support.container import Container
from tests.manifests.support.kubelet import end_pod
from tests.manifests.support.local_pods import LocalPods, running
from tests.manifests.support.objects import Objects
from tests.support.waiting import wait_for

SECONDS = 60.0


@pytest.fixture
def server(staging: Objects, tmp_path: Path) -> Iterator[Container]:
    """The only container of the only pod, ready."""
    with running(LocalPods(staging, tmp_path), "mysql") as (container,):
        wait_for(lambda: container.passes("startupProbe") and container.passes("readinessProbe"), SECONDS,
                 f"the database, see {container.log_file}")
        yield container


def connect(staging: Objects, server: Container, name: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """Connect as a program does that has this Secret."""
    (secret,) = (item["metadata"]["name"] for item in staging.of_kind("Secret")
                 if item["metadata"]["name"].startswith(name))
    url = staging.files("Secret", secret)["mysql-url"].decode()
    options: dict[str, Any] = connection_options(url.replace("@mysql:", f"@{server.pod.address}:"), 5, 60)
    return pymysql.connect(**options)


def test_it_serves_those_who_have_its_secrets_and_keeps_what_they_write(staging: Objects, server: Container) -> None:
    with closing(connect(staging, server, "migrate")) as connection:
        applied = migrations.apply(connection, migrations.read(Path(MigrateSettings().migrations)))
    assert applied
    with closing(connect(staging, server, "worker-secrets")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_server, @@max_connections, @@skip_name_resolve")
        assert cursor.fetchone() == ("utf8mb4", 300, 1)
        cursor.execute("CREATE TABLE kept (what VARCHAR(20))")
    assert end_pod([server]) == []
    assert not server.passes("readinessProbe")
    server.spawn()
    wait_for(lambda: server.passes("readinessProbe"), SECONDS, f"the database again, see {server.log_file}")
    with closing(connect(staging, server, "worker-secrets")) as connection, connection.cursor() as cursor:
        assert cursor.execute("SHOW TABLES LIKE 'kept'") == 1
