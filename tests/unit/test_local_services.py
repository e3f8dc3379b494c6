"""The command lines of the services: every option is known to its service, no secret is on them."""

import importlib
from pathlib import Path

import pytest

from apps.local import services
from apps.local.ports import Ports
from apps.local.settings import LocalSettings
from common.options import parse

URLS = {"nats": "nats://127.0.0.1:1", "redis": "redis://127.0.0.1:2/0",
        "mysql": "mysql://lukseun:a-password@127.0.0.1:3/lukseun"}
APPS = [kind.app for kind in services.KINDS]


@pytest.fixture
def context(tmp_path: Path) -> services.Context:
    settings = LocalSettings(workers=3, auths=2, base_port=20_000, tls_cert="c.pem", tls_key="k.pem")
    (tmp_path / "jwt.key").write_text("a key of tests that is long enough for anybody")
    return services.Context(settings, services.places(settings, Ports(20_000)), URLS, tmp_path, {"PATH": "/bin"})


def named(context: services.Context, name: str) -> services.Service:
    return next(service for service in services.make(context) if service.name == name)


@pytest.mark.parametrize("app", APPS)
def test_a_service_knows_all_its_options(context: services.Context, app: str) -> None:
    service = named(context, f"{app}-0")
    settings_class = getattr(importlib.import_module(f"apps.{app}.settings"), f"{app.capitalize()}Settings")
    settings = parse(settings_class, app, service.command()[3:], service._environment or {})
    assert settings.log_format == "text"
    for name, value in service._options.items():
        assert hasattr(settings, name) or name == "jwt_key_file", f"{name}={value}"


def test_the_addresses_of_all_replicas_are_given(context: services.Context) -> None:
    assert "--auth-url=http://127.0.0.1:20040,http://127.0.0.1:20041" in named(context, "worker-2").command()


def test_services_are_reached_where_something_lies_in_between(tmp_path: Path) -> None:
    settings = LocalSettings(base_port=20_000, peer_host="127.0.0.2")
    between = services.Context(settings, services.places(settings, Ports(20_000)), URLS, tmp_path, {"PATH": "/bin"})
    assert "--mail-url=http://127.0.0.2:20060" in named(between, "worker-0").command()
    assert "--auth-url=http://127.0.0.2:20040" in named(between, "edge-0").command()
    assert {"--host=127.0.0.1", "--advertise-host=127.0.0.2"} <= set(named(between, "gate-0").command())


def test_replicas_differ_in_name_port_and_log(context: services.Context) -> None:
    workers = [service for service in services.make(context) if service.kind == "worker"]
    assert [worker.name for worker in workers] == ["worker-0", "worker-1", "worker-2"]
    assert len({worker.ops for worker in workers}) == len({worker.log_file for worker in workers}) == 3


def test_a_password_is_in_the_environment_of_those_who_need_it_only(context: services.Context) -> None:
    everything = [*services.make(context), services.migration(context)]
    assert all("a-password" not in " ".join(unit.command()) for unit in everything)
    knowing = {unit.name for unit in everything if "a-password" in str(unit._environment)}
    assert knowing == {"migrate", "worker-0", "worker-1", "worker-2"}


def test_tls_files_reach_what_faces_clients(context: services.Context) -> None:
    with_tls = {service.name for service in services.make(context) if any("--tls-key" in w for w in service.command())}
    assert with_tls == {"gate-0", "edge-0"}
    assert f"--tls-cert={Path('c.pem').resolve()}" in named(context, "gate-0").command()


def test_what_faces_clients_stops_first_and_http_services_last(context: services.Context) -> None:
    kinds = [service.kind for service in sorted(services.make(context), key=lambda service: service.stage)]
    assert set(kinds[:2]) == {"gate", "edge"}
    assert kinds[2:5] == ["worker"] * 3
    assert set(kinds[5:]) == {"auth", "config", "mail", "chatlog"}
