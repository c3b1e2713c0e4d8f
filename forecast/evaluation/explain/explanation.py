"""The explanation of some networks: a report on each cell, what they say together, and in plain words."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.data.panel import Panel, even_choice
from forecast.errors import UsageError, closest, did_you_mean
from forecast.evaluation.explain.cell_report import CellReport, report_on_cell
from forecast.evaluation.explain.cost import Cost
from forecast.evaluation.explain.learning import Learning
from forecast.evaluation.explain.sentences import Sentence, plain_words
from forecast.evaluation.explain.subject import Subject, typical_series

MOST_SERIES = 1000
"""The typical series is sought among at most so many."""
STEP_WORDS = {"minute": "minute", "hour": "hour", "day": "day", "business-day": "business day", "row": "row"}


@dataclass(frozen=True)
class Focus:
    """What of it is looked at.

    Attributes:
        series: its name; None for the most typical one.
        lags: that are drawn; None for the whole window.
    """

    series: str | None = None
    lags: int | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """What was found.

    Attributes:
        stem: what its files are called by.
        seasons: in steps, as far as the window holds them.
        series: position of the one on which gates and the spike are shown.
        lags: that are drawn.
    """

    title: str
    stem: str
    target: str
    step: str
    seasons: tuple[int, ...]
    series: int
    lags: int
    notes: tuple[str, ...]
    cell_reports: tuple[CellReport, ...]
    sentences: tuple[Sentence, ...]
    subjects: tuple[Subject, ...]

    @property
    def series_id(self) -> str:
        """Name of the series that is shown."""
        return self.subjects[0].panel.series_ids[self.series]

    @property
    def season(self) -> int:
        """The shortest season, 1 where there is none."""
        return self.seasons[0] if self.seasons else 1


def explained(
    title: str,
    stem: str,
    panel: Panel,
    season: int,
    watched: Sequence[tuple[Subject, Cost, Learning | None]],
    focus: Focus,
    notes: tuple[str, ...],
) -> Explanation:
    """Returns what is found by looking into trained networks.

    Args:
        title: what they are.
        stem: what its files are called by.
        panel: on which they are shown.
        season: of the data, in steps.
        watched: each with what it costs, and how it learned where that was watched.
        focus: what of it is looked at.
        notes: what is to be said beside.

    Raises:
        UsageError: the focus does not fit.
    """
    window = min(subject.spec.window for subject, *_ in watched)
    lags = check_lags(focus, window)
    series, note = _series_of(panel, focus.series, window, season)
    cell_reports = tuple(report_on_cell(subject, series, cost, learning) for subject, cost, learning in watched)
    views = {network.view.season for subject, *_ in watched for network in subject.model.networks}
    seasons = tuple(sorted({each for each in (season, *views) if 1 < each <= window}))
    step = STEP_WORDS.get(panel.frequency.unit, panel.frequency.unit)
    return Explanation(
        title=title,
        stem=stem,
        target=panel.target,
        step=step,
        seasons=seasons,
        series=series,
        lags=lags,
        notes=(*notes, *note, *_remarks(cell_reports)),
        cell_reports=cell_reports,
        sentences=plain_words(cell_reports, seasons, step, int(panel.lengths.max())),
        subjects=tuple(subject for subject, *_ in watched),
    )


def check_lags(focus: Focus, window: int) -> int:
    """Returns the lags to draw: the whole window where none were asked for.

    Raises:
        UsageError: the window is shorter.
    """
    if focus.lags is not None and focus.lags > window:
        raise UsageError(
            f"--lags {focus.lags} asks for more than the {window} steps that the network sees.", f"--lags {window}"
        )
    return focus.lags or window


def check_series(panel: Panel, name: str | None) -> None:
    """Refuses the name of a series that the data do not have.

    Raises:
        UsageError: they have not.
    """
    if name is not None and name not in panel.series_ids:
        known = panel.series_ids
        raise UsageError(
            f"There is no series '{name}'.{did_you_mean(name, known)}",
            f"--series {shlex.quote(closest(name, known) or known[0])}",
        )


def _series_of(panel: Panel, name: str | None, window: int, season: int) -> tuple[int, tuple[str, ...]]:
    """Returns the position of the series to show, and what is to be said of the choice.

    Raises:
        UsageError: there is no such series.
    """
    check_series(panel, name)
    if name is not None:
        return panel.series_ids.index(name), ()
    if len(panel) == 1:
        return 0, ()
    some = even_choice(len(panel), MOST_SERIES)
    chosen = int(some[typical_series(panel.select(some), window, season)])
    among = f" among {len(some):,} of them" if len(some) < len(panel) else ""
    typical = f"the most typical of {len(panel):,} series{among}"
    note = f"Gates and the spike are shown on {panel.series_ids[chosen]}, {typical} (--series)."
    return chosen, (note,)


def _remarks(cell_reports: Sequence[CellReport]) -> tuple[str, ...]:
    spec = cell_reports[0].spec
    remarks = []
    if spec.rolled:
        remarks.append("The network emits one step and is rolled forward: what is explained is that one step.")
    if spec.segment > 1:
        remarks.append(
            f"The window of {spec.window} steps enters the cell as {spec.window // spec.segment} segments of "
            f"{spec.segment}: one recurrent step is {spec.segment} observations."
        )
    each = ", ".join(f"{p.networks} of the {p.cell}" for p in cell_reports)
    remarks.append(f"Curves are means over networks ({each}); gates are those of the network nearest to the mean.")
    return tuple(remarks)
