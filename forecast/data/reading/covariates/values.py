"""The cells of a covariate as numbers: what each says, or which of the column's texts it is.

    promo    yes   no   (empty)   ──▶   1     0     nan
    price    3,45  2,99 3,10      ──▶   3.45  2.99  3.10
    weather  sun   rain sun       ──▶   1     0     1       levels: rain, sun

Shapes: ``R`` rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.columns.roles import Columns
from forecast.data.covariates import KINDS, Column, Kind, as_known, plain_form
from forecast.data.files.table import Table, Texts
from forecast.data.findings import Finding
from forecast.data.panel import FloatArray
from forecast.data.reading.missing_codes import numbers_among, without
from forecast.data.reading.target_values import finite_numbers
from forecast.errors import UsageError
from forecast.wording import counted, listed, quoted

TRUE, FALSE = frozenset(("true", "yes", "y", "t")), frozenset(("false", "no", "n", "f"))
MOST_LEVELS = 50


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one covariate."""

    column: Column
    values: FloatArray  # (R,) NaN where a cell is empty
    merged: tuple[str, ...] = ()  # texts that were taken for others, from which they differ in case alone
    unseen: tuple[str, ...] = ()  # texts that the column did not have before; their codes come after the others


def read_all_cells(
    table: Table, columns: Columns, missing: Sequence[str] = (), like: Sequence[Column] = ()
) -> list[Cells]:
    """Returns all covariates of a file.

    Args:
        table: The file.
        columns: What is used of it.
        missing: Words and numbers that stand for no value.
        like: Covariates as they were read before.

    Raises:
        UsageError, DataError: See ``read_cells``.
    """
    before = {column.name: column for column in like}
    numbers = numbers_among(missing)
    wanted = [(name, kind) for kind in KINDS for name in getattr(columns, kind)]
    return [read_cells(table, name, kind, numbers, before.get(name)) for name, kind in wanted]


def read_cells(table: Table, name: str, kind: Kind, missing: Sequence[float] = (), like: Column | None = None) -> Cells:
    """Returns a column of numbers, of true and false, or of text with few different values.

    Args:
        table: The file.
        name: The column, as the file spells it.
        kind: What is known of it.
        missing: Numbers that stand for no value.
        like: The column as it was read before, if it was: what was text then is text now, and keeps its codes.

    Raises:
        UsageError: The column holds dates, or text with too many different values.
        DataError: A cell among numbers is none, or an infinite one.
    """
    if like is not None and like.levels is not None:
        return _coded(table, name, kind, like.levels)
    held = table.kind(name)
    if held == "dates":
        raise UsageError(
            f"Column {name} of {table.source.name} holds dates, which can't be a covariate.",
            f"leave it out of --{kind}; what the calendar says is used without it",
        )
    if held in {"text", "other"}:
        texts = table.texts(name)
        truths = _truths(texts)
        if truths is not None:
            return Cells(Column(name, kind), np.append(truths, np.nan)[texts.codes])
        if like is None and not table.is_mostly_numbers(name):
            return _coded(table, name, kind)
    return Cells(Column(name, kind), without(finite_numbers(table, name), missing))


def unseen_findings(cells: Sequence[Cells]) -> list[Finding]:
    """Returns which columns of text hold what they never held before, and which another spelling of it."""
    spelled = [
        Finding(
            "note",
            "spelling",
            f"{one.column.name}: {listed([quoted(text) for text in one.merged], 3)} read regardless of case",
        )
        for one in cells
        if one.merged
    ]
    return spelled + [
        Finding(
            "warning",
            "unseen",
            f"{one.column.name} has {listed([quoted(text) for text in one.unseen], 3)}, which it never had before: "
            "taken as none of its values",
        )
        for one in cells
        if one.unseen
    ]


def _truths(texts: Texts) -> FloatArray | None:
    """Returns each different text as 1 or 0; None where one is another word than true and false are."""
    if len(texts.values) > 2 * len(TRUE | FALSE):  # each in small and capital letters, or with a capital
        return None
    words = [text.strip().lower() for text in texts.values.to_pylist()]
    return np.array([float(word in TRUE) for word in words]) if set(words) <= TRUE | FALSE else None


def _spelled(words: list[str], texts: Texts, levels: tuple[str, ...]) -> list[str]:
    """Returns each different text as the level that it is another spelling of: RAIN for Rain.

    Where there are no levels yet, spellings that differ in case alone are one, the most usual. Single letters may be
    codes in which case tells.
    """
    if levels:
        return as_known(words, levels)
    forms = [plain_form(word) for word in words]
    rows = np.bincount(texts.codes[texts.codes >= 0], minlength=len(words))
    usual: dict[str, str] = {}
    for place in np.argsort(-rows, kind="stable").tolist():
        usual.setdefault(forms[place], words[place])
    return [word if len(form) == 1 else usual[form] for word, form in zip(words, forms, strict=True)]


def _coded(table: Table, name: str, kind: Kind, levels: tuple[str, ...] = ()) -> Cells:
    """Returns a column of text; what is not among the levels, in whatever letters, comes after them.

    Raises:
        UsageError: It has too many different values to begin with.
    """
    texts = table.texts(name)
    typed = [text.strip() for text in texts.values.to_pylist()]
    words = _spelled(typed, texts, levels)
    merged = tuple(sorted({text for text, word in zip(typed, words, strict=True) if text != word}))
    unseen = tuple(sorted(set(words) - set(levels)))
    if not levels and len(unseen) > MOST_LEVELS:
        raise UsageError(
            f"Column {name} of {table.source.name} has {counted(len(unseen), 'different text')}; a covariate can have "
            f"at most {MOST_LEVELS}.",
            f"leave it out of --{kind}, or make groups of its values",
        )
    places = {word: float(code) for code, word in enumerate((*levels, *unseen))}
    codes = np.array([*(places[word] for word in words), np.nan])
    return Cells(Column(name, kind, (*levels, *unseen)), codes[texts.codes], merged, unseen if levels else ())
