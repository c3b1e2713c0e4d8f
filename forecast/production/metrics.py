"""Metrics for a monitor: the text format of Prometheus, as node_exporter's textfile collector reads it.

https://prometheus.io/docs/instrumenting/exposition_formats, names and units as
https://prometheus.io/docs/practices/naming has them: base units, shares as ratios, times as Unix timestamps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path

from forecast.errors import NotFoundError, UsageError
from forecast.production.status import ModelStatus
from forecast.production.store.disk import atomic_write, check_file, check_writable, kind_of

FLAG = "--metrics-file FILE.prom"
OUTCOMES = ("promoted", "kept", "candidate", "nothing-new", "trained", "refused", "failed", "killed")


@dataclass(frozen=True)
class Metric:
    """One gauge: its name, what it means, and its value of a model; None where that is not known."""

    name: str
    about: str
    value: Callable[[ModelStatus], float | None]


def _ended(status: ModelStatus) -> float | None:
    ended = status.last.ended if status.last else None
    return ended.timestamp() if ended else None


METRICS = (
    Metric("live_skill_ratio", "1 - RMSE / RMSE of seasonal naive of the forecasts that came true of late.",
           lambda status: status.known.live_skill),
    Metric("live_rmse", "RMSE of the forecasts that came true of late, in the unit of the target.",
           lambda status: status.known.live_rmse),
    Metric("live_bias", "Mean of forecast - truth of the same, in the unit of the target.",
           lambda status: status.known.live_bias),
    Metric("live_coverage_ratio", "Share of the truths of late that lay in their 80 % intervals.",
           lambda status: status.known.live_coverage),
    Metric("live_points", "Points that the live figures stand on.", lambda status: status.known.live_points),
    Metric("drift", "Whether the world has moved away from what the champion learned.",
           lambda status: None if status.known.drift is None else float(bool(status.known.drift))),
    Metric("champion_version", "Number of the version in use.",
           lambda status: float(status.champion.label[1:]) if status.champion else None),
    Metric("champion_created_timestamp_seconds", "When the version in use was published.",
           lambda status: status.champion.created.timestamp() if status.champion else None),
    Metric("champion_age_seconds", "Age of the version in use as this file was written.", lambda status: status.age),
    Metric("last_run_timestamp_seconds", "When the last run ended.", _ended),
    Metric("last_run_duration_seconds", "How long the last run took.",
           lambda status: status.last.seconds if status.last else None),
    Metric("last_run_exit_code", "Exit code of the last run.",
           lambda status: status.last.exit_code if status.last else None),
    Metric("last_run_peak_memory_bytes", "Memory of the process of the last run at its peak.",
           lambda status: status.last.peak_bytes if status.last else None),
    Metric("next_run_timestamp_seconds", "When the crontab or the timer starts the next run.",
           lambda status: status.next_run.timestamp() if status.next_run else None),
    Metric("data_rows", "Rows of the data as the last run that read it saw it.",
           lambda status: status.rows),
    Metric("data_rows_behind", "Rows that the champion has not learned from.", lambda status: status.rows_behind),
    Metric("model_size_bytes", "Bytes of all files of the model in the store.", lambda status: status.size),
    Metric("model_versions", "Versions of the model in the store.", lambda status: status.versions),
    Metric("model_running", "Whether a run goes on.", lambda status: float(status.running is not None)),
    Metric("model_healthy", "Whether nothing is wrong with the model, as forecast status has it.",
           lambda status: float(not status.problems)),
)  # fmt: skip


def metrics_text(statuses: Sequence[ModelStatus], now: datetime) -> str:
    """Returns the metrics of models; each is a gauge with the label ``model``."""
    lines: list[str] = []
    for metric in METRICS:
        values = ((status, metric.value(status)) for status in statuses)
        told = [_line(metric.name, _labels(model=each.name), value) for each, value in values if value is not None]
        lines += _family(metric.name, metric.about, told)
    outcomes = [
        _line("last_run_outcome", _labels(model=status.name, outcome=outcome), float(status.last.outcome == outcome))
        for status in statuses
        if status.last
        for outcome in OUTCOMES
    ]
    lines += _family("last_run_outcome", "1 for what became of the last run, 0 for the others.", outcomes)
    about = "When this file was written."
    lines += _family("metrics_written_timestamp_seconds", about, [
        _line("metrics_written_timestamp_seconds", "", now.timestamp())
    ])  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _family(name: str, about: str, lines: Iterable[str]) -> list[str]:
    told = list(lines)
    return [f"# HELP forecast_{name} {about}", f"# TYPE forecast_{name} gauge", *told] if told else []


def _line(name: str, labels: str, value: float) -> str:
    number = float(value)
    text = repr(int(number)) if isfinite(number) and number == int(number) and abs(number) < 1e15 else repr(number)
    return f"forecast_{name}{labels} {text if isfinite(number) else 'NaN'}"


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def check_metrics_file(path: Path) -> None:
    """Refuses a place that no monitor could read from, before any work is done.

    Raises:
        UsageError: its name does not end in ``.prom``, which is all that the collector reads.
        NotFoundError: its folder is not there: a folder that is made anew is none that node_exporter looks into.
        DataError: it can't be written.
    """
    if path.suffix != ".prom":
        message = f"{path} does not end in .prom, and node_exporter reads nothing else."
        raise UsageError(message, f"--metrics-file {path.with_suffix('.prom')}")
    if kind_of(path.parent, FLAG) != "folder":
        message = f"There is no folder {path.parent}, into which --metrics-file is to write."
        raise NotFoundError(message, f"mkdir -p {path.parent}, or node_exporter's --collector.textfile.directory")
    check_file(path, FLAG)
    check_writable(path.parent, FLAG)


def write_metrics(path: Path, statuses: Sequence[ModelStatus], now: datetime) -> None:
    """Replaces the file as a whole: the collector sees the old numbers or the new ones.

    Raises:
        DataError: the disk refused.
    """
    atomic_write(path, metrics_text(statuses, now).encode(), flag=FLAG, only_file=True)
