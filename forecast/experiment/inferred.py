"""What was inferred from a file and decided for a run, in words, each with the flags that override it."""

from collections.abc import Mapping

from forecast.data.checks.seasons import season_line
from forecast.data.covariates import KINDS
from forecast.data.reading.reader import Reading
from forecast.evaluation.summary import Inference
from forecast.models.networks.presets import spec_parameters
from forecast.specs import Kind, Match, ModelSpec, Plan
from forecast.wording import counted, listed

MOST_NAMED = 12
_KINDS: dict[Kind, str] = {
    "auto": "",
    "sales": "sales: no forecast or interval below 0",
    "price": "price: log returns, from the last value on",
}
WALK = "price: behaves like a random walk, so the last value counts most"


def form_of(reading: Reading) -> tuple[str, str]:
    """Returns how a file is stored where that needs a word, for behind its name, and the flag that says it."""
    if reading.sheet is not None:
        return f", sheet {reading.sheet}", "--sheet"
    return ("", "") if reading.encoding == "UTF-8" else (f", {reading.encoding}", "--encoding")


def inferred_from_file(reading: Reading) -> tuple[Inference, ...]:
    """Returns what the columns are, how many series there are, at what step and for what time."""
    columns, panel = reading.columns, reading.panel
    ids = f", {' + '.join(columns.ids)} → series" if columns.ids else ""
    flags = ("--time", "--target", "--id") if columns.ids else ("--time", "--target")
    rows, target = counted(reading.rows, "row"), ", ".join(columns.target)
    time = f"{columns.time} → time" if columns.time else "row number → time"
    text, flag = form_of(reading)
    flags = (*flags, flag) if flag else flags
    read = Inference("Read", f"{reading.source}{text}: {rows}, {time}, {target} → target{ids}", flags)
    first, last = reading.days
    if columns.time:
        step, flag = f"{panel.frequency.name} ({panel.frequency.code})", "--freq"
    else:
        step, flag = "one step a row", "--no-dates"
    series = Inference("Series", f"{counted(len(panel), 'series')}, {step}, {first} … {last}", (flag,))
    if panel.covariates is None:
        return read, series
    named = {kind: [column.name for column in panel.covariates.of(kind)] for kind in KINDS}
    beside = "; ".join(f"{listed(own, MOST_NAMED)} {KINDS[kind].of_several}" for kind, own in named.items() if own)
    return read, Inference("Beside", beside, tuple(f"--{kind}" for kind in KINDS if named[kind])), series


def decided_for_run(
    plan: Plan, specs: Mapping[str, ModelSpec], *, match: Match, is_limited: bool
) -> tuple[Inference, ...]:
    """Returns what is forecast, from what, how it is scored, and which networks are trained.

    Args:
        plan: of the run.
        specs: of the networks, by their cell; empty where none is trained.
        match: what the cells share.
        is_limited: the run has a time limit, to which seeds and steps were chosen.
    """
    steps = counted(plan.horizon, "step")
    again = "trained anew at each" if plan.refit else "trained once, at the earliest origin"
    told = [
        Inference("Season", season_line(plan.shown), ("--season",)),
        Inference("Forecast", f"{steps} from a window of {plan.window:,}", ("--horizon", "--window")),
    ]
    if plan.is_walk:
        told.append(Inference("Kind", WALK, ("--kind sales" if plan.nonnegative else "--kind",)))
    elif kind := _KINDS[plan.kind]:
        told.append(Inference("Kind", kind, ("--kind",)))
    told.append(Inference("Scoring", f"{counted(plan.folds, 'fold')} × {steps}, {again}", ("--folds",)))
    for spec in list(specs.values())[:1]:  # they differ in their cell, and in what is matched
        seeds, views = counted(len(spec.seeds), "seed"), counted(len(spec.views), "view")
        segments = f", {spec.window // spec.segment} segments of {spec.segment}" if spec.segment > 1 else ""
        each = "" if match == "seconds" else f", {counted(spec.steps, 'step')} each"
        flags = ("--time-limit",) if is_limited else ("--seeds", "--preset")
        told.append(Inference("Networks", f"{seeds} × {views}{each}{segments}", flags))
    if match != "steps":
        told.append(Inference("Matched", _matched(match, specs), ("--match",)))
    return tuple(told)


def _matched(match: Match, specs: Mapping[str, ModelSpec]) -> str:
    """Returns what each recurrent cell got, so that all have the same of what was asked for."""
    cells = [spec for spec in specs.values() if spec.is_recurrent]
    if match == "seconds":
        each = ", ".join(f"{spec.cell} {counted(spec.steps, 'step')}" for spec in cells)
        return f"seconds of training: {each}"
    each = ", ".join(f"{spec.cell} {counted(spec.units, 'unit')}" for spec in cells)
    counts = sorted(spec_parameters(spec) for spec in cells)
    return f"parameters, {counts[0]:,} to {counts[-1]:,}: {each}"
