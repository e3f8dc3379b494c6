"""Renders the kustomizations as ``kubectl apply -k`` does."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from apps.local.processes import ROOT

KUSTOMIZE = ROOT / "kustomize"
OVERLAYS = ("production", "staging")
OUTSIDE = ("mysql-url=mysql://game:secret@db.example.invalid:3306/lukseun",
           "mysql-migrate-url=mysql://owner:secret@db.example.invalid:3306/lukseun")
SECONDS = 60.0

Object = dict[str, Any]
"""An object of Kubernetes as it stands in YAML."""


def program(name: str) -> str:
    """Return a program that a package put beside the Python of the virtual environment."""
    return str(Path(sys.executable).parent / name)


def copy(folder: Path) -> Path:
    """Copy the kustomizations, without anybody's secrets, and return where they are."""
    tree = folder / "kustomize"
    shutil.copytree(KUSTOMIZE, tree, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
    return tree


def make_secrets(tree: Path, overlay: str, *given: str) -> "subprocess.CompletedProcess[str]":
    """Run make_secrets.py of a copy."""
    command = [sys.executable, str(tree / "make_secrets.py"), overlay, *given]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def kubectl(tree: Path, overlay: str) -> "subprocess.CompletedProcess[str]":
    """Run ``kubectl kustomize`` on an overlay of a copy."""
    command = [program("kubectl"), "kustomize", str(tree / "overlays" / overlay)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def render(tree: Path, overlay: str) -> list[Object]:
    """Return the objects of an overlay, whose secrets have to be there."""
    done = kubectl(tree, overlay)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))
