"""Encoding of covariates as numbers about zero: promotions, prices, holidays and traits.

All that is learned here (a number's usual size, which values a column has) is learned from the training rows.

Shapes: ``S`` series, ``C`` columns of one kind, ``F`` inputs made of them; ``...`` steps or series.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Covariates, Kind
from forecast.data.panel import Panel, places_of
from forecast.models.covariates.covariate_settings import NEW, CovariateSettings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Way = Literal["number", "ratio", "flag", "level", "missing"]

MOST_LEVELS = 12  # measured by benchmarks/tuning/covariate_effects.py
"""Different values of a column of text that get an input each; the rarer ones share none."""
ROUNDING = 1e-9
"""A number that varies by less than this share of its size does not vary."""
OFTEN_MISSING = 0.01  # measured by benchmarks/tuning/covariate_effects.py
"""A number that is missing in a larger share of the training rows gets a second input that says so."""


@dataclass(frozen=True)
class Input:
    """One number a step that a model is given.

    Attributes:
        column: the user's name of the column.
        kind: of the column.
        place: of the column among those of its kind.
        way: a ``number`` about its series' mean, its ``ratio`` to that mean where it is never below 0, a ``flag`` that
            is 0 as a rule and else 1, 1 for one ``level`` of text, or 1 where it is ``missing``.
        low: what becomes 0, the series' mean aside: a flag's usual value; a level's code.
        unit: what becomes 1 from there.
        text: of a level, the text; of a missing number, the word; of a flag whose smaller value is told, that.
    """

    column: str
    kind: Kind
    place: int
    way: Way
    low: float = 0.0
    unit: float = 1.0
    text: str | None = None

    @property
    def label(self) -> str:
        """What it is called: the column, and where that needs to be told, its value."""
        return self.column if self.text is None else f"{self.column} {self.text}"

    @property
    def is_binary(self) -> bool:
        """Whether it is 0 or 1."""
        return self.way in {"flag", "level", "missing"}


@dataclass(frozen=True, eq=False)
class Encoding:
    """How raw covariates become inputs.

    Attributes:
        columns: what must be there.
        inputs: what is made of them.
        centers: by kind, (S, C) each series' own mean of each column, NaN where it has no value; of static ones 0.
        series_ids: whose centers these are.
        settings: the numbers by which inputs are made.
    """

    columns: tuple[Column, ...]
    inputs: tuple[Input, ...]
    centers: dict[Kind, FloatArray]
    series_ids: tuple[str, ...]
    settings: CovariateSettings = NEW

    def of(self, kind: Kind) -> tuple[Input, ...]:
        """Returns the inputs made of columns of one kind."""
        return tuple(each for each in self.inputs if each.kind == kind)

    def encode(self, kind: Kind, raw: FloatArray, centers: FloatArray) -> FloatArray:
        """Returns the inputs of one kind, (..., C) -> (..., F); none is NaN.

        Args:
            kind: of the columns.
            raw: their values; NaN where nothing is told.
            centers: of the series that each row is of, broadcastable to ``raw``.
        """
        made = [_encoded(each, raw, centers, self.settings) for each in self.of(kind)]
        return np.stack(made, axis=-1) if made else np.zeros((*raw.shape[:-1], 0))

    def known_of(self, panel: Panel) -> Covariates:
        """Returns the panel's covariates with the inputs made of the known columns in place of these, (K, F)."""
        covariates = panel.covariates
        assert covariates is not None
        centers = np.repeat(self.centers_of(panel, "known"), np.diff(covariates.known_offsets), axis=0)
        return replace(covariates, known=self.encode("known", covariates.known, centers))

    def digest(self) -> bytes:
        """Returns a fingerprint of all that it encodes by."""
        digest = blake2b(repr((self.columns, self.inputs, self.series_ids)).encode())
        for kind in KINDS:
            digest.update(self.centers[kind].tobytes())
        return digest.digest()

    def centers_of(self, panel: Panel, kind: Kind) -> FloatArray:
        """Returns each series' own means in the panel's order, (S, C); a series never seen before gives its own."""
        known = self.centers[kind]
        index = places_of(panel.series_ids, self.series_ids)
        if (index >= 0).all():
            return known[index]
        fresh = _centers(panel, self.columns, kind)
        return np.where(index[:, None] >= 0, known[index], fresh)


def learn_encoding(panel: Panel, settings: CovariateSettings = NEW) -> Encoding:
    """Returns the encoding of a panel's covariates, learned from the rows up to the end of each series."""
    covariates = panel.covariates
    assert covariates is not None
    inputs: list[Input] = []
    centers: dict[Kind, FloatArray] = {}
    for kind in KINDS:
        raw = training_rows(panel, covariates, kind)
        centers[kind] = _centers(panel, covariates.columns, kind)
        own = centers[kind] if KINDS[kind].rows == "series" else np.repeat(centers[kind], panel.lengths, axis=0)
        for place, column in enumerate(covariates.of(kind)):
            inputs += _inputs_of(column, place, raw[:, place], own[:, place])
    return Encoding(covariates.columns, tuple(inputs), centers, panel.series_ids, settings)


def encoded_of(encoded: Covariates | None, panel: Panel, some: IntArray) -> Covariates | None:
    """Returns the encoded covariates of some series of their panel, at these positions; None where there are none."""
    return replace(panel, covariates=encoded).select(some).covariates if encoded else None


def training_rows(panel: Panel, covariates: Covariates, kind: Kind) -> FloatArray:
    """Returns the values of one kind up to the end of each series: (N, C), or (S, C) where each has one."""
    if KINDS[kind].rows == "ahead":
        return covariates.known_on(panel.offsets, panel.first)
    return covariates.values_of(kind)


def _inputs_of(column: Column, place: int, raw: FloatArray, centers: FloatArray) -> list[Input]:
    present = raw[~np.isnan(raw)]
    if column.levels is not None:
        codes, counts = np.unique(present, return_counts=True)
        common = codes[np.argsort(-counts, kind="stable")][:MOST_LEVELS]
        texts = {code: column.levels[int(code)] for code in common}
        return [
            Input(column.name, column.kind, place, "level", float(code), text=texts[code]) for code in sorted(common)
        ]
    distinct = np.unique(present)
    made = []
    if len(distinct) == 2:
        low, high = map(float, distinct)
        if (present == high).mean() > 0.5:  # a shop that is open as a rule: what is told is that it is closed
            made = [Input(column.name, column.kind, place, "flag", high, low - high, text=f"{low:g}")]
        else:
            made = [Input(column.name, column.kind, place, "flag", low, high - low)]
    elif len(distinct) > 2:
        way: Way = "ratio" if distinct[0] >= 0 and KINDS[column.kind].rows != "series" else "number"
        relative = _relative(raw, centers, way)
        mean, unit = float(np.nanmean(relative)), float(np.nanstd(relative))
        least = ROUNDING * (1.0 if way == "ratio" else float(np.abs(distinct).max()))
        made = [Input(column.name, column.kind, place, way, mean, max(unit, least))]
    share = 1 - len(present) / max(len(raw), 1)
    if len(distinct) > 2 and share > OFTEN_MISSING:
        made.append(Input(column.name, column.kind, place, "missing", text="missing"))
    return made


def _centers(panel: Panel, columns: tuple[Column, ...], kind: Kind) -> FloatArray:
    """Returns the mean of each column over each series' rows, (S, C); NaN where a series has no value."""
    covariates = panel.covariates
    assert covariates is not None
    some = [column for column in columns if column.kind == kind]
    if KINDS[kind].rows == "series":
        return np.zeros((len(panel), len(some)))
    raw = training_rows(panel, covariates, kind)
    known = ~np.isnan(raw)
    series = np.repeat(np.arange(len(panel)), panel.lengths)
    centers = np.zeros((len(panel), len(some)))
    for c in range(len(some)):
        rows = np.flatnonzero(known[:, c])
        counts = np.bincount(series[rows], minlength=len(panel))
        sums = np.bincount(series[rows], raw[rows, c], len(panel))
        centers[:, c] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return centers


def _relative(raw: FloatArray, centers: FloatArray, way: Way) -> FloatArray:
    """Returns numbers as their difference from the series' own mean; a ratio as a share of it."""
    return np.asarray((raw - centers) / (np.where(centers > 0, centers, 1.0) if way == "ratio" else 1.0))


def _encoded(each: Input, raw: FloatArray, centers: FloatArray, settings: CovariateSettings) -> FloatArray:
    values = raw[..., each.place]
    if each.way == "missing":
        return np.isnan(values).astype(np.float64)
    if each.way == "level":
        return np.asarray(values == each.low, dtype=np.float64)
    if each.way in {"number", "ratio"}:
        values = _relative(values, centers[..., each.place], each.way)
    scaled = np.clip((values - each.low) / each.unit, -settings.edge, settings.edge)
    return np.asarray(np.where(np.isnan(scaled) | (np.abs(scaled) < settings.same), 0.0, scaled))
