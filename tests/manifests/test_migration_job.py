"""The Job of the migrations can always be applied: another Job has another name, whatever the images are called."""

import json
import re
from pathlib import Path

import pytest

from tests.manifests.support import rendering
from tests.manifests.support.objects import Objects
from tests.manifests.support.rendering import Object

LEGAL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
NEW_TAG = "newTag: 0.1.0"
DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture(params=rendering.OVERLAYS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An overlay of a copy, with its secrets."""
    tree = rendering.copy(tmp_path)
    rendering.make_secrets(tree, request.param, *rendering.OUTSIDE)
    return tree / "overlays" / str(request.param)


def job(folder: Path) -> Object:
    (found,) = Objects(rendering.render(folder.parent.parent, folder.name)).of_kind("Job")
    assert LEGAL.fullmatch(found["metadata"]["name"]), found["metadata"]["name"]
    return found


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def changed_secret(folder: Path) -> None:
    change(folder / "secrets" / "mysql-migrate-url", ":3306", ":3307")


def registry_with_a_port(folder: Path) -> None:
    change(folder / "kustomization.yaml", "newName: registry.cn-hangzhou.aliyuncs.com", "newName: 10.1.2.3:5000")


def tag_that_is_no_name(folder: Path) -> None:
    change(folder / "kustomization.yaml", NEW_TAG, 'newTag: "1.0_RC1"')


def digest(folder: Path) -> None:
    change(folder / "kustomization.yaml", NEW_TAG, f"digest: {DIGEST}")


def changed_job(folder: Path) -> None:
    change(folder.parent.parent / "base" / "migrate" / "job.yaml", "memory: 128Mi", "memory: 256Mi")


@pytest.mark.parametrize("difference", [changed_secret, registry_with_a_port, tag_that_is_no_name, digest, changed_job])
def test_another_job_has_another_name_and_the_same_one_keeps_it(folder: Path, difference: object) -> None:
    before = job(folder)
    assert job(folder) == before
    assert callable(difference)
    difference(folder)
    after = job(folder)
    assert json.dumps(before["spec"]["template"]) != json.dumps(after["spec"]["template"])
    assert before["metadata"]["name"] != after["metadata"]["name"]


def test_it_sees_its_secret_and_nothing_else_of_what_names_it(overlay: Objects) -> None:
    (found,) = overlay.of_kind("Job")
    (volume,) = found["spec"]["template"]["spec"]["volumes"]
    assert volume["secret"]["secretName"] == found["metadata"]["name"]
    assert volume["secret"]["items"] == [{"key": "mysql-url", "path": "mysql-url"}]
