"""The pictures of a tuning: errors against time, which settings mattered, and each setting against the error.

error │ ·    ·                        error │  ·     ·
      │━━┓ ○    ·      ○                    │    ·      ·        one picture a setting
      │  ┗━━━━━━━━┓  ·                      │  · ·
      │           ┗━━━━━━                   │      ·
      └──────────────── time                └────────── window
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from forecast.report.figures.figure import add_frame, empty_figure, round_numbers
from forecast.report.figures.style import INK, MUTED, house_style, wrapped
from forecast.wording import percent

BEST, DEFAULT, STOPPED = "#0072B2", "#D55E00", "#999999"  # Okabe & Ito: told apart by the colour-blind
COLUMNS = 3
FAR = 2.0
"""Trials that err more than so many times as much as the default are drawn at the upper edge."""
MINUTE, LONG = 60.0, 300.0
ASIDE = (0, 1, -1, 2, -2)
"""Trials of one value are drawn beside each other, in this order."""
NEAR_END = 0.2
"""Share of an axis within which two of its numbers would touch."""


class Tried(Protocol):
    """What is drawn of one trial."""

    @property
    def number(self) -> int:
        """From 0, the default."""

    @property
    def values(self) -> Mapping[str, str | int | float]:
        """Of each setting."""

    @property
    def error(self) -> float | None:
        """On the search folds."""

    @property
    def state(self) -> str:
        """``whole``, or ``stopped`` before its last fold."""

    @property
    def ended(self) -> float:
        """Seconds after which it ended."""


@house_style()
def search_figure(trials: Sequence[Tried], *, label: str, title: str = "") -> Figure:
    """Returns the errors of trials against time, with the best one so far as a line.

    Args:
        trials: that have an error, by number.
        label: what the error is.
        title: above the picture.
    """
    figure = empty_figure(3.6)
    axes = figure.add_subplot()
    ordered = sorted(trials, key=lambda trial: (trial.ended, trial.number))
    unit, name = (MINUTE, "minutes") if max(trial.ended for trial in ordered) > LONG else (1.0, "seconds")
    best, steps = math.inf, []
    for trial in ordered:
        if trial.state == "whole" and _error(trial) < best:
            best = _error(trial)
            steps.append((trial.ended / unit, best))
    top = _draw_points(axes, ordered, [trial.ended / unit for trial in ordered])
    last = ordered[-1].ended / unit
    if steps:
        xs, ys = zip(*[*steps, (last, best)], strict=True)
        axes.step(xs, ys, where="post", color=BEST, linewidth=1.8, zorder=2)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{name} of search")
    axes.set_ylabel(wrapped(label, 40))
    if top is not None:
        axes.set_ylim(top=top)
    caption = (
        "Lower is better. What the search finds best is partly luck: what it is worth is told by the confirmation."
    )
    legend = {**_legend(trials), "the best so far": Line2D([], [], color=BEST, linewidth=1.8)}
    add_frame(figure, title=title, legend=legend, caption=caption)
    return figure


@house_style()
def slices_figure(
    trials: Sequence[Tried], names: Sequence[str], logarithmic: Collection[str], *, label: str, title: str = ""
) -> Figure:
    """Returns one small picture a setting: its value in each trial against the trial's error.

    Args:
        trials: that have an error.
        names: of the settings.
        logarithmic: those whose values stand at even distances by their logarithm.
        label: what the error is.
        title: above the picture.
    """
    rows = -(-len(names) // COLUMNS)
    figure = empty_figure(0.3 + 2.3 * rows)
    grid = figure.subplots(rows, min(COLUMNS, len(names)), squeeze=False, sharey=True)
    for place, axes in enumerate(grid.flat):
        if place >= len(names):
            axes.set_visible(False)
            continue
        _draw_slice(axes, trials, names[place], is_logarithmic=names[place] in logarithmic)
    for axes in grid[:, 0]:
        axes.set_ylabel(wrapped(label, 24), fontsize=8)
    caption = "Lower is better. Trials are not even over values: the search looks most where errors were low."
    add_frame(figure, title=title, legend=_legend(trials), caption=caption)
    return figure


def _draw_slice(axes: Axes, trials: Sequence[Tried], name: str, *, is_logarithmic: bool) -> None:
    values = [trial.values[name] for trial in trials]
    if is_logarithmic:
        axes.set_xscale("log")
        top = _draw_points(axes, trials, [float(value) for value in values])
        default = next((float(trial.values[name]) for trial in trials if trial.number == 0), None)
        ticks = _logarithmic_ticks([*map(float, values)], default)
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        are_numbers = all(isinstance(value, int | float) for value in values)
        order = sorted(set(values)) if are_numbers else list(dict.fromkeys(values))
        offsets = _offsets(values, trials)
        top = _draw_points(axes, trials, [order.index(v) + offset for v, offset in zip(values, offsets, strict=True)])
        axes.set_xticks(range(len(order)), [f"{value:g}" if are_numbers else str(value) for value in order], fontsize=8)
        axes.set_xlim(-0.6, len(order) - 0.4)
    if top is not None:
        axes.set_ylim(top=top)
    axes.set_title(name, fontsize=9.5)
    axes.tick_params(axis="y", labelsize=8)


def _logarithmic_ticks(values: Sequence[float], default: float | None) -> list[float]:
    """Returns the ends, and the default between them; the middle where that would stand on one of the ends."""
    low, high = min(values), max(values)
    share = math.log(default / low) / math.log(high / low) if default and high > low else 0.0
    middle = default if default and NEAR_END < share < 1 - NEAR_END else math.sqrt(low * high)
    return sorted({low, middle, high})


def _offsets(values: Sequence[object], trials: Sequence[Tried]) -> list[float]:
    """Returns how far beside its value each trial is drawn: one that has it alone, and the default, stand upon it."""
    met = Counter(value for value, trial in zip(values, trials, strict=True) if trial.number == 0)
    found = []
    for value, trial in zip(values, trials, strict=True):
        found.append(0.0 if trial.number == 0 else 0.09 * ASIDE[met[value] % len(ASIDE)])
        met[value] += trial.number != 0
    return found


def _draw_points(axes: Axes, trials: Sequence[Tried], xs: Sequence[float]) -> float | None:
    """Draws trials, and returns where the picture ends at the top; None where all are in it."""
    top = _top(trials)
    for trial, x in zip(trials, xs, strict=True):
        y = min(_error(trial), top) if top is not None else _error(trial)
        is_whole = trial.state == "whole"
        if trial.number == 0:
            axes.plot(x, y, "D", color=DEFAULT, markersize=7, zorder=4)
            axes.axhline(y, color=DEFAULT, linewidth=1.0, linestyle=(0, (5, 2)), zorder=1)
        else:
            face = BEST if is_whole else "none"
            axes.plot(x, y, "o", color=BEST if is_whole else STOPPED, markerfacecolor=face, markersize=4.5, zorder=3)
    round_numbers(axes.yaxis)
    return None if top is None else top * 1.01


def _top(trials: Sequence[Tried]) -> float | None:
    default = next((_error(trial) for trial in trials if trial.number == 0), math.nan)
    highest = max(map(_error, trials))
    return FAR * default if np.isfinite(default) and highest > FAR * default else None


def _error(trial: Tried) -> float:
    return math.nan if trial.error is None else trial.error


def _legend(trials: Sequence[Tried]) -> dict[str, Line2D]:
    found = {
        "the default": Line2D([], [], marker="D", color=DEFAULT, linestyle=(0, (5, 2)), markersize=7),
        "a trial": Line2D([], [], marker="o", color=BEST, linestyle="none"),
    }
    if any(trial.state != "whole" for trial in trials):
        label = "stopped early, clearly behind: its error is foretold"
        found[label] = Line2D([], [], marker="o", color=STOPPED, markerfacecolor="none", linestyle="none")
    return found


@house_style()
def importance_figure(importances: Mapping[str, float], *, title: str = "") -> Figure:
    """Returns one bar a setting: which share of what differs between trials it explains.

    Args:
        importances: shares by name.
        title: above the picture.
    """
    ranked = sorted(importances.items(), key=lambda pair: -pair[1])
    figure = empty_figure(0.8 + 0.3 * max(len(ranked), 2))
    axes = figure.add_subplot()
    for place, (_, share) in enumerate(ranked):
        axes.barh(place, 100 * share, height=0.62, facecolor=BEST, edgecolor=INK)
        axes.text(1.015, place, percent(share), transform=axes.get_yaxis_transform(), va="center", fontsize=9.5)
    axes.set_yticks(range(len(ranked)), [name for name, _ in ranked], color=INK, fontsize=10)
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("per cent of the variance of the error over trials (fANOVA)", color=MUTED)
    caption = "How much a setting moves the error over the values that were tried; not whether another value is better."
    add_frame(figure, title=title, caption=caption)
    return figure
