"""The folds of a backtest on the calendar: what each model knew at each origin, and what it was scored on.

fold 0   ██████████████░░                  ░ calibrates, is not scored
fold 1   ██████████████  ▒▒                █ trained on
fold 2   ████████████████  ▒▒              ▒ scored
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.frequency import readable
from forecast.report.html.chart import NARROW, WIDE, Axis, Chart, Key, Look, Mark, Tick, bar_path, date_ticks, days_of
from forecast.report.html.page import Gallery

KNOWN, TRAINED, SCORED, CALIBRATED = Look("known"), Look("trained"), Look("scored"), Look("calibrated")
TRAIN_SPANS = 2.0
"""Of the time before the first scored part so many times the time since is drawn, or folds would be hairlines."""
THICK = 0.56  # of a row
ROW = 2.1  # rem


@dataclass(frozen=True)
class FoldSpan:
    """One fold: its number, its origin and the last date of the steps after it."""

    number: int
    origin: np.datetime64
    end: np.datetime64


def fold_gallery(folds: Sequence[FoldSpan], first: np.datetime64, *, refit: bool, together: bool) -> Gallery:
    """Returns one bar a fold, the earliest on top.

    Args:
        folds: Fold 0, which only calibrates, and the scored ones.
        first: The first date of the data.
        refit: Whether models are trained anew at each origin; otherwise once, at the earliest.
        together: Whether the series end together, so that an origin is a date for all of them.
    """
    earliest, last = folds[0].origin, folds[-1].end
    begin, origin, end = days_of(np.array([first, earliest, last]))
    shown = max(begin, origin - TRAIN_SPANS * (end - origin))
    across = Axis(shown, end)
    rows = [1 - (place + 0.5) / len(folds) for place in range(len(folds))]
    marks = []
    for row, fold in zip(rows, folds, strict=True):
        at, until = (across.place(float(day)) for day in days_of(np.array([fold.origin, fold.end])))
        learned = at if refit else across.place(origin)
        span = (row - THICK / 2 / len(folds), row + THICK / 2 / len(folds))
        marks.append(Mark("bar", bar_path(0, learned, *span), TRAINED, f"fold {fold.number}: trained on"))
        if learned < at:
            marks.append(Mark("bar", bar_path(learned, at, *span), KNOWN, f"fold {fold.number}: known"))
        look, what = (CALIBRATED, "calibrates") if fold.number == 0 else (SCORED, "scored")
        dates = f"after {readable(fold.origin)}, up to {readable(fold.end)}"
        marks.append(Mark("bar", bar_path(at, until, *span), look, f"fold {fold.number}: {what}, {dates}"))
    wide, below = date_ticks(across, WIDE)
    chart = Chart(
        label=f"{len(folds)} folds from {readable(first)} to {readable(last)}",
        marks=tuple(marks),
        left=tuple(Tick(row, f"fold {fold.number}") for row, fold in zip(rows, folds, strict=True)),
        days=wide,
        days_narrow=date_ticks(across, NARROW)[0],
        below=below,
        height=max(ROW * len(folds), 5.0),
        has_grid=False,
    )
    keys = [Key("trained on", "bar", TRAINED)]
    keys += [] if refit else [Key("known, not trained on", "bar", KNOWN)]
    keys += [Key("scored", "bar", SCORED), Key("only calibrates", "bar", CALIBRATED)]
    notes = [] if shown <= begin else [f"The data begin at {readable(first)}, left of the picture."]
    if not together:
        notes.append("The series end at different dates, and each counts back from its own end: drawn is the latest.")
    return Gallery((chart,), tuple(keys), " ".join(notes))
