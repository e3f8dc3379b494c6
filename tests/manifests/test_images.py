"""The Dockerfiles follow the rules, and copy only what their program needs."""

import json
import subprocess

import pytest

from apps.local.processes import ROOT
from common.http_service import HttpServiceSettings
from common.options import describe
from tests.manifests.support.dockerfiles import FOLDER, Dockerfile, programs
from tests.manifests.support.imports import locked, packages
from tests.manifests.support.objects import SERVICES
from tests.manifests.support.rendering import program
from tests.manifests.support.settings import read, settings_class

HTTP = {"auth", "config", "mail"}

each_program = pytest.mark.parametrize("dockerfile", [Dockerfile(name) for name in programs()],
                                       ids=lambda file: file.program)


def test_each_program_has_a_dockerfile() -> None:
    assert set(programs()) == {*SERVICES, "migrate"}


def test_hadolint_finds_nothing() -> None:
    files = sorted(str(path) for path in FOLDER.iterdir())
    done = subprocess.run([program("hadolint"), "--no-color", *files], capture_output=True, text=True, timeout=60,
                          check=False)
    assert (done.returncode, done.stdout) == (0, "")


@each_program
def test_it_copies_its_program_and_nothing_of_another(dockerfile: Dockerfile) -> None:
    name = dockerfile.program
    needed = {"common", "apps/__init__.py", f"apps/{name}", f"requirements/{name}.txt"}
    needed |= {info.default for info in describe(settings_class(name)) if str(info.default).startswith("conf/")}
    if name in HTTP:
        needed.add("conf/gunicorn.py")
    assert dockerfile.copied == needed
    assert all((ROOT / path).exists() for path in needed)


@each_program
def test_its_packages_are_those_that_its_code_imports(dockerfile: Dockerfile) -> None:
    imported = packages(dockerfile.program)
    assert "gevent" in imported or dockerfile.program == "migrate"
    assert imported <= locked(dockerfile.program)


@each_program
def test_packages_are_hashed_wheels_and_come_before_the_code(dockerfile: Dockerfile) -> None:
    (build, final) = dockerfile.stages
    (install,) = (number for number, (_, rest) in enumerate(build) if "pip" in rest and "install" in rest)
    assert {"--require-hashes", "--only-binary", "--no-cache-dir"} <= set(build[install][1].split())
    assert [rest.split()[0] for word, rest in build[:install] if word == "COPY"] == [
        f"requirements/{dockerfile.program}.txt"]
    assert [word for word, _ in final if word in ("RUN", "ADD")] == []
    copies = [rest.split()[-1] for rest in dockerfile.all("COPY")]
    assert copies[0] == "/venv"
    assert copies[-1] == "/app"


@each_program
def test_it_runs_without_a_shell_and_without_rights(dockerfile: Dockerfile) -> None:
    assert dockerfile.entry_point == ["python", "-m", f"apps.{dockerfile.program}"]
    assert dockerfile.one("STOPSIGNAL") == "SIGTERM"
    user, _, group = dockerfile.one("USER").partition(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    check = dockerfile.one("HEALTHCHECK")
    if dockerfile.program == "migrate":
        assert check == "NONE"
    else:
        assert json.loads(check.partition("CMD")[2])[:2] == ["python", "-c"]


@each_program
def test_its_ports_and_environment_are_those_of_its_options(dockerfile: Dockerfile) -> None:
    name = dockerfile.program
    ours = {key: value for key, value in dockerfile.environment.items() if not key.startswith(("PATH", "PYTHON"))}
    settings = read(name, ours)
    known = {field.upper() for field in vars(settings)}
    assert set(ours) <= known
    ports = {value for field, value in vars(settings).items() if field in ("port", "client_port", "worker_port",
                                                                          "ops_port")}
    assert dockerfile.exposed == ports
    if name == "migrate":
        return
    assert settings.host == "0.0.0.0"
    http = issubclass(settings_class(name), HttpServiceSettings)
    assert dockerfile.checked_port == (settings.port if http else settings.ops_port)


@each_program
def test_labels_tell_what_it_is(dockerfile: Dockerfile) -> None:
    labels = " ".join(dockerfile.all("LABEL"))
    for label in ("title", "description", "version", "revision", "base.name"):
        assert f"org.opencontainers.image.{label}=" in labels
    assert f'title="lukseun/{dockerfile.program}"' in labels


def test_all_are_built_on_one_pinned_image() -> None:
    firsts = {Dockerfile(name).instructions[0] for name in programs()}
    assert firsts == {("ARG", "PYTHON_IMAGE=python:3.11.14-slim-bookworm")}
    assert {rest for name in programs() for stage in Dockerfile(name).stages for _, rest in stage[:1]} == {
        "${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"}


def test_the_context_of_a_build_holds_no_secret_and_no_tool() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {line[1:] for line in rules if line.startswith("!")}
    needed = {path for name in programs() for path in Dockerfile(name).copied}
    assert {path.partition("/")[0] for path in needed} == {path.partition("/")[0] for path in allowed}
