"""Each pod: its options, ports, probes, limits, rights and its end."""

import dataclasses
import re
from pathlib import PurePosixPath
from typing import Any

import pytest

from apps.mail.settings import check as check_mail
from common.http_service import HttpServiceSettings
from common.nats.chat_stream import chat_stream, log_stream, report_stream
from common.process_settings import ChatMuteSettings, ChatReportSettings, ChatStreamSettings, NameSettings
from tests.manifests.support.objects import (
    NAME,
    SERVICES,
    Objects,
    app_of,
    containers,
    pod_of,
    ports,
    program_of,
)
from tests.manifests.support.rendering import Object
from tests.manifests.support.settings import options, read, settings_class

FIELDS = {"status.podIP": "10.1.2.3", "metadata.name": "pod-0"}
MARGIN_SECONDS = 5
REQUIRED = {"auth": {"JWT_KEY_FILE", "REDIS_URL", "REDIS_PASSWORD_FILE"}, "chatlog": {"LOG_DIR", "NATS_URL"},
            "config": {"GAME_DATA"},
            "edge": {"AUTH_URL", "NATS_URL"},
            "gate": {"ADVERTISE_HOST", "NATS_URL", "REDIS_PASSWORD_FILE", "REDIS_URL"},
            "mail": {"MAIL_ROOT"}, "migrate": {"MYSQL_URL_FILE"},
            "worker": {"AUTH_URL", "CONFIG_URL", "MAIL_URL", "MYSQL_URL_FILE", "NATS_URL", "REDIS_PASSWORD_FILE",
                       "REDIS_URL"}}
"""Options without a default that would do in a cluster."""
PORTS = {"gate": {"game": "client_port", "worker": "worker_port", "ops": "ops_port"},
         "edge": {"chat": "client_port", "ops": "ops_port"}, "worker": {"ops": "ops_port"},
         "chatlog": {"ops": "ops_port"}}
"""Name of a port -> its option; the others have one port, http."""
TAKE_BY_THEMSELVES = {"chatlog", "worker"}
"""Nobody is led to these, so nobody has to be led away before they end."""

each_service = pytest.mark.parametrize("service", SERVICES)


def ours(objects: Objects) -> list[Object]:
    return [item for workload in objects.workloads() for item in containers(workload) if program_of(item)]


def main_container(objects: Objects, service: str) -> Object:
    found: Object = pod_of(objects.workload(service))["spec"]["containers"][0]
    return found


def without_files(environment: dict[str, str]) -> dict[str, str]:
    """The files of secrets are only there in the pod."""
    return {name: value for name, value in environment.items() if not name.endswith("_FILE")}


def test_options_exist_and_required_ones_are_set(overlay: Objects) -> None:
    for container in ours(overlay):
        program, environment = program_of(container), overlay.environment(container, FIELDS)
        used_by_others = {name for entry in container.get("env", ()) for name in re.findall(r"\$\((\w+)\)",
                                                                                            entry.get("value", ""))}
        assert set(environment) - used_by_others <= set(options(program)), program
        assert REQUIRED[program] <= set(environment), program
        read(program, without_files(environment))
        assert "args" not in container
        assert "command" not in container


@each_service
def test_it_listens_on_all_addresses_at_the_ports_that_the_pod_names(overlay: Objects, service: str) -> None:
    container = main_container(overlay, service)
    settings = read(service, without_files(overlay.environment(container, FIELDS)))
    assert settings.host == "0.0.0.0"
    names = PORTS.get(service, {"http": "port"})
    assert ports(container) == {name: getattr(settings, option) for name, option in names.items()}


@each_service
def test_probes_and_metrics_use_the_port_of_the_operations_pages(overlay: Objects, service: str) -> None:
    container = main_container(overlay, service)
    port = "http" if issubclass(settings_class(service), HttpServiceSettings) else "ops"
    paths = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert paths == {"startup": {"path": "/livez", "port": port}, "liveness": {"path": "/livez", "port": port},
                     "readiness": {"path": "/readyz", "port": port}}
    marked = [item for item in overlay.of_kind("Service") if item["spec"]["selector"][NAME] == service
              and "lukseun.com/metrics" in item["metadata"].get("labels", {})]
    assert [item["metadata"]["labels"]["lukseun.com/metrics"] for item in marked] == [port]
    assert port in {entry["name"] for entry in marked[0]["spec"]["ports"]}


@each_service
def test_addresses_of_others_are_services_with_that_port(overlay: Objects, service: str) -> None:
    environment = overlay.environment(main_container(overlay, service), FIELDS)
    offered = {(item["metadata"]["name"], port["port"]) for item in overlay.of_kind("Service")
               for port in item["spec"]["ports"]}
    for name, value in environment.items():
        for host, port in re.findall(r"(?://|@)([a-z][a-z0-9.-]*):(\d+)(?:/|,|$)", value):
            assert (host, int(port)) in offered, name


@each_service
def test_its_end_has_the_time_that_it_needs(overlay: Objects, service: str) -> None:
    container = main_container(overlay, service)
    settings = read(service, without_files(overlay.environment(container, FIELDS)))
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    grace = pod_of(overlay.workload(service))["spec"]["terminationGracePeriodSeconds"]
    assert grace >= before + settings.stop_seconds + MARGIN_SECONDS
    assert (before > 0) == (service not in TAKE_BY_THEMSELVES)
    assert settings.stop_seconds > seconds_of_work_left(service, settings)


def seconds_of_work_left(service: str, settings: Any) -> float:
    """The longest that a stop waits for work that was taken, by the limits in the code."""
    if service == "gate":
        return float(settings.drain_seconds + settings.answer_seconds + settings.send_seconds)
    if service == "edge":
        return float(2 * settings.close_seconds + 1)
    return float(2 * settings.job_seconds) if service == "worker" else 1.0


def test_nothing_has_more_rights_than_it_needs(overlay: Objects) -> None:
    for workload in overlay.workloads():
        spec = pod_of(workload)["spec"]
        rights = spec["securityContext"]
        assert rights["runAsNonRoot"] is True
        assert rights["runAsUser"] > 0
        assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        account = overlay.get("ServiceAccount", spec["serviceAccountName"])
        assert account["automountServiceAccountToken"] is False
        for container in containers(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def test_everything_has_requests_and_limits(overlay: Objects) -> None:
    for workload in overlay.workloads():
        for container in containers(workload):
            for side in ("requests", "limits"):
                assert set(container["resources"][side]) == {"cpu", "memory"}, container["name"]


def test_each_kept_pod_may_be_moved_but_not_all_at_once(overlay: Objects) -> None:
    budgets = {item["metadata"]["name"]: item["spec"] for item in overlay.of_kind("PodDisruptionBudget")}
    kept = {app_of(workload) for workload in overlay.of_kind("Deployment", "StatefulSet")}
    assert set(budgets) == kept
    for name, spec in budgets.items():
        assert spec["selector"]["matchLabels"] == {NAME: name}
        assert spec["maxUnavailable"] == 1


def test_what_is_written_is_a_volume(overlay: Objects) -> None:
    for workload in overlay.workloads():
        for container in containers(workload):
            mounts = {PurePosixPath(mount["mountPath"]): mount for mount in container.get("volumeMounts", ())}
            assert {mount["name"] for mount in mounts.values()} <= {
                *(volume["name"] for volume in pod_of(workload)["spec"].get("volumes", ())),
                *(claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ()))}
            environment = overlay.environment(container, FIELDS)
            for name in ("CONFIG_COPY", "CODE_FILE", "LOG_DIR", "MAIL_ROOT"):
                if name in environment:
                    path = PurePosixPath(environment[name])
                    holder = next(mounts[folder] for folder in (path, *path.parents) if folder in mounts)
                    assert not holder.get("readOnly")
    for service in ("auth", "config", "mail"):
        assert "/tmp" in {mount["mountPath"] for mount in main_container(overlay, service)["volumeMounts"]}


def test_files_of_secrets_are_mounted_and_exist(overlay: Objects) -> None:
    for workload in overlay.workloads():
        volumes = {volume["name"]: volume for volume in pod_of(workload)["spec"].get("volumes", ())}
        for container in containers(workload):
            files = {str(PurePosixPath(mount["mountPath"]) / key)
                     for mount in container.get("volumeMounts", ()) if "secret" in volumes.get(mount["name"], {})
                     for key in keys_of_secret(overlay, volumes[mount["name"]]["secret"]["secretName"])}
            environment = overlay.environment(container, FIELDS)
            assert {value for name, value in environment.items() if name.endswith("_FILE")
                    and name != "CODE_FILE"} <= files


def keys_of_secret(objects: Objects, name: str) -> set[str]:
    made_by_cert_manager = {item["spec"]["secretName"] for item in objects.of_kind("Certificate")}
    return {"tls.crt", "tls.key"} if name in made_by_cert_manager else set(objects.files("Secret", name))


def test_no_configuration_holds_a_secret(overlay: Objects) -> None:
    secret = {value.decode() for item in overlay.of_kind("Secret")
              for value in overlay.files("Secret", item["metadata"]["name"]).values()}
    secret_options = {info.variable for program in (*SERVICES, "migrate") for info in options(program).values()
                      if info.secret}
    assert len(secret) >= 5
    shown = [item for item in overlay.all if item["kind"] != "Secret"]
    assert not [item["metadata"] for item in shown for value in secret if value in str(item)]
    for item in overlay.of_kind("ConfigMap"):
        assert not set(item["data"]) & secret_options
    for container in ours(overlay):
        plain = {entry["name"] for entry in container.get("env", ()) if "value" in entry}
        assert not plain & secret_options


@pytest.mark.parametrize(("service", "name"), [("mail", "mail"), ("chatlog", "chat-log")])
def test_pods_that_share_files_share_a_volume(overlay: Objects, service: str, name: str) -> None:
    claim = overlay.get("PersistentVolumeClaim", name)
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    used = {volume["persistentVolumeClaim"]["claimName"] for volume in pod_of(overlay.workload(service))["spec"][
        "volumes"] if "persistentVolumeClaim" in volume}
    assert used == {name}


def test_the_options_of_mail_fit_together(overlay: Objects) -> None:
    check_mail(read("mail", overlay.environment(main_container(overlay, "mail"), FIELDS)))


@pytest.mark.parametrize("shared", [ChatStreamSettings, ChatReportSettings, ChatMuteSettings, NameSettings])
def test_all_that_share_a_subject_or_a_stream_of_the_chat_agree_on_it(overlay: Objects, shared: type[Any]) -> None:
    found = [read(service, without_files(overlay.environment(main_container(overlay, service), FIELDS)))
             for service in SERVICES if issubclass(settings_class(service), shared)]
    fields = [field.name for field in dataclasses.fields(shared)]
    assert len(found) > 1
    assert len({tuple(getattr(settings, name) for name in fields) for settings in found}) == 1


def test_every_nats_server_has_the_streams_of_the_chat(overlay: Objects) -> None:
    edge = read("edge", without_files(overlay.environment(main_container(overlay, "edge"), FIELDS)))
    assert edge.chat_stream_replicas == overlay.workload("nats")["spec"]["replicas"]


def test_the_streams_of_the_chat_fit_into_nats_and_nats_into_its_volume(overlay: Objects) -> None:
    settings = read("edge", without_files(overlay.environment(main_container(overlay, "edge"), FIELDS)))
    streams = (chat_stream(settings), log_stream(settings), report_stream(settings, 1))
    nats = overlay.workload("nats")
    (volume,) = (volume for volume in pod_of(nats)["spec"]["volumes"] if volume["name"] == "config")
    conf = overlay.files("ConfigMap", volume["configMap"]["name"])["nats.conf"].decode()
    (store,) = (int(size) for size in re.findall(r"max_file_store: (\d+)GB", conf))
    (claim,) = nats["spec"]["volumeClaimTemplates"]
    room = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi"))
    assert sum(stream.size for stream in streams) <= 0.9 * store * 1024**3, "others are small"
    assert store < room


def test_workers_wait_for_the_migration_that_the_job_does(overlay: Objects) -> None:
    (wait,) = pod_of(overlay.workload("worker"))["spec"]["initContainers"]
    (job,) = pod_of(overlay.workload("migrate"))["spec"]["containers"]
    assert wait["image"] == job["image"]
    assert overlay.environment(job, FIELDS)["MYSQL_URL_FILE"] == "/run/secrets/migrate/mysql-url"
    environment = overlay.environment(wait, FIELDS)
    assert (environment["WAIT_ONLY"], environment["MYSQL_URL_FILE"]) == ("true", "/run/secrets/worker/mysql-url")


def test_no_pod_of_workers_may_change_tables(overlay: Objects) -> None:
    volumes = pod_of(overlay.workload("worker"))["spec"]["volumes"]
    assert not [volume for volume in volumes if volume.get("secret", {}).get("secretName", "").startswith("migrate")]


def test_production_serves_clients_over_tls_with_mounted_certificates(production: Objects) -> None:
    for app in ("edge", "gate"):
        environment = production.environment(main_container(production, app), FIELDS)
        folder = "/run/secrets/tls"
        assert (environment["TLS_CERT"], environment["TLS_KEY"]) == (f"{folder}/tls.crt", f"{folder}/tls.key")
        mounted = {mount["mountPath"] for mount in main_container(production, app)["volumeMounts"]}
        assert folder in mounted


def test_production_offers_nothing_that_only_development_needs(production: Objects) -> None:
    settings = read("worker", without_files(production.environment(main_container(production, "worker"), FIELDS)))
    assert settings.debug_functions is False
    assert settings.code_sender != "file"
