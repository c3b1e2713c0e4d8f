"""`forecast anomalies`: what was not expected, by a saved model or from a file alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
from forecast.data.reading.reader import read_panel
from forecast.errors import UsageError
from forecast.evaluation.anomalies.detector import AnomalyKind
from forecast.evaluation.anomalies.episodes import SURE, Episode
from forecast.evaluation.anomalies.search import Anomalies, search
from forecast.experiment.outputs import stem_of, write_all
from forecast.experiment.panels.episode_table import episodes_of
from forecast.experiment.stored_forecast import data_of_forecast
from forecast.experiment.versions.anomaly_input import first_judged, input_of_file, input_of_version
from forecast.experiment.versions.stored_model import load_champion, load_version
from forecast.production.store.store import Store
from forecast.report.tables import ResultTable, timestamp_texts
from forecast.run import Run
from forecast.specs import PlotKind
from forecast.wording import counted

MOST_DRAWN = 6
"""Episodes that are drawn."""
SCORE_COLUMNS = ("series_id", "timestamp", "score", "p_value", "value", "expected", "lower", "upper")


@dataclass(frozen=True)
class AnomaliesRequest:
    """What `anomalies` was asked for.

    Attributes:
        name: of the model; None for a file alone.
        source: the file; None for the one that the model was trained on.
        options: how a file alone is read.
        kind: of what is looked for.
        rate: of false alarms a step.
        since: the first date that is judged; None for all.
        version: of the model, in place of the champion.
    """

    name: str | None
    source: str | None
    options: ReadOptions
    kind: AnomalyKind = "auto"
    rate: float = 0.001
    since: str | None = None
    version: str | None = None


@dataclass(frozen=True, eq=False)
class AnomaliesResult:
    """What `anomalies` found.

    Attributes:
        model: name and label of the version that expected; none where a file alone was looked at.
        source: that was looked at.
        by_model: observed steps that the version judged; the others are judged by smoothing.
    """

    request: AnomaliesRequest
    model: tuple[str, str] | None
    source: str
    panel: Panel
    found: Anomalies
    by_model: int
    notes: tuple[str, ...]

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What was not expected, the rarest first."""
        return tuple(sorted(self.found.episodes, key=lambda episode: episode.rarity))

    @property
    def judged(self) -> int:
        """Observed steps that were judged."""
        return int((self.found.judged & self.panel.observed).sum())

    @property
    def by_chance(self) -> float:
        """Episodes that chance alone would be told as."""
        return self.judged * self.request.rate


def check_rate(rate: float) -> None:
    """Refuses a rate of false alarms that is none.

    Raises:
        UsageError: it lies outside of (0, 0.5].
    """
    if not 0 < rate <= 0.5:
        raise UsageError(f"--rate {rate:g} is no rate of false alarms above 0 and up to 0.5.", "--rate 1/1000")


def anomalies(request: AnomaliesRequest, store: Store, run: Run) -> AnomaliesResult:
    """Finds what was not expected.

    Raises:
        UsageError: the rate is none, or the span lies outside of the data.
        DataError: there is too little history, or the file is not like the model's.
        ForecastError: see ``read_panel`` and ``load_champion``.
    """
    check_rate(request.rate)
    now = run.clock.now()
    if request.name is None:
        assert request.source is not None
        read = read_panel if request.options.hierarchy is None else read_nodes
        reading = read(request.source, request.options, now=now)
        panel, source = reading.panel, reading.source
        notes = tuple(finding.text for finding in reading.findings if finding.grade == "warning")
        given, model = input_of_file(panel), None
    else:
        models = store.model(request.name)
        stored = (
            load_version(models.version(request.version)) if request.version else models.with_widening(load_champion)
        )
        known = data_of_forecast(stored, request.source, now)
        panel, notes, source = known.panel, known.notes, request.source or stored.source
        given = input_of_version(stored, panel, run)
        model = (stored.version.name, stored.version.label)
    since = first_judged(panel, request.since) if request.since else None
    found = search(given, request.kind, request.rate, since, threads=run.machine.threads)
    return AnomaliesResult(request, model, source, panel, found, found.by_model, (*notes, *found.notes))


def episode_table(result: AnomaliesResult) -> ResultTable:
    """Returns a row an episode, the rarest first."""
    return episodes_of(result.panel, result.found)


def score_table(result: AnomaliesResult) -> ResultTable:
    """Returns a row for every observed step that was judged, series by series."""
    return ResultTable(SCORE_COLUMNS, tuple(_score_rows(result)))


def _score_rows(result: AnomaliesResult) -> Iterator[tuple[str | float | None, ...]]:
    panel, found = result.panel, result.found
    arrays = (found.scores.score, found.scores.rarity, panel.values, found.told.expected, found.told.lower)
    for i, series_id in enumerate(panel.series_ids):
        own = slice(panel.offsets[i], panel.offsets[i + 1])
        shown = np.flatnonzero((panel.observed & found.judged)[own])
        stamps = timestamp_texts(panel.timestamps(i)[shown]).tolist()
        columns = [array[own][shown].tolist() for array in (*arrays, found.told.upper)]
        for stamp, score, rarity, *numbers in zip(stamps, *columns, strict=True):
            is_scored = not math.isnan(rarity)
            rest = (None if math.isnan(number) else number for number in numbers)
            yield (series_id, stamp, score if is_scored else 0.0, rarity if is_scored else 1.0, *rest)


def headline(result: AnomaliesResult) -> str:
    """Returns in a sentence how many episodes there are, and how many chance alone would make."""
    count, panel = len(result.episodes), result.panel
    sure = sum(episode.false_discoveries <= SURE for episode in result.episodes)
    chance = f"{result.by_chance:.1f}" if result.by_chance < 10 else f"{result.by_chance:,.0f}"
    among = f" of {counted(len(panel), 'series')}" if len(panel) > 1 else ""
    what = counted(count, "episode") if count else "Nothing"
    beyond = f"; {sure} {'is' if sure == 1 else 'are'} beyond chance (at most 1 in 10 of such false)" if sure else ""
    return (
        f"{what} in {counted(result.judged, 'value')}{among}, where chance alone makes about {chance} (--rate){beyond}."
    )


def span_of(result: AnomaliesResult) -> tuple[str, str]:
    """Returns the first and the last step that were judged."""
    panel = result.panel
    first = int(panel.first.min()) if result.found.since is None else result.found.since
    low, high = panel.frequency.timestamps(np.array([first, int(panel.last.max())]))
    return readable(low), readable(high)


def draw_episodes(result: AnomaliesResult, kind: PlotKind, folder: Path) -> tuple[Path, ...]:
    """Draws the rarest episodes, each with what was expected around it, and returns the file.

    Raises:
        DataError: the disk refused.
    """
    if kind == "none" or not result.episodes:
        return ()
    from forecast.report.figures.episodes.episodes import anomalies_figure  # matplotlib is slow to import
    from forecast.report.figures.figure import render
    from forecast.workflows.pages.episodes import excerpts_of

    panel = result.panel
    excerpts = excerpts_of(panel, result.found, result.episodes[:MOST_DRAWN])
    name = result.model[0] if result.model else stem_of(result.source)
    figure = anomalies_figure(excerpts, target=panel.target, title=f"{name}: what was not expected")
    return write_all(folder, {f"{name}-anomalies.{kind}": render(figure, kind)})
