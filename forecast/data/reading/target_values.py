"""The columns to forecast as numbers, without those that stand for *not measured*.

Shapes: ``R`` rows.
"""

import shlex
from dataclasses import dataclass

import numpy as np

from forecast.data.columns.roles import Columns
from forecast.data.columns.selection import ROWS
from forecast.data.files.table import Table, first_row
from forecast.data.findings import Finding
from forecast.data.numbers import Numbers, thousand_or_decimals
from forecast.data.panel import FloatArray
from forecast.data.read_options import KEEP_ALL, ReadOptions
from forecast.data.reading.missing_codes import find_sentinels, numbers_among, without
from forecast.errors import DataError
from forecast.wording import counted, listed, quoted

TINY, LARGE = 1e-6, 1e12
THOUSAND, SURELY, FAR = 1000, 20, 10
"""So many different numbers of each kind tell thousands from decimals, where the whole ones are so far larger."""


@dataclass(frozen=True, eq=False)
class TargetValues:
    """The values of the target columns."""

    values: tuple[FloatArray, ...]  # each (R,), NaN where a row has none
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]  # what was read as missing, as --missing takes it


def read_targets(table: Table, columns: Columns, options: ReadOptions) -> TargetValues:
    """Returns the numbers of the target columns; where rows are counted, a 1 for each.

    Raises:
        DataError: A cell is no number, or an infinite one.
    """
    values, findings, missing = [], [], set(options.missing)
    for name in columns.target:
        if options.aggregate == "count" and columns.target == (ROWS,) and not options.target:
            values.append(np.ones(table.rows))
            continue
        numbers = finite_numbers(table, name)
        findings += _style_findings(table, name) + measure_findings(table, name)
        if options.missing:
            numbers = without(numbers, numbers_among(options.missing))
        else:
            numbers, sure, more = _cleaned(name, numbers)
            findings, missing = findings + more, missing | sure
        values.append(numbers)
    return TargetValues(tuple(values), tuple(findings), tuple(sorted(missing)))


def finite_numbers(table: Table, name: str) -> FloatArray:
    """Returns a column of numbers, (R,), NaN where a cell is empty.

    Raises:
        DataError: A cell is no number, an infinite one, or all have a point that may be before thousands.
    """
    numbers = table.numbers(name)
    infinite = np.isinf(numbers)
    if infinite.any():
        message = f"{table.place(int(infinite.argmax()))}: column {name} holds an infinite number"
        raise DataError(message, "correct it, or leave it empty if it is not known")
    if table.kind(name) == "numbers" and not table.is_whole(name):
        _check_points(table, name, numbers)
    return numbers


def _check_points(table: Table, name: str, numbers: FloatArray) -> None:
    """Refuses a column in which each point is before three digits, where people write thousands so.

    Raises:
        DataError: So it is, and no other number of the file says what the point means, or those of the column differ.
    """
    dialect = table.dialect
    if dialect is None or table.is_decimal_asked or not dialect.leaves_open("."):
        return
    whole = np.clip(numbers[~np.isnan(numbers)], -LARGE, LARGE) * 1000  # of few columns: few are read again as written
    if (np.abs(whole - np.round(whole)) < TINY).all():
        texts = table.texts(name)
        pointed = texts.matching(r"\.")
        if not pointed.any() or not texts.matching(r"^\s*[-+]?[1-9]\d{0,2}\.\d{3}\s*$")[pointed].all():
            return
        if not dialect.is_proven or _look_like_thousands(np.abs(np.unique(numbers[~np.isnan(numbers)]))):
            raise thousand_or_decimals(table.source.name, name, str(texts.values[int(pointed.argmax())].as_py()))


def _look_like_thousands(different: FloatArray) -> bool:
    """Tells whether numbers with three decimals are rather thousands: whole ones beside them are far larger.

    Decimals that end in 0 would be written shorter, by some at least of so many.

    Args:
        different: (D,), each number once.
    """
    is_whole = different == np.round(different)
    decimals, whole = different[~is_whole], different[is_whole & (different > 0)]
    return bool(
        min(decimals.size, whole.size) >= SURELY
        and whole.max() < THOUSAND
        and np.median(whole) >= FAR * np.median(decimals)
    )


def _style_findings(table: Table, name: str) -> list[Finding]:
    """Returns how numbers are read that are not written in plain digits."""
    style = table.style(name)
    if style is None:
        return []
    numbers, text = style
    findings = _bound_findings(table, name, numbers)
    value = f"{numbers.values[numbers.example]:.15g}"
    if text == value or numbers.example in numbers.bounded:
        return findings
    return [*findings, Finding("note", "numbers", f"{text} in {name} is read as {value}", "--decimal")]


def _bound_findings(table: Table, name: str, numbers: Numbers) -> list[Finding]:
    """Returns how cells are read that name a bound in place of a number: <1 as the half of it, >100 as 100."""
    if not numbers.bounded:
        return []
    texts = table.texts(name)
    rows = int(np.isin(texts.codes, numbers.bounded).sum())
    words = [quoted(str(texts.values[i].as_py()).strip()) for i in numbers.bounded]
    read = [f"{word} as {numbers.values[i]:.15g}" for word, i in zip(words, numbers.bounded, strict=True)]
    text = f"{counted(rows, 'cell')} of {name} name a bound, no number: read {listed(read, 3)}"
    word = words[0].strip("'")
    return [Finding("warning", "bounds", text, f"--missing {shlex.quote(word)}" if word[0] in "<>≤≥" else "")]


def measure_findings(table: Table, name: str) -> list[Finding]:
    """Returns that the numbers of a column, once read, are in several currencies, or in percent and without."""
    style = table.style(name)
    if style is None or not style[0].mixed:
        return []
    numbers = style[0]
    texts = table.texts(name)
    lines = [table.line(first_row(texts.codes, np.arange(len(texts.values)) == i)) for i in numbers.mixed]
    cells = [quoted(str(texts.values[i].as_py())) for i in numbers.mixed]
    examples = listed([f"{cell} ({line})" for cell, line in zip(cells, lines, strict=True)])
    text = f"{name} mixes {examples}; the numbers count as they stand, none is converted"
    return [Finding("warning", "measures", text)]


def _cleaned(name: str, numbers: FloatArray) -> tuple[FloatArray, set[str], list[Finding]]:
    """Returns the numbers without those that surely stand for nothing, which these are, and what to say of them."""
    findings, sure = [], []
    for sentinel in find_sentinels(numbers):
        word = f"{sentinel.value:.15g}"
        if sentinel.is_sure:
            sure.append(sentinel.value)
            text = f"{word} comes {sentinel.count:,} times in {name}, far from all else: read as missing"
            findings.append(Finding("warning", "sentinel", text, f"--missing {KEEP_ALL[0]}"))
        else:
            text = f"{word} comes {sentinel.count:,} times in {name}; does it mean that nothing was measured?"
            findings.append(Finding("warning", "sentinel", text, f"--missing {word}"))
    return without(numbers, sure), {f"{value:.15g}" for value in sure}, findings
