"""Pictures of a run, where matplotlib is installed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.load.results import Row
from tests.load.table import memory_kinds, services

COSTS = ("floor_line", "floor_nats", "floor_redis", "floor_select", "floor_transaction", "reads_16", "reads_32",
         "reads_64", "half_peak", "info", "mix", "mail", "friends_50", "family_50", "mails_50", "keep_alive", "tls",
         "tls_keep_alive", "overload", "refusals")
LATENCIES = ("reads_16", "reads_32", "reads_64", "half_peak", "info", "mix", "mail", "friends_50", "family_50",
             "mails_50", "keep_alive", "tls", "tls_keep_alive", "kept_even", "kept_even_tls", "workers_even_1",
             "workers_even_4", "overload", "refusals", "chat")
PAIRS = ("kept_even", "kept_even_tls", "workers_even_1", "workers_even_4", "players_even_1k", "players_even_10k")
MEMORY = ("reads_32", "mix", "mail", "overload", "players_even_10k", "workers_4", "chat", "chat_quiet",
          "chat_quiet_tls", "chat_idle")
PREFIX = "speed-"
PICTURES = {"cpu": "CPU of a request, by service", "latency": "Latencies",
            "pairs": "CPU of a request at the same rate, two ways each", "memory": "Memory, by service"}
"""Name of each picture and what it shows."""


def draw(rows: Mapping[str, Row], folder: Path) -> list[Path]:
    """Write PNG files, those for which there are figures, and return their paths. Raises ImportError."""
    import matplotlib  # noqa: PLC0415  # it is optional

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    cpu, memory = "CPU, ms a request, all server processes", "resident memory, MiB"
    drawn = {
        "cpu": lambda axes: _stacks(axes, rows, COSTS, services(rows), lambda row: row.cpu, cpu),
        "latency": lambda axes: _latencies(axes, rows),
        "pairs": lambda axes: _stacks(axes, rows, PAIRS, services(rows), lambda row: row.cpu, cpu),
        "memory": lambda axes: _stacks(axes, rows, MEMORY, memory_kinds(rows), lambda row: row.memory, memory)}
    return [_saved(pyplot, paint, PICTURES[name], picture(folder, name)) for name, paint in drawn.items()]


def picture(folder: Path, name: str) -> Path:
    """Return where a picture is."""
    return folder / f"{PREFIX}{name}.png"


def _stacks(axes: Any, rows: Mapping[str, Row], wanted: Sequence[str], kinds: Sequence[str],
            figures: Callable[[Row], Mapping[str, float]], unit: str) -> None:
    names = [name for name in wanted if name in rows]
    bottom = [0.0] * len(names)
    for number, kind in enumerate(kinds):
        heights = [figures(rows[name]).get(kind, 0.0) for name in names]
        if any(heights):
            axes.bar(names, heights, bottom=bottom, label=kind, color=f"C{number % 10}",
                     hatch="///" if number >= 10 else None)  # there are ten colours
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    for name, height in zip(names, bottom, strict=True):
        axes.annotate(f"{height:.3g}" if height < 1000 else f"{height:.0f}", (name, height), ha="center", va="bottom",
                      fontsize=8)
    axes.set_ylabel(unit)


def _latencies(axes: Any, rows: Mapping[str, Row]) -> None:
    names = [name for name in LATENCIES if name in rows]
    for figure in ("p50", "p95", "p99"):
        axes.plot(names, [getattr(rows[name], figure) for name in names], "o", label=figure)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(axis="y", alpha=0.4)
    axes.set_ylabel("latency, ms (logarithmic)")


def _saved(pyplot: Any, paint: Callable[[Any], None], title: str, path: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(11, 5.5))
    paint(axes)
    axes.set_title(title)
    axes.tick_params(axis="x", rotation=45)
    pyplot.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
