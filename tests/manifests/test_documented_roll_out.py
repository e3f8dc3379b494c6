"""The commands for the first roll-out work as they stand, in their order, and so do those for mirrors."""

import re
import subprocess
from pathlib import Path

import pytest

from apps.local.processes import ROOT
from tests.manifests.support import rendering
from tests.manifests.support.dockerfiles import programs
from tests.manifests.support.documented import Operator, commands, section
from tests.manifests.support.objects import Objects, containers

ACCOUNT = {"REGISTRY_USER": "builder", "REGISTRY_PASSWORD": "p4ssword"}
REGISTRY = "registry.cn-hangzhou.aliyuncs.com/lukseun/"


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    operator = Operator(tmp_path)
    operator.stand_in("docker", "kubectl", "make")
    return operator


def each_image(objects: Objects) -> set[str]:
    return {item["image"] for workload in objects.workloads() for item in containers(workload)}


def filled_in(block: str, operator: Operator) -> str:
    """Return commands with values where a reader has to put some."""
    return block.replace("PASSWORD@HOST", "p4ssword@db.example.invalid").replace("/tmp/", f"{operator.root}/")


def assert_order(calls: list[str], *beginnings: str) -> None:
    """Check that calls with these beginnings come in this order."""
    places = [next(number for number, call in enumerate(calls) if call.startswith(beginning))
              for beginning in beginnings]
    assert places == sorted(places), calls


def test_the_readme_leads_from_a_clone_to_both_installations(operator: Operator) -> None:
    for block in commands(section("README.md", "Deploy")):
        operator.play(filled_in(block, operator))
    assert_order(operator.calls, "docker login", f"make images REGISTRY={REGISTRY[:-1]} TAG=0.1.0")
    for overlay, namespace in (("staging", "lukseun-staging"), ("production", "lukseun")):
        assert_order(operator.calls, f"kubectl apply -f kustomize/overlays/{overlay}/namespace.yaml",
                     f"kubectl -n {namespace} create secret docker-registry registry",
                     f"kubectl apply -k kustomize/overlays/{overlay}", f"kubectl -n {namespace} rollout status")
        rendered = Objects(rendering.render(operator.tree, overlay))
        assert rendered.of_kind("Namespace")[0]["metadata"]["name"] == namespace
        assert {image.rpartition(":")[2] for image in each_image(rendered) if image.startswith(REGISTRY)} == {"0.1.0"}


def test_the_steps_of_the_manual_can_be_done_one_after_the_other(operator: Operator) -> None:
    for block in commands(section("docs/operations.md", "Steps")):
        if not re.search(r"CREATE USER|apps\.client", block):
            operator.play(filled_in(block, operator))
    assert_order(operator.calls, "docker login", "make images", "kubectl apply -f kustomize/overlays/production/names",
                 "kubectl -n lukseun create secret docker-registry registry", "kubectl kustomize", "kubectl diff -k",
                 "kubectl apply -k kustomize/overlays/production", "kubectl -n lukseun rollout status")


def test_documents_name_a_python_that_is_there() -> None:
    for document in ("README.md", "docs/operations.md", "docs/capacity.md", "kustomize/README.md"):
        for block in commands((ROOT / document).read_text("utf-8")):
            assert not re.search(r"^\s*python ", block, re.MULTILINE), f"{document}: {block}"


def test_mirrors_leave_nothing_to_fetch_elsewhere(operator: Operator) -> None:
    rendering.make_secrets(operator.tree, "production", *rendering.OUTSIDE)
    for block in commands(section("docs/operations.md", "Mirrors of the backends")):
        operator.play(block)
    rendered = Objects(rendering.render(operator.tree, "production"))
    copied = mirrored(operator)
    ours = {f"{REGISTRY}{name}:0.1.0" for name in programs()}
    assert each_image(rendered) - ours
    assert each_image(rendered) - ours <= copied
    (base,) = re.findall(r"PYTHON_IMAGE=(\S+)", " ".join(operator.calls))
    assert base in copied


def mirrored(operator: Operator) -> set[str]:
    """Return what ``make mirror`` pushes."""
    engine = operator.tool("docker")
    subprocess.run(["make", "mirror", f"ENGINE={engine}"], cwd=ROOT, check=True, capture_output=True, timeout=60)
    calls = [call.split() for call in operator.calls]
    pulled = {words[2] for words in calls if words[:2] == ["docker", "pull"]}
    pushed = {words[2] for words in calls if words[:2] == ["docker", "push"]}
    assert pushed == {f"{REGISTRY}{image}" for image in pulled}
    return pushed


def test_every_image_of_a_backend_is_mirrored(operator: Operator, overlay: Objects) -> None:
    foreign = {image for image in each_image(overlay) if "lukseun/" not in image}
    assert {f"{REGISTRY}{image}" for image in foreign} <= mirrored(operator)
