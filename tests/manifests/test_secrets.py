"""Secrets that are empty, or words of an example, are refused when they are made and when they are rendered."""

from pathlib import Path

import pytest

from tests.manifests.support import rendering

GOOD = "mysqls://lukseun:p4ssword-x@db.example.invalid:3306/lukseun"
BAD_URLS = ["", " ", "mysqls://lukseun:PASSWORD@db.example.invalid:3306/lukseun", "mysqls://lukseun:x@HOST:3306/lukseun",
            "mysqls://lukseun:x@<host>/lukseun", "mysqls://lukseun:...@db.example.invalid/lukseun",
            "postgres://lukseun:x@db.example.invalid/lukseun", "mysqls://lukseun@db.example.invalid/lukseun",
            "mysqls://lukseun:x@db.example.invalid", "mysqls://lukseun:x@db.example.invalid:port/x", GOOD + "\n"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The secrets of production, all good."""
    tree = rendering.copy(tmp_path)
    made = rendering.make_secrets(tree, "production", f"mysql-url={GOOD}", f"mysql-migrate-url={GOOD}")
    assert (made.returncode, made.stderr) == (0, "")
    return tree / "overlays" / "production" / "secrets"


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_bad_address_is_not_written(tmp_path: Path, url: str) -> None:
    tree = rendering.copy(tmp_path)
    made = rendering.make_secrets(tree, "production", f"mysql-url={url}", f"mysql-migrate-url={GOOD}")
    assert made.returncode == 1
    assert "mysql-url " in made.stderr
    assert url.strip() == "" or url not in made.stderr
    assert not (tree / "overlays" / "production" / "secrets" / "mysql-url").exists()


@pytest.mark.parametrize(("name", "content"), [
    ("mysql-url", ""), ("mysql-migrate-url", GOOD.replace("db.example.invalid", "HOST")), ("jwt-key", ""),
    ("jwt-key", "k1:short"), ("nats-password", ""), ("redis-password", "1" * 20), ("redis-password", "p" * 20 + "\n"),
])
def test_a_file_that_went_bad_is_found(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    made = rendering.make_secrets(folder.parent.parent.parent, "production")
    assert made.returncode == 1
    assert f"{name} " in made.stderr
    assert (folder / name).read_text() == content


@pytest.mark.parametrize("name", ["mysql-url", "mysql-migrate-url"])
@pytest.mark.parametrize("content", ["", GOOD.replace("db.example.invalid", "HOST"), "lukseun"])
def test_an_empty_address_or_an_example_ends_the_rendering(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    done = rendering.kubectl(folder.parent.parent.parent, "production")
    assert done.returncode != 0
    assert "out of bounds" in done.stderr
    assert done.stdout == ""


def test_what_only_checks_is_not_rendered(folder: Path) -> None:
    rendered = rendering.render(folder.parent.parent.parent, "production")
    assert not [item for item in rendered if item["metadata"]["name"].startswith("checked")]
    assert not [item for item in rendered if item["kind"] != "Secret" and "p4ssword-x" in str(item)]
