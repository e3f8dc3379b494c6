"""docs/operations.md knows every metric and every alert, and no others."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
WATCHED, ALERTS = PAGE.partition("\n## When an alert fires")[::2]
METRIC = re.compile(r'\b(?:Counter|Gauge|Histogram)\(\s*"([a-z_]+)"')


def test_every_metric_is_explained() -> None:
    sources = [*(ROOT / "apps").rglob("*.py"), *(ROOT / "common").rglob("*.py")]
    metrics = {name for path in sources for name in METRIC.findall(path.read_text("utf-8"))}
    told = WATCHED.partition("\n## What to watch")[2]
    assert metrics == set(re.findall(r"`([a-z]+_[a-z_]+)(?:\{[^`]*\})?`", told))


def test_every_alert_says_what_to_do() -> None:
    files = [yaml.safe_load(path.read_text("utf-8"))
             for path in (ROOT / "kustomize" / "components" / "monitoring").glob("alerts*.yaml")]
    alerts = {rule["alert"] for rules in files for group in rules["spec"]["groups"] for rule in group["rules"]}
    cells = re.findall(r"^\| ([A-Z][A-Za-z, ]+?)(?: \(critical\))? \|", ALERTS, re.MULTILINE)
    assert alerts == {name for cell in cells for name in cell.split(", ")}


def test_files_and_programs_that_it_names_exist() -> None:
    for program in re.findall(r"python -m ((?:apps|operations)[a-z_.]*)", PAGE):
        path = ROOT / program.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), program
    for path in re.findall(r"\b(?:kustomize|conf|tests)/[A-Za-z0-9_./-]+\.(?:yaml|py|json|env)\b", PAGE):
        assert (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:`|^ *)make ([a-z-]+)", PAGE, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
