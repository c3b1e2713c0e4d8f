"""Covariates: what is known beside the target (promotions, prices, holidays, traits), as the file holds them.

    target    a a a a a a |                 N steps of all series together
    past      p p p p p p |                 on the same steps: cut with the target at an origin
    known     k k k k k k k k k k k         on steps of its own, which may go on after the target's end
    static    s                             one value a series

A cut at an origin leaves nothing of the past columns after it, and all of the known ones: that is what the word
means. A column of text is the position of each text among its ``levels``; an empty cell is NaN everywhere.

Shapes: ``S`` series, ``N`` steps of the target, ``K`` steps of the known columns, ``C`` columns of one kind.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kind = Literal["known", "past", "static"]
Rows = Literal["ahead", "observed", "series"]


@dataclass(frozen=True)
class CovariateKind:
    """One kind of covariate: how its values lie, and how it is said.

    Attributes:
        name: of the flag that names its columns, and of its values in ``Covariates``.
        rows: of its values: steps of its own that may go on after the target's end, the target's steps, or series.
        of_several: what several of its columns are.
        of_one: what one of them is.
        unlike_known: what one of them is that a scenario can't change; empty for known ones.
    """

    name: Kind
    rows: Rows
    of_several: str
    of_one: str
    unlike_known: str = ""


KINDS: dict[Kind, CovariateKind] = {
    kind.name: kind
    for kind in (
        CovariateKind("known", "ahead", "known ahead", "known in the future"),
        CovariateKind(
            "past",
            "observed",
            "seen up to each origin",
            "seen up to the origin only",
            "known only up to the end of the data",
        ),
        CovariateKind("static", "series", "by series", "a trait of each series", "a trait of the series"),
    )
}
"""All kinds, in the order in which their columns stand; everyone else iterates."""


@dataclass(frozen=True)
class Column:
    """One covariate.

    Attributes:
        name: the user's name of the column.
        kind: known in the future, seen up to the origin only, or a trait of the series.
        levels: the texts of a column of text, in the order of their codes; None for numbers and true/false.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Covariates:
    """The covariates of a panel, laid out by series and step."""

    columns: tuple[Column, ...]
    known: FloatArray  # (K, C) of the known columns, in the order of ``columns``
    known_offsets: IntArray  # (S + 1,)
    known_first: IntArray  # (S,) ordinal of each series' first known step
    past: FloatArray  # (N, C)
    static: FloatArray  # (S, C)

    def of(self, kind: Kind) -> tuple[Column, ...]:
        """Returns the columns of one kind, in the order of their values."""
        return tuple(column for column in self.columns if column.kind == kind)

    def values_of(self, kind: Kind) -> FloatArray:
        """Returns the values of one kind; what a row of them is, its record says."""
        values: FloatArray = getattr(self, kind)
        return values

    def with_values(self, values: Mapping[Kind, FloatArray]) -> Self:
        """Returns the covariates with other values of some kinds."""
        arrays: dict[str, Any] = {str(kind): array for kind, array in values.items()}
        return replace(self, **arrays)

    @property
    def known_last(self) -> IntArray:
        """Ordinal of the last step of which each series' known columns tell, (S,)."""
        return self.known_first + np.diff(self.known_offsets) - 1

    def known_between(self, first: IntArray, steps: int) -> FloatArray:
        """Returns the known columns on ``steps`` steps of each series, (S, steps, C); NaN where nothing is told.

        Args:
            first: (S,) ordinal of the first step wanted.
            steps: how many.
        """
        series = np.repeat(np.arange(len(first)), steps)
        wanted = (first[:, None] + np.arange(steps)).ravel()
        return self.known_at(series, wanted).reshape(len(first), steps, self.known.shape[1])

    def known_on(self, offsets: IntArray, first: IntArray) -> FloatArray:
        """Returns the known columns on the steps of the target, (N, C), whose series lie and begin as told."""
        series = np.repeat(np.arange(len(first)), np.diff(offsets))
        return self.known_at(series, np.arange(offsets[-1]) - offsets[series] + first[series])

    def known_at(self, series: IntArray, steps: IntArray) -> FloatArray:
        """Returns the known columns at some steps (n,), ordinals of them, of some series (n,): (n, C)."""
        inside = (steps >= self.known_first[series]) & (steps <= self.known_last[series])
        if not len(self.known):
            return np.full((len(steps), self.known.shape[1]), np.nan)
        place = np.where(inside, self.known_offsets[series] + steps - self.known_first[series], 0)
        return np.where(inside[:, None], self.known[place], np.nan)

    def cut(self, positions: IntArray, chosen: IntArray) -> Self:
        """Returns the covariates of some series, their past columns at some steps of the target only.

        Args:
            positions: of the steps that stay, in the target's buffer.
            chosen: positions of the series that stay.
        """
        lengths = np.diff(self.known_offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(self.known_offsets[:-1][chosen] - offsets[:-1], lengths)
        rows = {"ahead": places, "observed": positions, "series": chosen}
        kept = self.with_values({kind: self.values_of(kind)[rows[record.rows]] for kind, record in KINDS.items()})
        return replace(kept, known_offsets=offsets, known_first=self.known_first[chosen])

    def since(self, first: IntArray) -> Self:
        """Returns the covariates with what the known columns tell of the steps from these on, (S,)."""
        skipped = np.clip(first - self.known_first, 0, np.diff(self.known_offsets))
        lengths = np.diff(self.known_offsets) - skipped
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(self.known_offsets[:-1] + skipped - offsets[:-1], lengths)
        return replace(self, known=self.known[places], known_offsets=offsets, known_first=self.known_first + skipped)

    def only(self, columns: Sequence[Column]) -> Self:
        """Returns the covariates with some of their columns only, in this order."""
        places = {kind: [self.of(kind).index(column) for column in columns if column.kind == kind] for kind in KINDS}
        kept = {kind: self.values_of(kind)[:, own] for kind, own in places.items()}
        return replace(self.with_values(kept), columns=tuple(columns))

    def coded_like(self, columns: Sequence[Column]) -> Self:
        """Returns the covariates whose texts have the codes of the same columns elsewhere; new ones come after those.

        Texts are the same however they are typed; see ``as_known``.
        """
        wanted = {(column.name, column.kind): column.levels for column in columns}
        arrays, made = {kind: self.values_of(kind).copy() for kind in KINDS}, []
        for column in self.columns:
            own, other = column.levels, wanted.get((column.name, column.kind))
            if own is None or other is None or own[: len(other)] == other:
                made.append(column)
                continue
            names = as_known(own, other)
            levels = (*other, *dict.fromkeys(name for name in names if name not in other))
            codes = np.array([levels.index(name) for name in names], dtype=np.float64)
            values, place = arrays[column.kind], self.of(column.kind).index(column)
            told = ~np.isnan(values[:, place])
            values[told, place] = codes[values[told, place].astype(np.int64)]
            made.append(replace(column, levels=levels))
        return replace(self.with_values(arrays), columns=tuple(made))

    def without(self, name: str) -> Self | None:
        """Returns the covariates without one column; None where none is left."""
        columns = [column for column in self.columns if column.name != name]
        return self.only(columns) if columns else None


ARRAYS = tuple(field.name for field in fields(Covariates) if field.name != "columns")
"""What a version keeps of covariates, and what tells two panels' apart."""


def plain_form(text: str) -> str:
    """Returns a text without what only tells how it was typed: case, blanks around and doubled, composed accents."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold()).split())


def as_known(words: Sequence[str], levels: Sequence[str]) -> list[str]:
    """Returns each text as the level that it is another spelling of: RAIN for Rain; else as it is.

    Between levels that differ in nothing but how they are typed, typing tells.
    """
    known: dict[str, set[str]] = {}
    for level in levels:
        known.setdefault(plain_form(level), set()).add(level)
    meant = [known.get(plain_form(word), {word}) for word in words]
    return [word if word in levels or len(own) > 1 else min(own) for word, own in zip(words, meant, strict=True)]
