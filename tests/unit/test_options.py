"""Options: one declaration gives flag, variable, type, default and help."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from common.options import as_arguments, option, parse, secret


@dataclass(frozen=True, kw_only=True)
class Example:
    """An example."""

    port: int = option(8880, "A port", least=0)
    wait: float = option(1.5, "Seconds", least=0.1)
    urls: tuple[str, ...] = option(("a", "b"), "Addresses")
    debug: bool = option(False, "Debugging")
    level: str = option("info", "Level", choices=("info", "debug"))
    key: str = secret("A key")


def read(*arguments: str, **environment: str) -> Example:
    return parse(Example, "example", arguments, environment)


def test_defaults() -> None:
    assert read() == Example(port=8880, wait=1.5, urls=("a", "b"), debug=False, level="info", key="")


def test_the_command_line_wins_over_the_environment() -> None:
    assert read("--port", "1", PORT="2").port == 1
    assert read(PORT="2").port == 2


def test_types_are_converted() -> None:
    settings = read("--debug", "--urls=x, y,", WAIT="0.25")
    assert (settings.debug, settings.urls, settings.wait) == (True, ("x", "y"), 0.25)


def test_a_secret_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("s3cret\n")
    settings = read("--key-file", str(file))
    assert settings.key == "s3cret"
    assert read(KEY_FILE=str(file)).key == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("arguments", [["--port=x"], ["--port=-1"], ["--wait=0"], ["--level=loud"], ["--debug=maybe"],
                                       ["--key-file=/nowhere/at/all"], ["--unknown=1"]])
def test_what_is_not_acceptable_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        read(*arguments)
    assert stop.value.code == 2
    assert arguments[0].split("=")[0] in capsys.readouterr().err


def test_arguments_from_values() -> None:
    assert as_arguments({"client_port": 1, "debug": True, "urls": ["a", "b"]}) == [
        "--client-port=1", "--debug=true", "--urls=a,b"]


def test_an_empty_secret_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key"
    file.write_text("\n")
    with pytest.raises(SystemExit):
        read(KEY_FILE=str(file))
    assert f"the file {file} is empty" in capsys.readouterr().err
