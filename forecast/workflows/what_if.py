"""`forecast predict --set`: the forecast beside what it would be if something known in advance were otherwise.

                        ┌──▶ forecast
    panel ──────────────┤         difference, step by step
      └── promo = 1 ────┴──▶ what if

Shapes: ``S`` series, ``H`` horizon, ``C`` known columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.future.scenario import apply_scenario, doubts, read_scenario, steps_of
from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.decisions.contributions import Waterfall, shapley, waterfall_of
from forecast.experiment.decisions.periods import steps_ahead
from forecast.experiment.known_ahead import assumed_notes, columns_needed, flags_of, unseen_notes
from forecast.experiment.stored_forecast import check_horizon, longer_note
from forecast.experiment.versions.stored_model import StoredModel, read_settings
from forecast.models.forecaster import Forecasts
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.report.tables import ResultTable, Value, timestamp_texts
from forecast.run import Run
from forecast.workflows.predict import PredictRequest, check_of_all, prepared

COLUMNS = ("series_id", "timestamp", "step", "forecast", "what_if", "difference")
LEAST = 1e-4
"""Share of a forecast by which it must differ to be worth a line."""


@dataclass(frozen=True)
class Question:
    """What is to be otherwise.

    Attributes:
        values: such as ``promo=1``.
        at: a date or a range of dates; None for the whole horizon.
        is_split: what each part adds is asked for.
    """

    values: tuple[str, ...]
    at: str | None = None
    is_split: bool = False


@dataclass(frozen=True)
class Total:
    """All steps after the newest one of all series together: added up, or on average where a sum would mean nothing."""

    forecast: float
    what_if: float
    is_mean: bool

    @property
    def share(self) -> float | None:
        """By how much what-if is more, as a share of the forecast; None where that is 0."""
        return (self.what_if - self.forecast) / abs(self.forecast) if self.forecast else None


@dataclass(frozen=True, eq=False)
class WhatIfResult:
    """Both forecasts.

    Attributes:
        asked: steps that were named by their dates, (S, H).
        notes: what is to be said.
        changed: the panel of which is told what is asked.
        waterfall: what each part adds; None where nobody asked.
    """

    version: Version
    model: str
    panel: Panel
    forecasts: Forecasts
    what_if: Forecasts
    asked: NDArray[np.bool_]
    notes: tuple[str, ...]
    total: Total
    changed: Panel
    waterfall: Waterfall | None = None

    @property
    def differs(self) -> NDArray[np.bool_]:
        """Steps whose forecast differs so that one would notice, (S, H)."""
        size = np.maximum(np.abs(self.forecasts.point), np.abs(self.what_if.point))
        return np.asarray(np.abs(self.what_if.point - self.forecasts.point) > LEAST * size)

    def rows(self, *, shortened: bool = False) -> Iterator[tuple[Value, ...]]:
        """Yields one row a series and step, in the order of COLUMNS; in short, if it was named or differs."""
        stamps, few = timestamp_texts(self.forecasts.timestamps), self.asked | self.differs
        for s, h in zip(*np.nonzero(few if shortened else np.ones_like(few)), strict=True):
            usual, other = float(self.forecasts.point[s, h]), float(self.what_if.point[s, h])
            yield self.panel.series_ids[s], str(stamps[s, h]), int(h) + 1, usual, other, other - usual

    def table(self) -> ResultTable:
        """Returns all steps."""
        return ResultTable(COLUMNS, tuple(self.rows()))


def what_if(request: PredictRequest, question: Question, store: Store, run: Run) -> WhatIfResult:
    """Forecasts from the end of the data twice.

    Raises:
        UsageError: the question can't be asked of this model; see also ``predict``.
        NotFoundError, DataError: see ``predict``.
    """
    stored, known = prepared(request, store, run)
    check_of_all(request, known, "--set")
    return answer(stored, known.panel, known.notes, question, request.horizon, run)


def answer(
    stored: StoredModel, panel: Panel, notes: tuple[str, ...], question: Question, horizon: int | None, run: Run
) -> WhatIfResult:
    """Returns both forecasts of the steps after the end of a panel.

    What nobody tells of the steps to come is taken as usual in both of them, so that the difference is that of the
    question alone.

    Raises:
        UsageError: the question can't be asked of this model.
        DataError: the panel holds values that the model's kind can't have.
    """
    trained, horizon = stored.trained, check_horizon(stored, panel, horizon)
    if panel.covariates is None or not panel.covariates.of("known"):
        message = "--set changes what is known in advance, but the model was trained without any of that."
        raise UsageError(message, "forecast train DATA --known COLUMNS makes one with it")
    flags = flags_of(trained)
    changes = read_scenario(question.values, panel, flags)
    asked = steps_of(question.at, panel, horizon)
    names = [change.column.name for change in changes]
    notes += unseen_notes(trained, panel, horizon, is_averaged=bool(stored.options.aggregate), aside=names)
    usual = trained.usual
    changed = apply_scenario(panel, changes, asked, usual.of(panel)) if usual else panel
    first, second = (trained.forecast(each, horizon, run) for each in (panel, changed))
    notes += tuple(doubts(changed, changes, horizon, flags))
    notes += longer_note(trained, horizon) + stored.width_notes
    fix = f"forecast predict {stored.version.name} --future FILE"
    notes += assumed_notes(trained, panel, horizon, fix, is_both=True)
    notes += _idle_notes(names, trained)
    is_mean = read_settings(stored.version).kind == "price" or bool((first.point < 0).any())
    counts = np.zeros_like(asked)
    counts[panel.summands] = steps_ahead(panel.last, horizon, panel.last.max())[panel.summands]

    def joined_up(point: NDArray[np.float64]) -> float:
        return float(point[counts].mean() if is_mean else point[counts].sum())

    total = Total(joined_up(first.point), joined_up(second.point), is_mean)
    named = asked & (question.at is not None)
    waterfall = None
    if question.is_split and usual:

        def value(chosen: frozenset[int]) -> float:
            some = [changes[place] for place in sorted(chosen)]
            told = apply_scenario(panel, some, asked, usual.of(panel))
            return joined_up(trained.forecast(told, horizon, run).point)

        columns = shapley(names, value) if names[1:] else ()
        waterfall = waterfall_of(first, second, counts, is_mean=is_mean, columns=columns)
    return WhatIfResult(stored.version, trained.name, panel, first, second, named, notes, total, changed, waterfall)


def _idle_notes(names: Sequence[str], trained: TrainedModel) -> tuple[str, ...]:
    """Returns which columns the model does not look at."""
    needed = columns_needed(trained)
    idle = [name for name in names if name not in needed]
    return tuple(f"The model found that {name} tells nothing, so nothing it is set to matters." for name in idle)
