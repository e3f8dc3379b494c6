"""The rendered overlays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.local.backends import MariaDB
from tests.manifests.support import rendering
from tests.manifests.support.objects import Objects
from tests.support import backend_servers


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the kustomizations, with secrets made for this run."""
    tree = rendering.copy(tmp_path_factory.mktemp("manifests"))
    assert rendering.make_secrets(tree, "staging").returncode == 0
    assert rendering.make_secrets(tree, "production", *rendering.OUTSIDE).returncode == 0
    return tree


@pytest.fixture(scope="session")
def staging(tree: Path) -> Objects:
    """What the staging overlay renders to."""
    return Objects(rendering.render(tree, "staging"))


@pytest.fixture(scope="session")
def production(tree: Path) -> Objects:
    """What the production overlay renders to."""
    return Objects(rendering.render(tree, "production"))


@pytest.fixture(params=rendering.OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Objects:
    """Each overlay in turn."""
    found: Objects = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def own_database_url(database_server: MariaDB) -> Iterator[str]:
    """The URL of an empty database for the tests of one file."""
    with backend_servers.empty_database(database_server, "lukseun_manifests") as url:
        yield url
