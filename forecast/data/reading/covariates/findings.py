"""What the reader has to say of covariates: where they are missing, what they can't tell, how far they are known.

Shapes: ``S`` series.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from forecast.data.covariates import KINDS, Column, Covariates
from forecast.data.findings import Finding
from forecast.data.frequency import readable
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.reading.covariates.values import Cells, unseen_findings
from forecast.data.reading.future_coverage import reach, steps_counted
from forecast.wording import listed, quoted

MOST_NAMED = 8


def with_covariate_findings(
    findings: Sequence[Finding], panel: Panel, cells: Sequence[Cells], *, is_averaged: bool, is_new: bool
) -> list[Finding]:
    """Returns the findings of a panel with those of its covariates.

    Args:
        findings: Of its target. Rows without a value at the end are not left out if they tell of the future.
        panel: Which has some.
        cells: As the file holds them.
        is_averaged: The rows of one step were made one.
        is_new: These columns were not read before; else what never changes was said then.
    """
    covariates = panel.covariates
    assert covariates is not None
    columns = list(_laid_out(covariates))
    found = _averaged(covariates.columns) if is_averaged else []
    found += _missing(columns)
    if is_new:
        found += [_constant(column, values) for column, values in columns if _never_changes(values)]
    found += unseen_findings(cells)
    steps = reach(panel)
    kept = [finding for finding in findings if finding.topic != "trailing" or not steps.any()]
    return [*kept, *found, *_reach(panel, covariates, steps)]


def _laid_out(covariates: Covariates) -> Iterator[tuple[Column, FloatArray]]:
    for kind in KINDS:
        for place, column in enumerate(covariates.of(kind)):
            yield column, covariates.values_of(kind)[:, place]


def _missing(columns: Sequence[tuple[Column, FloatArray]]) -> list[Finding]:
    """Returns how many values are missing of which column, and how these are taken."""
    findings = []
    for is_text, taken in (
        (False, "taken as the column's usual value, and the networks are told"),
        (True, "taken as none of the column's values"),
    ):
        counts = []
        for column, values in columns:
            missing = int(np.isnan(values).sum())
            if missing and (column.levels is not None) == is_text:
                counts.append(f"{column.name} {missing:,} of {values.size:,}")
        if counts:
            what = "text" if is_text else "numbers"
            findings.append(Finding("note", "missing", f"missing {what}: {listed(counts, MOST_NAMED)}; {taken}"))
    return findings


def _never_changes(values: FloatArray) -> bool:
    known = values[~np.isnan(values)]
    return known.size == 0 or bool(known.min() == known.max())


def _constant(column: Column, values: FloatArray) -> Finding:
    known = values[~np.isnan(values)]
    if known.size == 0:
        text = f"{column.name} is empty, so it can tell nothing"
    else:
        word = f"{known[0]:.15g}" if column.levels is None else quoted(column.levels[int(known[0])])
        text = f"{column.name} is {word} wherever it is given, so it can tell nothing"
        text += "; an empty cell is not taken as 'no': write 0" if known.size < values.size else ""
    return Finding("warning", "covariates", text, f"leave it out of --{column.kind}")


def _averaged(columns: Sequence[Column]) -> list[Finding]:
    """Returns what becomes of the rows of one step."""
    numbers = [column.name for column in columns if column.kind != "static" and column.levels is None]
    texts = [column.name for column in columns if column.kind != "static" and column.levels is not None]
    parts = [f"{listed(numbers, MOST_NAMED)} averaged over the rows of a step"] if numbers else []
    parts += [f"of {listed(texts, MOST_NAMED)} the last one in a step is taken"] if texts else []
    return [Finding("note", "covariates", "; ".join(parts), "--aggregate")] if parts else []


def _reach(panel: Panel, covariates: Covariates, steps: IntArray) -> list[Finding]:
    """Returns how far the known columns go beyond the last values of the target."""
    names = [column.name for column in covariates.of("known")]
    if not names:
        return []
    least, most = int(steps.min()), int(steps.max())
    target, end = panel.target, readable(panel.frequency.timestamps(panel.last.max()[None])[0])
    what = f"{listed(names, MOST_NAMED)} {'is' if len(names) == 1 else 'are'}"
    if most == 0:
        text = f"{what} not known beyond the last {target} ({end}); a forecast takes what is usual"
        return [Finding("note", "future", text, "predict --future FILE")]
    how_far = steps_counted(most, panel.frequency)
    if least < most:
        how_far = f"{least:,} to {how_far}, depending on the series,"
    return [Finding("note", "future", f"{what} known {how_far} beyond the last {target} ({end})")]
