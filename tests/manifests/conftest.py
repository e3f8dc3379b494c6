"""The rendered overlays."""

from pathlib import Path

import pytest

from tests.manifests.support import rendering
from tests.manifests.support.objects import Objects


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
