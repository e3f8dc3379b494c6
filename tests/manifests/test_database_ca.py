"""The component with a database's own authority, put into production as the manual says."""

import re
from pathlib import Path

import yaml

from apps.local.processes import ROOT
from tests.manifests.support import rendering
from tests.manifests.support.documented import section
from tests.manifests.support.objects import Objects, containers, pod_of


def test_the_file_is_where_the_documented_url_names_it(tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path)
    told = section("docs/operations.md", "A certificate authority of one's own")
    (file,) = set(re.findall(r"\?ca=([\w/.]+)", told))
    url = f"mysqls://game:secret-x@db.example.invalid:3306/lukseun?ca={file}"
    made = rendering.make_secrets(tree, "production", f"mysql-url={url}", f"mysql-migrate-url={url}")
    assert made.returncode == 0, made.stderr
    add(tree / "overlays" / "production", told)
    rendered = Objects(rendering.render(tree, "production"))
    for app in ("worker", "migrate"):
        workload = rendered.workload(app)
        volumes = {volume["name"]: volume for volume in pod_of(workload)["spec"]["volumes"]}
        for container in containers(workload):
            mount = next(one for one in container["volumeMounts"] if file.startswith(one["mountPath"] + "/"))
            files = rendered.files("ConfigMap", volumes[mount["name"]]["configMap"]["name"])
            assert files == {file.rpartition("/")[2]: b"an authority"}


def add(overlay: Path, told: str) -> None:
    """Do what the manual says."""
    (overlay / "ca.pem").write_text("an authority")
    (block,) = re.findall(r"```yaml\n(.*?)```", told, re.DOTALL)
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text("utf-8"))
    for key, values in yaml.safe_load(block).items():
        kustomization[key] += values
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    assert (ROOT / "kustomize" / "components" / "database-ca").is_dir()
