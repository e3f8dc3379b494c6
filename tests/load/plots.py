"""Pictures of a run, where matplotlib is installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.load.results import Row
from tests.load.table import services

COSTS = ("floor_line", "floor_nats", "floor_redis", "floor_select", "floor_transaction", "reads_32", "info", "mix",
         "mail", "friends_50", "family_50", "mails_50", "keep_alive", "tls", "tls_keep_alive")
LATENCIES = ("reads_16", "reads_32", "reads_64", "half_peak", "info", "mix", "mail", "keep_alive", "overload")
SCALING = ("workers_1", "workers_2", "workers_4", "players_1k", "players_10k")


def draw(rows: Mapping[str, Row], folder: Path) -> list[Path]:
    """Write PNG files and return their paths. Raises ImportError without matplotlib."""
    import matplotlib  # noqa: PLC0415  # it is optional

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    return [_costs(pyplot, rows, folder / "cpu.png", COSTS), _costs(pyplot, rows, folder / "scaling.png", SCALING),
            _latencies(pyplot, rows, folder / "latency.png")]


def _costs(pyplot: Any, rows: Mapping[str, Row], path: Path, wanted: tuple[str, ...]) -> Path:
    names = [name for name in wanted if name in rows]
    figure, axes = pyplot.subplots(figsize=(10, 5))
    bottom = [0.0] * len(names)
    for kind in services(rows):
        heights = [rows[name].cpu.get(kind, 0.0) for name in names]
        if any(heights):
            axes.bar(names, heights, bottom=bottom, label=kind)
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_ylabel("CPU, ms a request")
    return _saved(pyplot, figure, axes, path)


def _latencies(pyplot: Any, rows: Mapping[str, Row], path: Path) -> Path:
    names = [name for name in LATENCIES if name in rows]
    figure, axes = pyplot.subplots(figsize=(10, 5))
    for figure_name in ("p50", "p95", "p99"):
        axes.plot(names, [getattr(rows[name], figure_name) for name in names], "o", label=figure_name)
    axes.set_yscale("log")
    axes.set_ylabel("latency, ms")
    return _saved(pyplot, figure, axes, path)


def _saved(pyplot: Any, figure: Any, axes: Any, path: Path) -> Path:
    axes.tick_params(axis="x", rotation=45)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path
