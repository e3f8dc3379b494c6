"""TLS to a database whose certificate an authority of one's own has signed."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from apps.local.backends import MariaDB
from apps.local.ports import free_port
from common.mysql_url import FORM, connection_options
from tests.support import backend_servers
from tests.support.certificates import write_self_signed


class TlsMariaDB(MariaDB):
    """A server that takes TLS."""

    certificate = key = Path()

    def command(self) -> list[str]:
        return [*super().command(), f"--ssl-cert={self.certificate}", f"--ssl-key={self.key}"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsMariaDB]:
    folder = tmp_path_factory.mktemp("tls")
    server = TlsMariaDB("mysql", folder / "data", free_port(), folder / "log",
                        programs=backend_servers.mariadb_programs(), password=backend_servers.PASSWORD)
    server.certificate, server.key = write_self_signed(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def cipher(url: str) -> str:
    """Return what a connection is encrypted with; empty when it is not."""
    options: dict[str, Any] = connection_options(url, 5, 5)
    with closing(pymysql.connect(**options)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        (row,) = cursor.fetchall()
        return str(row[1])


def encrypted(server: TlsMariaDB) -> str:
    return server.url.replace("mysql://", "mysqls://")


def test_the_authority_of_the_url_is_trusted(server: TlsMariaDB) -> None:
    assert cipher(f"{encrypted(server)}?ca={server.certificate}").startswith("TLS")
    assert cipher(server.url) == ""


def test_without_it_a_stranger_is_not_trusted(server: TlsMariaDB) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="certificate verify failed"):
        cipher(encrypted(server))


def test_a_file_that_is_not_there_is_no_reason_to_trust_everybody(server: TlsMariaDB) -> None:
    with pytest.raises(FileNotFoundError):
        cipher(f"{encrypted(server)}?ca=/nowhere/ca.pem")


@pytest.mark.parametrize("more", ["?ca=", "?ssl=false", "?ca=/a&ssl=false"])
def test_what_is_not_understood_is_refused(server: TlsMariaDB, more: str) -> None:
    with pytest.raises(ValueError, match=re.escape(FORM)):
        connection_options(encrypted(server) + more, 5, 5)
    with pytest.raises(ValueError, match="has the form"):
        connection_options(f"{server.url}?ca={server.certificate}", 5, 5)
