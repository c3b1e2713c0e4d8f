"""Extrapolation: known values of steps to come that the data never held; refused in a yes/no column.

    history   promo 0 1 0 0     price 2.9 2.5 2.7
    told      promo 100         price 9              ──▶   refused: 0 or 1, never 100;   a guess: 2.5 to 2.9

One rule for all that tells of the future: a second file, rows without a target at the end of the data, and ``--set``.

Shapes: ``S`` series, ``N`` steps of the target, ``H`` horizon, ``C`` known columns.
"""

from collections.abc import Collection, Mapping

import numpy as np

from forecast.data.panel import FloatArray, Panel
from forecast.data.reading.future_coverage import when
from forecast.errors import DataError
from forecast.wording import digits, listed, quoted

Pair = tuple[float, float]
Flags = Mapping[str, Pair]
"""Yes/no columns, with the value that means no and the one that means yes."""

YES = (1.0, 100.0)
"""What stands beside 0 in a yes/no column: 1, or 100 per cent."""
SLACK = 0.05
"""Share of its range by which a number may leave it without a word."""


def is_yes_no(pair: Pair) -> bool:
    """Returns whether the only two values of a column mean no and yes; two prices are numbers like any others."""
    return pair[0] == 0 and pair[1] in YES


def yes_no_columns(panel: Panel) -> Flags:
    """Returns the known columns that are yes or no on the steps of the target."""
    covariates = panel.covariates
    if covariates is None:
        return {}
    history = covariates.known_on(panel.offsets, panel.first)
    found: dict[str, Pair] = {}
    for place, column in enumerate(covariates.of("known")):
        values = np.unique(history[~np.isnan(history[:, place]), place])
        if column.levels is None and len(values) == 2 and is_yes_no((values[0], values[1])):
            found[column.name] = float(values[0]), float(values[1])
    return found


def check_flags(panel: Panel, flags: Flags, *, is_averaged: bool = False) -> None:
    """Refuses another value than yes or no after the end of a series, and before it one beyond both.

    Args:
        panel: to forecast from.
        flags: its yes/no columns, as a model knows them.
        is_averaged: the rows of a step were made one, so that a value between is a part of the step.

    Raises:
        DataError: there is such a value; the first is named by its column, series and date.
    """
    covariates = panel.covariates
    if covariates is None or not len(covariates.known):
        return
    series = np.repeat(np.arange(len(panel)), np.diff(covariates.known_offsets))
    ordinals = np.arange(len(series)) - covariates.known_offsets[series] + covariates.known_first[series]
    is_ahead = (ordinals > panel.last[series]) & (not is_averaged)
    for place, column in enumerate(covariates.of("known")):
        if column.name not in flags:
            continue
        (low, high), values = flags[column.name], covariates.known[:, place]
        odd = (values < low) | (values > high) | (is_ahead & (values > low) & (values < high))
        if odd.any():
            at = np.flatnonzero(odd)[np.argmin(ordinals[odd])]
            whose = f" in series {panel.series_ids[series[at]]}" if len(panel) > 1 else ""
            more = f"; {int(odd.sum()) - 1:,} more likewise" if odd.sum() > 1 else ""
            raise DataError(
                f"{column.name} is {low:.5g} or {high:.5g}, never {digits(values[at], 5)}, as for "
                f"{when(panel, int(ordinals[at]))}{whose}{more}.",
                f"write {low:.5g} or {high:.5g} in column {column.name}",
            )


def unseen_ahead(panel: Panel, horizon: int, names: Collection[str]) -> list[str]:
    """Returns in words where known columns are told to be what they have never been.

    Args:
        panel: to forecast from.
        horizon: steps.
        names: of the columns.
    """
    covariates = panel.covariates
    if covariates is None:
        return []
    before = covariates.known_on(panel.offsets, panel.first)
    after = covariates.known_between(panel.last + 1, horizon)
    notes = []
    for place, column in enumerate(covariates.of("known")):
        if column.name not in names:
            continue
        if column.levels is None:
            notes += _strange(panel, column.name, before[:, place], after[..., place])
        else:  # what is not among the levels was named by the reader
            held, told = (np.unique(some[~np.isnan(some)]) for some in (before[:, place], after[..., place]))
            new = [column.levels[int(code)] for code in np.setdiff1d(told, held) if code < len(column.levels)]
            texts = [text for code, text in enumerate(column.levels) if code in held]
            notes += [unseen_text(column.name, text, texts) for text in new]
    return notes


def unseen_text(name: str, text: str, levels: list[str]) -> str:
    """Returns that a column never held a text."""
    return f"{name} never was {quoted(text)}, so it is taken as none of {listed([quoted(one) for one in levels])}."


def _strange(panel: Panel, name: str, before: FloatArray, after: FloatArray) -> list[str]:
    """Returns a sentence where a number is beyond all that its own series has held: before (N,), after (S, H)."""
    found = []
    for i, series_id in enumerate(panel.series_ids):
        held, comes = before[panel.offsets[i] : panel.offsets[i + 1]], after[i][~np.isnan(after[i])]
        held = held[~np.isnan(held)]
        if held.size and comes.size:
            low, high = held.min(), held.max()
            far = comes[np.argmax(np.maximum(low - comes, comes - high))]
            if max(low - far, far - high) > SLACK * (high - low):
                shown = [digits(float(number), 5) for number in (far, low, high)]
                found.append(f"{name} {shown[0]} is beyond {shown[1]} to {shown[2]}, all that it ever was")
                found[-1] += f" in series {series_id}" if len(panel) > 1 else ""
    if not found:
        return []
    more = f" ({len(found) - 1:,} more series likewise)" if found[1:] else ""
    return [f"{found[0]}{more}: so far out, the effect is a guess."]
