"""Origins at which series knew fewer than two seasons: do they say how a panel is to be forecast later?

    python benchmarks/tuning/young_folds.py [--cell gru] [--series 150] [--sets m3_monthly,…]

Panels of months are cut to 40, 45 and 54 steps, at three ends a year apart; the weekly one is taken as it is, with two,
three and four folds. Networks are trained once; then the joint forecast of each fold is made by what the folds before
it taught, without those that know fewer than so many seasons. Printed is the scaled error of the last fold beside that
of ``LEAST_SEASONS = 0``, by which every fold teaches.
"""

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from doubt_sets import histories, panel_of
from held_back import Case, training_part

MODULE = "forecast.models.combination"
LEAST = (0.0, 1.0, 1.5, 2.0, 3.0)
MONTHS, WEEKS = ("m3_monthly", "tourism_monthly", "m4_monthly_sub200"), "walmart_weekly_sub200"
CUTS = ((45, 6, 3), (40, 6, 3), (54, 9, 3))
"""Steps, horizon and folds."""


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--series", type=int, default=150)
    parser.add_argument("--sets", default=",".join((WEEKS, *MONTHS)))
    given = parser.parse_args()
    print(
        f"| set | {' | '.join(f'{least:g} seasons' for least in LEAST)} |\n|{' --- |' * (len(LEAST) + 1)}", flush=True
    )
    ratios = []
    for name in given.sets.split(","):
        for words, case in cases(name, given.series):
            errors = last_errors(case, given.cell)
            ratios.append(errors / errors[0])
            told = " | ".join(f"{100 * (ratio - 1):+.1f} %" for ratio in ratios[-1][1:])
            print(f"| {words} | {errors[0]:.3f} | {told} |", flush=True)
    means = " | ".join(f"{100 * (ratio - 1):+.1f} %" for ratio in np.exp(np.log(ratios).mean(axis=0))[1:])
    print(f"| geometric mean of {len(ratios)} | | {means} |")


def cases(name: str, series: int) -> Iterator[tuple[str, Case]]:
    """Yields panels whose first folds are young."""
    if name == WEEKS:
        whole = training_part(name, series)
        yield from ((f"{name}, {folds} folds", Case(whole.panel, 13, (52,), folds)) for folds in (2, 3, 4))
        return
    for back in (0, 12, 24):
        for steps, horizon, folds in CUTS:
            found = [own[: len(own) - back][-steps:] for own in histories(name, "MS", steps + back)]
            some = np.unique(np.linspace(0, len(found) - 1, min(series, len(found))).astype(int))
            panel = panel_of([found[place] for place in some], "MS")
            yield f"{name}, {steps} months, {back} before the end", Case(panel, horizon, (12,), folds)


def last_errors(case: Case, cell: str) -> Any:
    """Returns the mean scaled error of the last fold for each of ``LEAST``."""
    from forecast.evaluation.backtest import backtest
    from forecast.evaluation.scales import learning_scales
    from forecast.evaluation.splits import rolling_origins
    from forecast.experiment.experiment import count_windows
    from forecast.experiment.plan import make_plan
    from forecast.models import combination
    from forecast.models.networks.presets import make_spec
    from forecast.models.networks.recurrent import Memory
    from forecast.models.registry import make_forecaster
    from forecast.process import start_run
    from forecast.specs import Settings

    settings, run, memory = Settings(horizon=case.horizon, folds=case.folds, seeds=1), start_run("cpu"), Memory()
    plan = make_plan(case.panel, settings)
    specs = {cell: make_spec(cell, plan, settings, count_windows(case.panel, plan))}
    folds = rolling_origins(case.panel, plan.horizon, plan.folds, plan.season + 1, warms_up=plan.warms_up)
    usual, found = combination.LEAST_SEASONS, []
    for least in LEAST:
        combination.LEAST_SEASONS = least  # type: ignore[assignment]
        forecaster = make_forecaster(cell, specs, plan.season, run, memory)
        given = {"refit": plan.refit, "metric": "rmsse", "run": run, "kind": plan.kind, "levels": ()}
        point = backtest(case.panel, folds, [forecaster], plan.season, **given).models[0].forecasts[-1]
        scale = learning_scales(folds[-1].train(case.panel), plan.season, 2)
        squares = np.nanmean((folds[-1].truth(case.panel) - point) ** 2, axis=1)
        found.append(float(np.nanmean(np.sqrt(squares) / np.where(scale > 0, scale, np.nan))))
    combination.LEAST_SEASONS = usual
    return np.array(found)


if __name__ == "__main__":
    main()
