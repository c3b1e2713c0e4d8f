"""The last fit of networks that the backtest trained once: how far are they to be trained on, or anew?

    python benchmarks/tuning/last_fit.py [--sets m3_monthly,...] [--back 1,2] [--efforts 0.25,1] [--series 400]

A horizon of a training part is held back (``--back 2``: the one before). As ``train`` does it, all cells are trained
before the earliest fold, the folds teach what to trust, and what is held back is forecast by networks that are trained
on by so many of the usual steps, or anew (``fresh``). One seed a view. Printed are the mean scaled error (MASE) of the
joint forecast, and the sum of its errors over that of the values (WAPE), over those of ``--efforts``' first.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from held_back import SETS, FloatArray, training_part
from study import run_with

CELLS = ("rnn", "lstm", "gru")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(name for name in SETS if name != "carparts"))
    parser.add_argument("--back", default="1", help="which horizons from the end are held back")
    parser.add_argument("--efforts", default="0.25,1,fresh")
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--dump", type=Path, help="a folder for all forecasts")
    given = parser.parse_args()
    efforts = given.efforts.split(",")
    print(f"| set, horizons back | {' | '.join(f'{each}: WAPE, MASE' for each in efforts)} | CPU s |")
    print("|---" * (len(efforts) + 2) + "|", flush=True)
    for name in given.sets.split(","):
        for back in map(int, given.back.split(",")):
            began = time.process_time()
            found = measured(name, back, efforts, given.series, given.dump)
            first = found[efforts[0]]
            said = [f"{found[e][0]:.4f}, {found[e][1]:.4f}" for e in efforts[:1]]
            said += ["{:+.2f} %, {:+.2f} %".format(*(100 * (found[e] / first - 1))) for e in efforts[1:]]
            print(f"| {name} {back} | {' | '.join(said)} | {time.process_time() - began:.0f} |", flush=True)


def measured(name: str, back: int, efforts: list[str], most: int, dump: Path | None) -> dict[str, FloatArray]:
    """Returns WAPE and MASE of each way to make the last fit.

    Args:
        name: of the set.
        back: so many horizons from the end of each series is what is held back.
        efforts: shares of the usual steps, or ``fresh``.
        most: series.
        dump: a folder for all forecasts; None to keep none.
    """
    from forecast.evaluation.scales import learning_scales
    from forecast.evaluation.splits import rolling_origins
    from forecast.models.combination import Evidence, learn_combination
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.registry import train_on

    case = training_part(name, most)
    held = rolling_origins(case.panel, case.horizon, back, 1, warms_up=False)[1 if back == 1 else -back]
    panel, truth = held.train(case.panel), held.truth(case.panel)
    plan, specs = recipe(panel, case.horizon)
    least = min(plan.window, plan.season + 1)
    folds = rolling_origins(panel, plan.horizon, plan.folds, least, warms_up=plan.warms_up)
    begun = trained(specs, folds[0].train(panel))
    evidence, kept = [], {"truth": truth, "scales": learning_scales(panel, plan.season)}
    for fold in folds:
        train = fold.train(panel)
        members = begun.predict_members(train)
        evidence.append(Evidence(members, fold.truth(panel), learning_scales(train, plan.season), fold.number))
        kept |= arrays(f"fold{fold.number}", members, evidence[-1].truth, evidence[-1].scales)
    combination = learn_combination(evidence, "rmsse")
    found = {}
    for effort in efforts:
        if effort == "fresh":
            fitted = trained(specs, panel)
        else:
            fitted = train_on(EnsembleModel(begun.parts), panel, run_with(ROOM), watcher(), float(effort))
        members = fitted.predict_members(panel)
        kept |= arrays(f"last {effort}", members)
        found[effort] = scores(combination.apply(members), truth, kept["scales"])
    if dump is not None:
        dump.mkdir(exist_ok=True, parents=True)
        kept |= {"used": combination.used, "trust": combination.trust, "anchor": combination.anchor}
        np.savez(dump / f"{name}-{back}.npz", ids=np.array(panel.series_ids), **kept)
    return found


ROOM = 60_000
"""Steps that there is room for, so that all panels of a few hundred series share a compiled loop's buffer."""


def watcher() -> Any:
    """Returns what looks on at a training: nobody."""
    from forecast.models.forecaster import Watcher

    return Watcher()


def recipe(panel: Any, horizon: int) -> tuple[Any, dict[str, Any]]:
    """Returns the plan of a panel, and what ``train`` makes its networks by, but for the second seed."""
    from forecast.experiment.experiment import count_windows
    from forecast.experiment.plan import make_plan
    from forecast.models.networks.presets import make_spec
    from forecast.specs import Settings

    settings = Settings(horizon=horizon, seeds=1)
    plan = make_plan(panel, settings)
    return plan, {cell: make_spec(cell, plan, settings, count_windows(panel, plan)) for cell in CELLS}


def trained(specs: dict[str, Any], panel: Any) -> Any:
    """Returns all networks, trained on a panel."""
    from forecast.models.ensemble import EnsembleModel
    from forecast.models.networks.fitting import RecurrentForecaster

    run = run_with(ROOM)
    parts = (RecurrentForecaster(cell, spec, run).fit(panel, watcher()) for cell, spec in specs.items())
    return EnsembleModel(tuple(parts))


def arrays(label: str, members: Any, *more: FloatArray) -> dict[str, FloatArray]:
    """Returns what is kept of a forecast, by name."""
    found = {f"{label} members": members.values.astype(np.float32)}
    found |= {f"{label} anchor {anchor}": values for anchor, values in (members.anchors or {}).items()}
    return found | dict(zip((f"{label} truth", f"{label} scales"), more, strict=False))


def scores(forecast: FloatArray, truth: FloatArray, scales: FloatArray) -> FloatArray:
    """Returns WAPE and MASE, (2,)."""
    errors = np.abs(forecast - truth)
    known = ~np.isnan(errors)
    sums, counts = np.where(known, errors, 0).sum(axis=1), known.sum(axis=1)
    mase = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan) / scales
    return np.array([sums.sum() / np.abs(truth[known]).sum(), np.nanmean(mase)])


if __name__ == "__main__":
    main()
