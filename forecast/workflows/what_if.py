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

from forecast.data.covariates import Column
from forecast.data.panel import FloatArray, Panel
from forecast.data.supposition import Flags, doubts, read_suppositions, steps_of, suppose
from forecast.errors import UsageError
from forecast.evaluation.trained import TrainedModel
from forecast.models.encoding import Encoding
from forecast.models.forecaster import Forecasts
from forecast.production.store import Store
from forecast.production.version import Version
from forecast.workflows.ahead import columns_needed, untold_note
from forecast.workflows.predict import PredictRequest, check_horizon, longer_note, prepared
from forecast.workflows.tables import Value, csv_text, timestamp_texts
from forecast.workflows.versions import StoredModel, read_settings

COLUMNS = ("series_id", "timestamp", "step", "forecast", "what_if", "difference")
LEAST = 1e-4
"""Share of a forecast by which it must differ to be worth a line."""


@dataclass(frozen=True)
class Question:
    """What is to be otherwise.

    Attributes:
        values: such as ``promo=1``.
        at: a date or a range of dates; None for the whole horizon.
    """

    values: tuple[str, ...]
    at: str | None = None


@dataclass(frozen=True)
class Total:
    """All steps and series together: added up, or on average where a sum would mean nothing."""

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
    """

    version: Version
    model: str
    panel: Panel
    forecasts: Forecasts
    what_if: Forecasts
    asked: NDArray[np.bool_]
    notes: tuple[str, ...]
    total: Total

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

    def csv(self) -> str:
        """Returns all steps as CSV text."""
        return csv_text(COLUMNS, self.rows())


def what_if(request: PredictRequest, question: Question, store: Store) -> WhatIfResult:
    """Forecasts from the end of the data twice.

    Raises:
        UsageError: the question can't be asked of this model; see also ``predict``.
        NotFoundError, DataError: see ``predict``.
    """
    stored, panel, notes = prepared(request, store)
    return answer(stored, panel, notes, question, request.horizon)


def answer(
    stored: StoredModel, panel: Panel, notes: tuple[str, ...], question: Question, horizon: int | None
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
    encoding = _encoding(trained)
    flags = _flags(encoding)
    changes = read_suppositions(question.values, panel, flags)
    asked = steps_of(question.at, panel, horizon)
    usual = _usual(encoding, panel)
    as_is, changed = (suppose(panel, each, asked, usual) for each in ((), changes))  # both tell of the same steps
    first, second = (trained.forecast(each, horizon) for each in (as_is, changed))
    notes += tuple(doubts(panel, changed, changes, horizon, flags))
    notes += longer_note(trained, horizon)
    fix = f"forecast predict {stored.version.name} --future FILE"
    notes += untold_note(trained, panel, horizon, fix, is_both=True)
    notes += _idle_notes([change.column for change in changes], trained)
    is_mean = read_settings(stored.version.manifest).kind == "price" or bool((first.point < 0).any())
    before, after = (float(each.point.mean() if is_mean else each.point.sum()) for each in (first, second))
    total = Total(before, after, is_mean)
    named = asked & (question.at is not None)
    return WhatIfResult(stored.version, trained.name, panel, first, second, named, notes, total)


def _encoding(trained: TrainedModel) -> Encoding | None:
    """Returns how the covariates of a model become inputs, which is the same in all its networks."""
    knowledge = trained.model.parts[0].knowledge
    return knowledge.encoding if knowledge else None


def _flags(encoding: Encoding | None) -> Flags:
    inputs = encoding.of("known") if encoding else ()
    pairs = {each.column: sorted((each.low, each.low + each.unit)) for each in inputs if each.way == "flag"}
    return {name: (low, high) for name, (low, high) in pairs.items()}


def _usual(encoding: Encoding | None, panel: Panel) -> FloatArray:
    """Returns the numbers that stand for a value which nobody tells, (S, C); NaN of other columns."""
    assert panel.covariates is not None
    usual = np.full((len(panel), len(panel.covariates.of("known"))), np.nan)
    if encoding is None:
        return usual
    centers = encoding.centers_of(panel, "known")
    for each in encoding.of("known"):
        if each.way in {"number", "ratio"}:
            own = centers[:, each.place]
            usual[:, each.place] = own * (1 + each.low) if each.way == "ratio" else own + each.low
    return usual


def _idle_notes(columns: Sequence[Column], trained: TrainedModel) -> tuple[str, ...]:
    """Returns which columns the model does not look at."""
    needed = columns_needed(trained)
    idle = [column.name for column in columns if column.name not in needed]
    return tuple(f"The model found that {name} tells nothing, so nothing it is set to matters." for name in idle)
