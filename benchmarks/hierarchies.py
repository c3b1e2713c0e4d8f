"""Forecasts that add up: errors by level of each method on tourism_regions, and 20,000 series in three levels.

    python benchmarks/hierarchies.py ../shared/data/tourism_regions.csv --test ../shared/data/tourism_regions_test.csv \
        --peers /path/to/python/with/statsforecast
    python benchmarks/hierarchies.py ../shared/data/tourism_regions.csv --lift --preset fast
    python benchmarks/hierarchies.py --large
    python benchmarks/hierarchies.py --train 20000

The last 8 quarters are held out, those of ``--test`` where it continues the data; the method that is issued was chosen
on the folds before them. ``--back N`` ends the data N horizons earlier: what is chosen by hand is to be chosen there.
AutoETS with MinT (by its own in-sample errors) is of the same run. ``--lift`` is what the lift of networks was chosen
by: networks trained at four origins before the held out steps, each forecasting from eight origins (the last one from
one).
"""

import argparse
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

HORIZON, SEASON = 8, 4
SPEC = "state/region * purpose"
IDS = ("state", "region", "purpose")


def main() -> None:
    """Runs what is asked for and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--test", type=Path, help="what continues the data, the official hold-out")
    parser.add_argument("--peers", type=Path, help="a Python with statsforecast")
    parser.add_argument("--back", type=int, default=0, help="horizons by which the held out steps lie earlier")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--keep", type=Path, help="file of all forecasts, so that nothing is trained twice")
    parser.add_argument("--lift", action="store_true", help="errors with and without the lift, at 25 earlier origins")
    parser.add_argument("--large", action="store_true", help="time and memory of 20,000 series instead")
    parser.add_argument("--train", type=int, metavar="LEAVES", help="cost of train and predict of shards instead")
    parser.add_argument("--peer", nargs=2, metavar=("IN", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        _peer(*map(Path, options.peer))
    elif options.large:
        _large()
    elif options.train:
        _from_shards(options.train)
    elif options.lift:
        _lift(options)
    else:
        _tourism(options)


def _tourism(options: argparse.Namespace) -> None:
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
    from forecast.evaluation.scales import series_scales

    with TemporaryDirectory() as folder:
        whole = Path(folder, "whole.csv")
        later = options.test.read_text(encoding="utf-8").partition("\n")[2] if options.test else ""
        whole.write_text(options.data.read_text(encoding="utf-8") + later, encoding="utf-8")
        reading = read_nodes(whole, ReadOptions(ids=IDS, hierarchy=SPEC), now=None)
    ends = reading.panel.lengths - options.back * HORIZON
    held = reading.panel.until(ends)
    truth = np.stack([held.series(i)[-HORIZON:] for i in range(len(held))])
    panel = held.until(held.lengths - HORIZON)
    began = perf_counter()
    if options.keep and options.keep.exists():
        found = dict(np.load(options.keep))
    else:
        found = _ours(replace(reading, panel=panel), options)
        if options.keep:
            np.savez(options.keep, **found)
    seconds = perf_counter() - began
    if options.peers:
        found |= _autoets(panel, options)
    tree, scales = panel.hierarchy, series_scales(panel, SEASON)
    print(f"\n{options.model} --preset {options.preset}, {options.back} horizons back; {seconds:.0f} s")
    print("issued:", found["method"])
    if "losses" in found:
        print("on the folds, of the unreconciled:", found["losses"])
    rows = [name for name in found if name not in {"method", "losses", "errors", "lower", "upper"}]
    print("\nRMSE".ljust(20), *(f"{name:>16}" for name in tree.levels))
    for name in rows:
        squares = (truth - found[name]) ** 2
        print(name.ljust(19), *(f"{np.sqrt(squares[tree.places(i)].mean()):16.3f}" for i in range(len(tree.levels))))
    print("\nMASE".ljust(20), *(f"{name:>16}" for name in tree.levels), f"{'mean of levels':>16}")
    for name in rows:
        each = np.abs(truth - found[name]).mean(axis=1) / scales
        own = [each[tree.places(i)].mean() for i in range(len(tree.levels))]
        print(name.ljust(19), *(f"{value:16.4f}" for value in (*own, np.mean(own))))
    if "lower" in found:
        inside = (truth >= found["lower"]) & (truth <= found["upper"])
        print("\nin 80 %".ljust(20), *(f"{inside[tree.places(i)].mean():16.3f}" for i in range(len(tree.levels))))
    print(f"\nadds up to {tree.incoherence(found['issued']):.1e}; bounds of each level from the same paths")


def _ours(reading, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Returns the forecasts of the held out steps: unreconciled, by each method, and as they are issued."""
    from forecast.experiment.experiment import run_experiment
    from forecast.experiment.final_fit import candidates_for, choose, fit_on_all, with_baselines
    from forecast.experiment.time_limit import Terms
    from forecast.models.reconciliation.methods import METHODS
    from forecast.models.reconciliation.reconciler import learned
    from forecast.process import start_run
    from forecast.specs import Settings

    run = start_run("cpu")
    settings = Settings(horizon=HORIZON, preset=options.preset)
    names = with_baselines(candidates_for(options.model))
    experiment = run_experiment(reading, settings, names, run, Terms(is_train=True))
    chosen, _ = choose(experiment, options.model)
    trained = fit_on_all(experiment, chosen, run)
    panel, folds = reading.panel, experiment.backtest.model(chosen).reconciled
    print("chosen", chosen, [(row.model, round(row.rmsse, 4)) for row in experiment.board.rows])
    plain = replace(trained, reconciliation=None)
    found = {"unreconciled": plain.forecast(panel, HORIZON, run).point}
    for name in METHODS:
        own = replace(trained, reconciliation=learned(name, panel.series_ids, folds.errors))
        found[name] = own.forecast(panel, HORIZON, run).point
    issued = trained.forecast(panel, HORIZON, run)
    bounds = next(pair for pair in issued.intervals if pair.level == 80)
    found |= {"issued": issued.point, "lower": bounds.lower, "upper": bounds.upper}
    losses = " ".join(f"{name} {loss:.4f}" for name, loss in folds.losses.items())
    return found | {
        "method": np.array(trained.reconciliation.method),
        "losses": np.array(losses),
        "errors": folds.errors,
    }


def _lift(options: argparse.Namespace) -> None:
    """Prints errors with and without the lift, of all origins together, and how far leaves are from their total."""
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
    from forecast.evaluation.hierarchies.fold_reconciler import level_rmse
    from forecast.evaluation.member_forecasts import forecast_points
    from forecast.experiment.experiment import run_experiment
    from forecast.experiment.final_fit import fit_on_all
    from forecast.experiment.time_limit import Terms
    from forecast.models.reconciliation.reconciler import learned, lifts
    from forecast.process import start_run
    from forecast.specs import Settings

    reading, run = read_nodes(options.data, ReadOptions(ids=IDS, hierarchy=SPEC), now=None), start_run("cpu")
    panel, model = reading.panel, "gru" if options.model == "auto" else options.model
    tree, last, zero = panel.hierarchy, int(panel.lengths.max()) - 2 * HORIZON, np.zeros(len(panel))
    values, off, truths, made = panel.values.reshape(len(panel), -1), [], [], {}
    for first in range(last - 3 * HORIZON, last + 1, HORIZON):
        part = replace(reading, panel=panel.until(np.full(len(panel), first)))
        experiment = run_experiment(
            part, Settings(horizon=HORIZON, preset=options.preset, folds=1), [model], run, Terms(is_train=True)
        )
        trained = fit_on_all(experiment, model, run)
        for origin in range(first, min(first + HORIZON, last + 1)):
            known = panel.until(np.full(len(panel), origin))
            members = trained.model.predict_members(known, run)
            factors = lifts(tree, members.values, 0.05)
            risen = replace(members, values=members.values * factors[..., None])
            sums = np.median(members.values, axis=0)
            off.append([sums[tree.places(i)].sum() / sums[0].sum() - 1 for i in range(len(tree.levels))])
            truths.append(values[:, origin : origin + HORIZON])
            for name, each in (("as they are", members), ("lifted", risen)):
                base = forecast_points(each, trained.combination, zero)
                made.setdefault(f"each, {name}", []).append(base)
                for method in ("bottom-up", "ols", "wls-structural"):
                    moves = learned(method, panel.series_ids, np.zeros((0, len(panel)))).of(known)
                    made.setdefault(f"{method}, {name}", []).append(moves.coherent(base, zero))
    before = level_rmse(tree, np.stack(truths), np.stack(made["each, as they are"]))
    print("\nRMSE ×".ljust(31), *(f"{name:>16}" for name in tree.levels))
    for name, points in made.items():
        each = level_rmse(tree, np.stack(truths), np.stack(points)) / before
        print(name.ljust(30), *(f"{value:16.3f}" for value in each))
    print("\nnetworks over their total, %")
    for name, rule in (("mean", np.mean), ("deviation", np.std)):
        print(name.ljust(30), *(f"{100 * value:16.2f}" for value in rule(off, axis=0)))


def _autoets(panel, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Returns AutoETS by itself and with MinT by its in-sample errors, which ours equals Nixtla's to 1e-6 in."""
    from forecast.models.reconciliation.methods import METHODS
    from forecast.models.reconciliation.projection import projection

    kept = options.keep.with_suffix(".ets.npz") if options.keep else None
    if kept is not None and kept.exists():
        made = dict(np.load(kept))
    else:
        with TemporaryDirectory() as folder:
            given, out = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(given, values=panel.values.reshape(len(panel), -1))
            subprocess.run([options.peers, __file__, "--peer", given, out], check=True)
            made = dict(np.load(out))
        if kept is not None:
            np.savez(kept, **made)
    covariance = METHODS["mint-shrink"].covariance(panel.hierarchy, made["errors"])
    point = projection(panel.hierarchy, covariance).coherent(made["forecasts"])
    return {"AutoETS": made["forecasts"], "AutoETS+MinT": point}


def _peer(given: Path, out: Path) -> None:
    from statsforecast.models import AutoETS

    forecasts, errors = [], []
    for values in np.load(given)["values"]:
        fitted = AutoETS(season_length=SEASON).fit(values)
        forecasts.append(fitted.predict(HORIZON)["mean"])
        errors.append(values - fitted.predict_in_sample()["fitted"])
    np.savez(out, forecasts=np.stack(forecasts), errors=np.stack(errors, axis=1))


def _large() -> None:
    """Reconciles 20,000 leaves below 200 groups and a total by each method, and draws their quantiles."""
    from forecast.data.hierarchy import Hierarchy
    from forecast.models.reconciliation.methods import METHODS
    from forecast.models.reconciliation.projection import projection

    random, leaves, groups, horizon, vectors = np.random.default_rng(0), 20_000, 200, 12, 48
    group = np.arange(leaves) % groups
    first = 1 + groups
    below = np.concatenate([np.arange(leaves), np.argsort(group, kind="stable"), np.arange(leaves)]) + first
    sizes = np.concatenate([[leaves], np.bincount(group), np.ones(leaves, dtype=np.int64)])
    level = np.repeat([0, 1, 2], [1, groups, leaves])
    tree = Hierarchy("group/item", ("total", "group", "item"), level, np.concatenate([[0], np.cumsum(sizes)]), below)
    base = tree.added(random.gamma(1.0, 2.0, (len(tree), horizon))) * random.normal(1, 0.1, (len(tree), horizon))
    errors = random.normal(size=(vectors, len(tree))) * np.sqrt(tree.sizes)
    for name, method in METHODS.items():
        began = perf_counter()
        made = projection(tree, method.covariance(tree, errors)).nonnegative(base, np.zeros(len(tree)))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        off, seconds = tree.incoherence(made), perf_counter() - began
        print(f"{name:15} {seconds:6.2f} s  {used:5.2f} GB at most  {off:.0e} off  least {made.min():g}")


def _from_shards(leaves: int) -> None:
    """Trains a linear model of the fast preset on 60 months of leaves in 200 groups, and forecasts all, from shards."""
    from measuring import measure

    program = str(Path(sys.executable).with_name("forecast"))
    with TemporaryDirectory() as text:
        folder = Path(text)
        write_leaves(folder / "leaves.parquet", leaves)
        shards = str(max(1, leaves // 2500))
        tree = ["--id", "group,item", "--hierarchy", "group/item"]
        quick = ["--horizon", "12", "--model", "linear", "--preset", "fast", "--plots", "none"]
        for words in (
            ["shard", "leaves.parquet", "pieces", "--id", "group,item", "--shards", shards, "-q"],
            ["train", "pieces", *tree, *quick, "--name", "leaves", "-q"],
            ["predict", "leaves", "--data", "pieces", "-o", "made", "-q"],
            ["predict", "leaves", "--data", "leaves.parquet", "-o", "made.parquet", "-q"],
        ):
            run = measure([program, *words], folder).checked()
            what = " ".join(words[:4])
            print(f"{what:40} {run.seconds:7.1f} s  {run.cpu_seconds:7.1f} s of cores  {run.megabytes:6,.0f} MB")


def write_leaves(path: Path, leaves: int) -> None:
    """Writes monthly leaves with a season, a trend and noise, as large as a Gamma distribution says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng, steps = np.random.default_rng(0), 60
    months = [f"{2018 + step // 12}-{step % 12 + 1:02d}-01" for step in range(steps)]
    level, times = rng.gamma(1.5, 20, (leaves, 1)), np.arange(steps)
    values = level * ((1 + 0.3 * np.sin(times * np.pi / 6)) * (1 + 0.002 * times) + rng.normal(0, 0.2, (leaves, steps)))
    names = {
        "group": [f"g{leaf % 200:03d}" for leaf in range(leaves)],
        "item": [f"i{leaf:06d}" for leaf in range(leaves)],
    }
    columns = {name: pa.array(np.repeat(own, steps)) for name, own in names.items()}
    sold = pa.array(np.maximum(np.round(values, 1), 0).ravel())
    pq.write_table(pa.table({"month": pa.array(months * leaves), **columns, "sold": sold}), path)


if __name__ == "__main__":
    sys.exit(main())
