"""The compose file starts the same programs with options that they have."""

from typing import Any

import yaml

from apps.local.processes import ROOT
from tests.manifests.support.dockerfiles import Dockerfile, programs
from tests.manifests.support.objects import Objects, containers
from tests.manifests.support.settings import options, read
from tests.manifests.test_pods import REQUIRED

BACKENDS = {"mysql", "nats", "redis"}
PASSWORDS = {"REDIS_PASSWORD_FILE"}
BY_ITSELF = {"ADVERTISE_HOST"}
"""A gate finds its own address where it has one network only."""


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


def test_it_has_every_program_and_every_backend() -> None:
    assert set(compose()["services"]) == {*programs(), *BACKENDS}


def test_options_exist_and_required_ones_are_set() -> None:
    services = compose()["services"]
    for program in programs():
        given = {**Dockerfile(program).environment, **services[program].get("environment", {})}
        ours = {name: value for name, value in given.items() if name != "PATH" and not name.startswith("PYTHON")}
        assert set(ours) <= set(options(program)), program
        assert REQUIRED[program] - PASSWORDS - BY_ITSELF - {"GAME_DATA"} <= set(ours), program
        read(program, {name: value for name, value in ours.items() if not name.endswith("_FILE")})


def test_programs_run_from_our_dockerfiles_with_no_more_rights_than_in_the_cluster() -> None:
    services = compose()["services"]
    for program in programs():
        service = services[program]
        assert service["build"] == {"context": ".", "dockerfile": f"Dockerfiles/{program}.Dockerfile"}
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_secrets_are_those_that_make_secrets_writes(staging: Objects, tree: Any) -> None:
    found = compose()
    files = {name: secret["file"] for name, secret in found["secrets"].items()}
    assert files == {name: f"kustomize/overlays/staging/secrets/{name}" for name in files}
    assert set(files) <= {path.name for path in (tree / "overlays" / "staging" / "secrets").iterdir()}
    for service in found["services"].values():
        used = {value.rpartition("/")[2] for name, value in service.get("environment", {}).items()
                if name.endswith("_FILE") and value.startswith("/run/secrets/")}
        assert used == set(service.get("secrets", ()))


def test_backends_have_the_versions_of_the_manifests(overlay: Objects) -> None:
    manifests = {item["image"] for workload in overlay.workloads() for item in containers(workload)}
    ours = {compose()["services"][name]["image"] for name in BACKENDS}
    foreign = {image for image in manifests if "lukseun/" not in image}
    assert foreign <= ours


def test_only_the_ports_of_clients_are_open() -> None:
    assert {port for service in compose()["services"].values() for port in service.get("ports", ())} == {
        "8880:8880", "9000:9000"}
