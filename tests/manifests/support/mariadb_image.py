"""Does with its environment and arguments what MariaDB's image does, with the MariaDB of this machine.

``python mariadb_image.py DATA ADDRESS [OPTION...]``: makes the data folder at its first start, with the database and
the user that the variables MARIADB_* name, then becomes the server with the given options.
https://hub.docker.com/_/mariadb ("Environment Variables")
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import backend_servers


def main() -> None:
    data, address, options = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    programs = backend_servers.mariadb_programs()
    setup = data / "setup.sql"
    if not (data / "mysql").exists():
        made = programs.run(programs.install_db, {"datadir": data, "skip-test-db": None, "force": None})
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        setup.write_text(first_statements(os.environ))
    command = programs.run(programs.server, {"datadir": data, "bind-address": address, "init-file": setup,
                                             "socket": "server.sock", "pid-file": "server.pid"})
    os.execvp(command[0], [*command, *options])


def first_statements(environment: "os._Environ[str]") -> str:
    """Return what the image does before its server takes connections. Raises KeyError for a variable that it needs."""
    database, user = environment["MARIADB_DATABASE"], environment["MARIADB_USER"]
    password = Path(environment["MARIADB_PASSWORD_FILE"]).read_text("utf-8")
    assert environment.get("MARIADB_RANDOM_ROOT_PASSWORD"), "the image asks what becomes of root"
    return (f"CREATE DATABASE IF NOT EXISTS `{database}`;\n"
            f"CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL ON `{database}`.* TO '{user}'@'%';\n")


if __name__ == "__main__":
    main()
