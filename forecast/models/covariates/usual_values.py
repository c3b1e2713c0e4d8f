"""Usual values: what stands for a known covariate on a step to come of which nobody tells.

    history   price  2.9 2.9 2.5 2.9     promo  0 0 1 0     sky  sun sun fog sun
    usual            2.8                        0                sun

They are measured once, on the training rows, and kept with the version: train's own forecast, `predict` at any horizon,
what-if and retrain fill what nobody tells with the same numbers. So a step to come is never taken for one whose value
is *missing*, as those are where the history has holes.

Shapes: ``S`` series, ``C`` known columns, ``n`` steps of the target, ``T`` steps to come.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Column
from forecast.data.panel import Panel, places_of
from forecast.data.reading.future_coverage import Known, continued
from forecast.models.covariates.covariate_settings import NEW, CovariateSettings
from forecast.models.covariates.encoding import Encoding, training_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Measure = Literal["mean", "majority", "fixed"]


@dataclass(frozen=True, eq=False)
class UsualValues:
    """The usual value of each known column in each series.

    Attributes:
        columns: names of the known columns.
        measures: of each column: the ``mean`` of a number; what the ``majority`` of rows hold where there are two
            values or texts; or a value that is ``fixed``, the same for all series.
        own: (S, C); NaN where there is no usual value: a text without a majority, or a column that most rows lack.
        common: (C,) of all series together, for a series of which nothing is known.
        series_ids: (S,) whose ``own`` these are.
        settings: by which those of new series are found.
    """

    columns: tuple[str, ...]
    measures: tuple[Measure, ...]
    own: FloatArray
    common: FloatArray
    series_ids: tuple[str, ...]
    settings: CovariateSettings = NEW

    def __post_init__(self) -> None:
        """Refuses parts that don't fit each other.

        Raises:
            ValueError: they don't.
        """
        shape = (len(self.series_ids), len(self.columns))
        fits = self.own.shape == shape and self.common.shape == shape[1:] and len(self.measures) == shape[1]
        if not fits or not set(self.measures) <= set(get_args(Measure)):
            raise ValueError("the usual values do not fit the columns")

    def of(self, panel: Panel) -> FloatArray:
        """Returns the usual values of a panel's series and known columns, in its order, (S, C).

        Those of a series that was never trained on are measured on its own rows; a column without any has NaN.
        """
        columns = panel.covariates.of("known") if panel.covariates else ()
        index = places_of(panel.series_ids, self.series_ids)
        found = np.full((len(panel), len(columns)), np.nan)
        for c, column in enumerate(columns):
            if column.name not in self.columns:
                continue
            at = self.columns.index(column.name)
            found[:, c] = self.own[index, at] if len(self.own) else np.nan
            if (index < 0).any():
                found[index < 0, c] = self._fresh(panel, c, at)[index < 0]
        return found

    def _fresh(self, panel: Panel, place: int, at: int) -> FloatArray:
        """Returns what a panel's own rows say of one column, and what is common where a series has no row, (S,)."""
        if self.measures[at] == "fixed":
            return np.full(len(panel), self.common[at])
        covariates = panel.covariates
        assert covariates is not None
        raw = training_rows(panel, covariates, "known")[:, place]
        own = _measured(panel, raw, self.measures[at], float(self.common[at]), self.settings.usual)
        return np.where(panel.lengths > 0, own, self.common[at])

    def filled(self, panel: Panel, steps: int) -> Panel:
        """Returns the panel whose known columns tell of so many steps after the end of each series.

        What is told stays; elsewhere stands what is usual.
        """
        covariates = panel.covariates
        if covariates is None or not covariates.of("known") or steps < 1:
            return panel
        known = covariates.known_between(panel.last + 1, steps)  # (S, T, C)
        filled = np.where(np.isnan(known), self.of(panel)[:, None], known)
        newer = Known(filled.reshape(-1, known.shape[2]), panel.last + 1, np.arange(len(panel) + 1) * steps)
        return replace(panel, covariates=continued(covariates, newer))


def learn_usual(panel: Panel, settings: CovariateSettings = NEW) -> UsualValues | None:
    """Returns the usual values of a panel's known columns, by the rows up to the end of each series; None without any.

    Args:
        panel: ends at the origin.
        settings: by which they are found.
    """
    covariates = panel.covariates
    columns = covariates.of("known") if covariates else ()
    if covariates is None or not columns:
        return None
    raw = training_rows(panel, covariates, "known")
    measures = tuple(_measure_of(column, raw[:, c]) for c, column in enumerate(columns))
    common = [
        _common(raw[:, c], panel.observed, column, measures[c], settings.usual) for c, column in enumerate(columns)
    ]
    own = [_measured(panel, raw[:, c], measure, common[c], settings.usual) for c, measure in enumerate(measures)]
    names = tuple(column.name for column in columns)
    return UsualValues(names, measures, np.stack(own, axis=1), np.array(common), panel.series_ids, settings)


def usual_of_encoding(encoding: Encoding) -> UsualValues:
    """Returns what an encoding takes for usual: what a version of an earlier program, which kept none, was issued with.

    Its texts have no usual value, and its flags one for all series.
    """
    columns = [column for column in encoding.columns if column.kind == "known"]
    own = encoding.centers["known"].astype(np.float64)
    measures: list[Measure] = ["mean"] * len(columns)
    for c, column in enumerate(columns):
        if column.levels is not None:
            own[:, c], measures[c] = np.nan, "fixed"
    for each in encoding.of("known"):
        if each.way == "flag":
            own[:, each.place], measures[each.place] = each.low, "fixed"
        elif each.way in {"number", "ratio"}:
            center = own[:, each.place]
            own[:, each.place] = center * (1 + each.low) if each.way == "ratio" else center + each.low
    known = ~np.isnan(own)
    counts = known.sum(axis=0)
    sums = np.where(known, own, 0.0).sum(axis=0)
    common = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    own = np.where(known, own, common)
    return UsualValues(
        tuple(column.name for column in columns), tuple(measures), own, common, encoding.series_ids, encoding.settings
    )


def _measure_of(column: Column, raw: FloatArray) -> Measure:
    """Returns how the usual value of a column (n,) is found: by counting where it has texts or at most two values."""
    return "majority" if column.levels is not None or len(np.unique(raw[~np.isnan(raw)])) <= 2 else "mean"


def _common(raw: FloatArray, observed: BoolArray, column: Column, measure: Measure, most: float) -> float:
    """Returns the usual value of all rows together, (n,); NaN where there is none."""
    present = raw[~np.isnan(raw)]
    rows = int((observed | ~np.isnan(raw)).sum())
    if len(present) < most * rows or not rows:
        return float("nan")
    if measure == "mean":
        return float(present.mean())
    values, counts = np.unique(present, return_counts=True)
    is_common = column.levels is None or counts.max() > most * rows
    return float(values[counts.argmax()]) if is_common else float("nan")


def _measured(panel: Panel, raw: FloatArray, measure: Measure, common: float, most: float) -> FloatArray:
    """Returns the usual value of one column (n,) in each series by its own rows, (S,)."""
    present = ~np.isnan(raw)
    series = np.repeat(np.arange(len(panel)), panel.lengths)

    def counted(which: BoolArray) -> IntArray:
        return np.bincount(series[which], minlength=len(panel))

    rows, told = counted(panel.observed | present), counted(present)  # a step without a row tells nothing
    usual = np.full(len(panel), common)
    if measure == "mean":
        usual = np.bincount(series[present], raw[present], len(panel)) / np.maximum(told, 1)
    else:
        for value in np.unique(raw[present]):
            usual = np.where(counted(raw == value) > most * rows, value, usual)
    return np.where((rows > 0) & (told >= most * rows), usual, np.nan)
