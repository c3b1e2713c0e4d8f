"""How far networks are trusted against anchors: which views count, what is usual, and how fast folds teach otherwise.

    python benchmarks/tuning/trust.py [--quick]

Measured: the scaled error of the joint forecast at origins that each know the folds before them, as ``train`` would.
What the networks (linear highways in a hurry, else GRUs) and the anchors said is collected once; it hangs on none of
these numbers. ``doubt.py`` measures ``PRICE_DOUBT`` on many more prices, for an hour.
"""

from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

import numpy as np
from held_back import CLIPPED, filled, r_series
from study import Constant, FloatArray, Study, main

MODULE = "forecast.models.combination"
WALKS = "forecast.models.classical.random_walk"
SINGLE, LONG, PRICES, PANELS = ("single",), ("long",), ("prices",), ("panel",)
CONSTANTS = (
    Constant(MODULE, "TOLERANCE", (1.0, 1.1, 1.5, 99.0), cases=PANELS),
    Constant(MODULE, "CLIP", (0.3, 3.0, 100.0)),
    Constant(MODULE, "FEW", (0, 60)),
    Constant(MODULE, "SHORT", (50, 1000)),
    Constant(MODULE, "USUAL_TRUST", (0.0, 0.2, 0.6, 1.0), cases=(*PANELS, "single, no season")),
    Constant(MODULE, "LEAST_TRUST", (0.0, 0.15, 0.4), cases=SINGLE),
    Constant(MODULE, "SEASONAL_TRUST", (0.0, 0.3, 0.8), cases=SINGLE),
    Constant(MODULE, "LONG_TRUST", (0.2, 0.5, 1.0), cases=LONG),
    Constant(MODULE, "TRUST_VARIANCE", (0.0, 0.1, 1.0, 9.0), cases=(*SINGLE, *LONG)),
    Constant(MODULE, "MARGIN", (0.2, 0.8, 1.0), cases=("electricity",)),
    Constant(MODULE, "DOUBT", (0.0, 1.0, 5.0, 30.0), cases=("walks as sales",)),
    Constant(WALKS, "WalkRule.explained", (0.1, 0.2, 0.5, 1.0), cases=(*SINGLE, *PRICES, "years")),
    Constant(MODULE, "PRICE_DOUBT", (0.0, 3.0, 10.0, 100.0), cases=(*PRICES, "electricity")),
)


@dataclass(frozen=True, eq=False)
class Said:
    """What was collected of a set, and what the person said it is."""

    collected: Any  # doubt.Collected
    kind: str  # auto, sales or price


def cases(quick: bool) -> dict[str, Said | tuple[Said, ...]]:
    """Returns single series, short and long, panels and prices with all that networks and anchors said of them."""
    import doubt
    from doubt_sets import DevSet, generated, histories, panel_of

    rng, few = np.random.default_rng(7), 2 if quick else 12
    cell = "linear" if quick else "gru"
    doubt.ORIGINS = 3 if quick else 6

    def said(series: list[FloatArray], code: str, kind: str = "auto") -> Said:
        return Said(doubt.collect(DevSet(f"{code} {len(series)}", panel_of(series, code), kind == "price"), cell), kind)

    months = [histories(name, "MS", 120) for name in ("m3_monthly", "m4_monthly_sub200", "tourism_monthly")]
    days, hours = histories("nn5_daily", "D", 620), histories("m4_hourly", "h", 650)
    walks = [list(generated(rng, 1, 120, style)) for style in ("gauss", "drifting", "student", "volatile")[: 2 * few]]
    many = 25 if quick else 200
    found = {
        "single": tuple(said([own], "MS") for some in months for own in some[5 : 5 + 40 * few : 40]),
        "single, no season": tuple(said([own], "row") for own in months[1][: 9 * few : 9]),
        "long": tuple(said([own], "D") for own in days[3 : 3 + 9 * few : 9]),
        "panel of months": said(months[2][:many], "MS"),
        "panel of days": said(days[: many // 2], "D"),
        "panel of m4": said(months[1][:many], "MS"),
        "prices": tuple(said(own, "MS") for own in walks),
        "walks as sales": tuple(
            said(list(generated(rng, 1, 620, style)), "D", "sales") for style in ("gauss", "garch", "volatile")[:few]
        ),
        "electricity": tuple(said(hours[at : at + 1], "h", "price") for at in (40, 0, 80, 120)[: few - 1]),
    }
    years = [own for case in r_series().values() if case.seasons == (1,) for own in filled(case) if len(own) >= 70]
    if years:  # what goes round, what wanders, and what does neither
        found["years"] = tuple(said([own], "YS") for own in years[: 3 * few])
    return found if quick else found | {"panel of hours": said(hours[:60], "h")}


def errors(said: Said) -> FloatArray:
    """Returns each series' error at each origin, one after the other."""
    from doubt import _evidence

    from forecast.evaluation.member_forecasts import forecast_points
    from forecast.models import combination
    from forecast.models.classical import random_walk

    done, found = said.collected, []
    panel, plan = done.dev.panel, done.plan
    for fold in range(plan.folds + 1, len(done.cuts)):
        known = panel.until(done.cuts[fold])
        is_few = len(panel) <= combination.FEW
        few = combination.FewSeriesPrior(len(panel), int(known.lengths.max()), done.strengths[fold])
        is_walk = said.kind == "auto" and is_walk_at(done, fold, astuple(random_walk.RULE))
        learned = combination.learn_combination(
            _evidence(done, fold), "rmsse", few=few if is_few else None, is_price=said.kind == "price", is_walk=is_walk
        )
        now = done.forecasts[fold][0]
        missed = (forecast_points(now.members, learned, now.lowest) - now.truth) / now.scales[:, None]
        squares = np.minimum(np.abs(missed), CLIPPED) ** 2
        some = ~np.isnan(squares)
        sums = np.where(some, squares, 0).sum(axis=1)
        found.append(np.sqrt(np.where(some.any(axis=1), sums / np.maximum(some.sum(axis=1), 1), np.nan)))
    return np.concatenate(found)


@cache
def is_walk_at(done: Any, fold: int, rule: tuple[Any, ...]) -> bool:
    """Returns whether what is known at an origin behaves like a walk; ``rule`` is that of today, to remember it by."""
    del rule
    from forecast.models.classical.random_walk import behaves_like_walk

    known = done.dev.panel.until(done.cuts[fold])
    return behaves_like_walk(known, done.plan.horizon, done.plan.season)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
