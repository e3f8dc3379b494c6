"""Builds every Dockerfile without an engine and runs what comes out: ``make images-check``.

buildah builds with chroot isolation on a base image that debootstrap makes of this machine's Debian, because the real
one cannot be fetched everywhere. So sizes are told without the base. Needs root, buildah and debootstrap.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.local.processes import ROOT
from tests.manifests.support.dockerfiles import Dockerfile, programs

FOLDER = ROOT / ".run" / "images"
BASE = "localhost/lukseun-base"
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
MIRROR = "http://deb.debian.org/debian"
SECONDS = 900.0
MOST_BYTES = 50_000_000
"""What an image may add to its base."""
BINDS = ("/etc/ssl/certs", "/etc/pip.conf")
"""How this machine reaches the packages, if it has them."""
OPTIONS = {
    "auth": {"JWT_KEY": "k1:" + "not-a-secret-" * 4}, "gate": {"ADVERTISE_HOST": "127.0.0.1"},
    "migrate": {"MYSQL_URL": "mysql://user:none@127.0.0.1:3306/none", "WAIT_SECONDS": "0"},
    "worker": {"MYSQL_URL": "mysql://user:none@127.0.0.1:3306/none"},
}
WRITABLE = {"auth": ["/tmp"], "config": ["/tmp"], "mail": ["/tmp", "/mail"], "chatlog": ["/chat-log"]}


class CheckError(Exception):
    """An image is not as it should be."""


@dataclass(frozen=True)
class Image:
    """A built image and its mounted root file system."""

    program: str
    settings: dict[str, Any]
    root: Path


def main() -> int:
    missing = [name for name in ("buildah", "debootstrap", "unshare") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        sys.stderr.write(f"needs root, and these are missing: {' '.join(missing) or 'none'} (apt-get install)\n")
        return 1
    names = sys.argv[1:] or programs()
    make_base()
    failed = [name for name in names if not checked(name)]
    print(f"{len(names) - len(failed)} of {len(names)} images are good")
    return 1 if failed else 0


def checked(name: str) -> bool:
    """Build and check one image, and print what was found."""
    try:
        run("build", "--isolation", "chroot", "--format", "docker", "--layers", "--pull-never", "--build-arg",
            f"PYTHON_IMAGE={BASE}", *binds(), "--file", f"Dockerfiles/{name}.Dockerfile", "--tag",
            f"localhost/lukseun/{name}", str(ROOT))
        with mounted(name) as image:
            check_settings(image)
            size = check_content(image)
            outcome = check_start(image)
    except CheckError as error:
        print(f"{name:9} {error}")
        return False
    alive = f"alive after {outcome['seconds']} s with {outcome['kilobytes'] / 1024:.0f} MiB" if outcome["seconds"] \
        else "ended as it should"
    print(f"{name:9} adds {size / 1e6:.1f} MB to its base; {alive}")
    return True


def run(*words: str) -> str:
    """Run buildah and return what it printed. Raises CheckError."""
    command = ["buildah", "--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "running"),
               "--storage-driver", "overlay", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise CheckError(f"buildah {words[0]} failed: {done.stderr[-1500:]}")
    return done.stdout.strip()


def binds() -> list[str]:
    return [word for path in BINDS if Path(path).exists() for word in ("--volume", f"{path}:{path}:ro")]


def make_base() -> None:
    """Make the base image, once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if BASE in run("images", "--format", "{{.Name}}"):
        return
    tree = FOLDER / "base"
    shutil.rmtree(tree, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(tree), MIRROR]
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=SECONDS, check=True)
    container = run("from", "scratch")
    run("add", "--quiet", container, str(tree), "/")
    run("config", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
    run("commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(tree)


@contextmanager
def mounted(name: str) -> Iterator[Image]:
    """Mount the root file system of an image."""
    container = run("from", "--pull-never", f"localhost/lukseun/{name}")
    try:
        inspected = json.loads(run("inspect", "--type", "image", f"localhost/lukseun/{name}"))
        yield Image(name, inspected["Docker"]["config"], Path(run("mount", container)))
    finally:
        run("rm", container)


def require(fulfilled: object, otherwise: str) -> None:
    if not fulfilled:
        raise CheckError(otherwise)


def check_settings(image: Image) -> None:
    """The user, the command, the health check and the labels."""
    settings, file = image.settings, Dockerfile(image.program)
    require(settings["User"] == "10001:10001", f"runs as {settings['User']}")
    require(settings["Entrypoint"] == file.entry_point, f"runs {settings['Entrypoint']}")
    require(settings["StopSignal"] == "SIGTERM", "is not stopped by SIGTERM")
    require(settings["Healthcheck"]["Test"][0] in ("CMD", "NONE"), f"is checked by {settings['Healthcheck']}")
    require(settings["Labels"]["org.opencontainers.image.title"] == f"lukseun/{image.program}", "has no title")


def check_content(image: Image) -> int:
    """What is in the image, and that its user can change none of it; return the bytes that it adds to its base."""
    app = image.root / "app"
    found = {str(path.relative_to(app)) for path in app.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    expected = {str(path.relative_to(ROOT)) for source in Dockerfile(image.program).copied
                for path in (ROOT / source, *(ROOT / source).rglob("*"))
                if path.is_file() and path.suffix != ".pyc" and not source.startswith("requirements")}
    require(found == expected, f"holds {sorted(found ^ expected)[:5]} too much or too little")
    files = [path for folder in (app, image.root / "venv") for path in folder.rglob("*") if not path.is_symlink()]
    loose = [path for path in files if path.stat().st_uid != 0 or path.stat().st_mode & 0o022]
    require(not loose, f"its user can change {loose[:3]}")
    require(not list((image.root / "venv").glob("lib/*/site-packages/pip")), "holds pip")
    sources = [path for path in app.rglob("*.py") if path.stat().st_size]
    compiled = {path.name.partition(".")[0] for path in app.rglob("*.pyc")}
    require({path.stem for path in sources} <= compiled, "is not compiled")
    size = sum(path.stat().st_size for path in files if path.is_file())
    require(size <= MOST_BYTES, f"adds {size} bytes to its base")
    return size


def check_start(image: Image) -> dict[str, Any]:
    """Start the program in its root file system, let the image's health check ask it, and stop it."""
    settings = image.settings
    test = settings["Healthcheck"]["Test"]
    environment = dict(entry.split("=", 1) for entry in settings["Env"]) | OPTIONS.get(image.program, {})
    order = {"environment": environment, "user": settings["User"], "folder": settings["WorkingDir"],
             "command": settings["Entrypoint"], "check": test[1:] if test[0] == "CMD" else [],
             "writable": WRITABLE.get(image.program, [])}
    command = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.manifests.support.in_image",
               str(image.root)]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(order), capture_output=True, text=True, timeout=SECONDS,
                          check=False)
    require(done.returncode == 0, f"cannot be run: {done.stderr[-1500:]}")
    outcome: dict[str, Any] = json.loads(done.stdout)
    if image.program == "migrate":
        require(outcome["code"] == 1 and "not migrated" in outcome["printed"], f"said {outcome['printed']}")
    else:
        require(outcome["seconds"] is not None, f"does not live: {outcome['printed']}")
        require(outcome["code"] == 0, f"ended with {outcome['code']}: {outcome['printed']}")
    return outcome


if __name__ == "__main__":
    sys.exit(main())
