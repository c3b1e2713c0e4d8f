"""Known covariates on the steps to come: what is refused, what is strange, and what is assumed."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import demand_classes
from forecast.data.covariates import Column
from forecast.data.future.extrapolation import Flags, check_flags, is_yes_no, unseen_ahead
from forecast.data.panel import FloatArray, Panel
from forecast.data.reading.future_coverage import missing_ahead, steps_counted, when
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.scales import differences_seen, interval_scales
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.covariates.encoding import Encoding
from forecast.wording import counted, digits, listed

MOST_NAMED, MOST_TEXTS = 8, 3


def columns_needed(trained: TrainedModel) -> frozenset[str]:
    """Returns the known columns that a model looks at; one that it found to tell nothing is not among them."""
    encoding = _encoding_of(trained)
    return frozenset(each.column for each in encoding.of("known")) if encoding else frozenset()


def flags_of(trained: TrainedModel) -> Flags:
    """Returns the known columns that were yes or no when a model was trained."""
    encoding = _encoding_of(trained)
    inputs = [each for each in encoding.of("known") if each.way == "flag"] if encoding else []
    pairs = {each.column: sorted((each.low, each.low + each.unit)) for each in inputs}
    return {name: (low, high) for name, (low, high) in pairs.items() if is_yes_no((low, high))}


def _encoding_of(trained: TrainedModel) -> Encoding | None:
    return trained.model.covariate_model.encoding if trained.model.covariate_model else None


def short_notes(trained: TrainedModel, panel: Panel) -> tuple[str, ...]:
    """Returns which series have so few rows that their intervals are as wide as others', or that they have none."""
    if trained.distribution is None:
        return ()
    known = trained.distribution
    is_all = isinstance(known, Distribution) and known.rare and not (known.rare.are_lone or trained.reconciliation)
    if isinstance(known, Distribution) and (known.counts or is_all):
        return _demand_notes(trained, panel)
    few = differences_seen(panel, trained.season) < trained.scales.few_differences
    has_counts = trained.counted(panel)
    has_none = np.isnan(interval_scales(panel, trained.season, trained.spread, trained.scales))
    if has_counts is not None:  # what of no scale is known has them as well
        few &= ~(has_counts | has_none)
    notes = []
    for which, what in ((few & ~has_none, "mostly as wide as is usual of the others"), (few & has_none, "")):
        names = [panel.series_ids[i] for i in np.flatnonzero(which)]
        if names:
            whose = f"{counted(len(names), 'series')} ({listed(names, 3)})"
            have, vary, own = ("has", "it varies", "its") if len(names) == 1 else ("have", "they vary", "their")
            then = f"{own} intervals are {what}" if what else f"{own} forecast has no intervals"
            notes.append(f"{whose} {have} too few rows to tell how far {vary}: {then}.")
    return tuple(notes)


def _demand_notes(trained: TrainedModel, panel: Panel) -> tuple[str, ...]:
    """Returns which series of demand the others tell more of than they do themselves."""
    found = demand_classes(panel)
    few = differences_seen(panel, trained.season) < trained.scales.few_differences
    notes = []
    for which, one, several, then in (
        (found.never_sold, "never sold", "never sold", "little is forecast, as is usual of such series"),
        (found.has_ended, "has not sold for long", "have not sold for long", "forecasts fade towards zero"),
        (
            few & ~found.never_sold & ~found.has_ended,
            "has few rows",
            "have few rows",
            "forecasts lean on what all series together teach",
        ),
    ):
        names = [panel.series_ids[i] for i in np.flatnonzero(which)]
        if names:
            verb = one if len(names) == 1 else several
            notes.append(f"{counted(len(names), 'series')} ({listed(names, 3)}) {verb}: {then}.")
    return tuple(notes)


def unseen_notes(
    trained: TrainedModel, panel: Panel, horizon: int, *, is_averaged: bool, aside: Collection[str] = ()
) -> tuple[str, ...]:
    """Returns in words where a model is told of the steps to come what its columns have never been.

    Args:
        trained: that forecasts.
        panel: from whose end.
        horizon: steps.
        is_averaged: the rows of a step were made one.
        aside: columns of which nothing is to be said.

    Raises:
        DataError: a yes/no column is told to be anything else.
    """
    flags = flags_of(trained)
    check_flags(panel, flags, is_averaged=is_averaged)
    return tuple(unseen_ahead(panel, horizon, columns_needed(trained) - flags.keys() - set(aside)))


def assumed_notes(
    trained: TrainedModel, panel: Panel, horizon: int, fix: str, *, is_both: bool = False
) -> tuple[str, ...]:
    """Returns in sentences what a forecast takes as usual; nothing where all that it needs was told.

    Args:
        trained: that forecasts.
        panel: from whose end.
        horizon: steps.
        fix: the command that tells it.
        is_both: it is said of two forecasts.
    """
    limits = panel.limits.untold(panel.last, horizon) if panel.limits else ()
    carried = [
        f"{name} is not told for all steps to come: its last value is carried on ({fix} tells it)." for name in limits
    ]
    names, missing = missing_ahead(panel, horizon, columns_needed(trained))
    alike: dict[bytes, list[int]] = {}  # columns that are missing on the same steps, in one sentence
    for c in np.flatnonzero(missing.any(axis=(0, 1))):
        alike.setdefault(missing[..., c].any(axis=0).tobytes(), []).append(int(c))
    takes = "both forecasts take" if is_both else "this forecast takes"
    return (
        *carried,
        *(
            f"{_lack(panel, [names[c] for c in some], missing[..., some])}{takes} "
            f"{_as_usual(trained, panel, [names[c] for c in some])} ({fix} tells {'them' if some[1:] else 'it'})."
            for some in alike.values()
        ),
    )


def _lack(panel: Panel, names: list[str], missing: NDArray[np.bool_]) -> str:
    """Returns how far some columns are told, (S, H, C) true where they are not; all of them on the same steps."""
    dark = np.asarray(missing.any(axis=(0, 2)))  # (H,)
    told, end = int(np.argmax(dark)), int(panel.last.max())
    what, is_are = listed(names, MOST_NAMED), "is" if len(names) == 1 else "are"
    if not dark[told:].all():
        series, step, _ = (int(places[0]) for places in np.nonzero(missing & (np.arange(len(dark)) == told)[:, None]))
        whose = f" of series {panel.series_ids[series]}" if len(panel) > 1 else ""
        first = f"the first for {when(panel, int(panel.last[series]) + 1 + step)}{whose}"
        lack = "lacks" if len(names) == 1 else "lack"
        return f"{what} {lack} {counted(int(missing.sum()), 'value')} beyond {when(panel, end)}, {first}: there "
    if told:
        return (
            f"{what} {is_are} known for only {steps_counted(told, panel.frequency)} beyond {when(panel, end)}: "
            "for the rest "
        )
    some = " in all series" if not missing[:, 0].any(axis=1).all() else ""
    return f"{what} {is_are} not known{some} beyond {when(panel, end)}: "


def _as_usual(trained: TrainedModel, panel: Panel, names: list[str]) -> str:
    """Returns which values some columns are taken to have."""
    usual, covariates = trained.usual, panel.covariates
    assert usual is not None
    assert covariates is not None
    known, values = covariates.of("known"), usual.of(panel)
    own = {column.name: _usual_words(column, values[:, c]) for c, column in enumerate(known)}
    what = listed([f"{name} {own[name]}" for name in names], MOST_NAMED)
    return f"{'their usual values' if names[1:] else 'its usual value'}, {what}"


def _usual_words(column: Column, values: FloatArray) -> str:
    """Returns the usual value of a column in each series, (S,), in words."""
    held = np.unique(values[~np.isnan(values)])
    if column.levels is not None:
        words = [column.levels[int(code)] for code in held[:MOST_TEXTS]] + ["another"] * (len(held) > MOST_TEXTS)
        nothing = "none of its texts"
    else:
        ends = dict.fromkeys(digits(float(value), 5) for value in (*held[:1], *held[-1:]))
        words, nothing = [" to ".join(ends)] if ends else [], "missing"
    words += [nothing] * bool(np.isnan(values).any())
    is_one = len(held) + bool(np.isnan(values).any()) == 1
    return " or ".join(words) + ("" if is_one else " by series")
