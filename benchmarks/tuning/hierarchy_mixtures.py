"""Forecasts that add up: whether other mixtures, or other ways to move them, are better on tourism_regions.

    python benchmarks/tuning/hierarchy_mixtures.py --peers /path/to/python/with/statsforecast

A GRU (``--preset fast``), trained after 32, 40, 48, 56 and 64 quarters of the file, forecasts from every second one;
smoothing and AutoETS are beside it. Printed are MASE, mean over levels, over that of AutoETS with MinT, for the total
and for the mean of levels, by four groups of origins as well; then what mixtures would reach whose weights were chosen
by what came. The official hold-out (tourism_regions_test.csv) is not read.
"""

import argparse
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from held_back import DATA
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
HORIZON, SEASON, STARTS, EVERY = 8, 4, (32, 40, 48, 56, 64), 2
ORIGINS = tuple(range(STARTS[0] + EVERY, STARTS[-1] + 1, EVERY))
PEER = """
import sys
import numpy as np
from statsforecast.models import AutoETS
given, found = np.load(sys.argv[1]), {}
for origin in given["origins"]:
    models = [AutoETS(season_length=4).fit(own[:origin]) for own in given["values"]]
    found[f"f{origin}"] = np.stack([model.predict(8)["mean"] for model in models])
    fitted = np.stack([model.predict_in_sample()["fitted"] for model in models])
    found[f"e{origin}"] = (given["values"][:, :origin] - fitted).T
np.savez(sys.argv[2], **found)
"""


def made_by_networks(reading: object) -> dict[int, tuple[FloatArray, FloatArray, float]]:
    """Returns smoothing, lifted networks and how far these are trusted, by origin: (S, H), (S, H) and a share."""
    from forecast.experiment.experiment import run_experiment
    from forecast.experiment.final_fit import fit_on_all
    from forecast.experiment.time_limit import Terms
    from forecast.models.reconciliation.reconciler import lifts
    from forecast.process import start_run
    from forecast.specs import Settings

    panel, run, found = reading.panel, start_run("cpu"), {}
    settings = Settings(horizon=HORIZON, preset="fast", folds=1)
    for start in STARTS:
        part = replace(reading, panel=panel.until(np.full(len(panel), start)))
        trained = fit_on_all(run_experiment(part, settings, ["gru"], run, Terms(is_train=True)), "gru", run)
        for origin in (own for own in ORIGINS if start <= own < start + HORIZON):
            members = trained.model.predict_members(panel.until(np.full(len(panel), origin)), run)
            lifted = members.values * lifts(panel.hierarchy, members.values, 0.05)[..., None]
            middle = np.median(lifted[trained.combination.used], axis=0)
            found[origin] = members.anchors["smoothing"], middle, trained.combination.trust
    return found


def made_by_autoets(values: FloatArray, peers: Path) -> Mapping[str, FloatArray]:
    """Returns the forecasts and in-sample errors of each origin."""
    with TemporaryDirectory() as folder:
        given, out = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(given, values=values, origins=ORIGINS)
        subprocess.run([peers, "-c", PEER, given, out], check=True)
        return dict(np.load(out))


class Trial:
    """What is measured: MASE by level at each origin."""

    def __init__(self, reading: object, peers: Path) -> None:
        from forecast.models.reconciliation.methods import METHODS
        from forecast.models.reconciliation.projection import projection

        self.tree, self.values = reading.panel.hierarchy, reading.panel.values.reshape(len(reading.panel), -1)
        self.made, ets = made_by_networks(reading), made_by_autoets(self.values, peers)
        self.ets = {origin: ets[f"f{origin}"] for origin in ORIGINS}
        mint = METHODS["mint-shrink"].covariance
        rival = {o: projection(self.tree, mint(self.tree, ets[f"e{o}"])).coherent(self.ets[o]) for o in ORIGINS}
        self.rival = np.array([self.errors(o, rival[o]) for o in ORIGINS])

    def errors(self, origin: int, point: FloatArray) -> FloatArray:
        """Returns the MASE of each level."""
        scales = np.abs(self.values[:, SEASON:origin] - self.values[:, : origin - SEASON]).mean(axis=1)
        own = np.abs(self.values[:, origin : origin + HORIZON] - point).mean(axis=1) / scales
        return np.array([own[self.tree.places(level)].mean() for level in range(len(self.tree.levels))])

    def moved(self, power: float) -> Callable[[FloatArray], FloatArray]:
        """Returns what makes forecasts add up, errors taken to be as large as a power of the number of leaves."""
        from forecast.models.reconciliation.errors import diagonal
        from forecast.models.reconciliation.projection import projection

        return projection(self.tree, diagonal(self.tree.sizes.astype(float) ** power)).coherent

    def mixed(self, origin: int, share: FloatArray | float | None = None) -> FloatArray:
        """Returns smoothing and networks, these by a share, (S, 1), or as they are trusted."""
        smooth, network, trust = self.made[origin]
        return smooth + (trust if share is None else share) * (network - smooth)

    def row(self, name: str, rule: Callable[[int], FloatArray]) -> None:
        """Prints the errors of a rule over the rival's."""
        errors = np.array([self.errors(origin, rule(origin)) for origin in ORIGINS])
        groups = np.array_split(np.arange(len(ORIGINS)), 4)
        each = [(errors[own].mean() / self.rival[own].mean()) for own in groups]
        better = int((errors.mean(axis=1) < self.rival.mean(axis=1)).sum())
        total, mean = errors[:, 0].mean() / self.rival[:, 0].mean(), errors.mean() / self.rival.mean()
        print(
            f"{name:34} total {total:.3f}  mean {mean:.3f}  groups",
            *(f"{own:.3f}" for own in each),
            f" better {better}",
        )


def hindsight(trial: Trial) -> None:
    """Prints what a mixture of smoothing, networks, AutoETS and the last value reaches with weights by what came."""
    move, steps = trial.moved(1.0), np.linspace(0, 1, 6)
    weights = [(*own, 1 - sum(own)) for own in product(steps, repeat=3) if sum(own) <= 1 + 1e-9]
    errors = np.zeros((len(weights), len(ORIGINS), len(trial.tree.levels)))
    for place, origin in enumerate(ORIGINS):
        last = np.repeat(trial.values[:, origin - 1 : origin], HORIZON, axis=1)
        each = [move(own) for own in (*trial.made[origin][:2], trial.ets[origin], last)]
        for number, own in enumerate(weights):
            errors[number, place] = trial.errors(origin, sum(w * point for w, point in zip(own, each, strict=True)))
    whole, by_level = errors.mean(axis=(1, 2)).min(), errors.mean(axis=1).min(axis=0).mean()
    print(
        f"by what came: one mixture {whole / trial.rival.mean():.3f}, one a level {by_level / trial.rival.mean():.3f}"
    )


def main() -> None:
    """Prints a row a rule."""
    from forecast.data.read_options import ReadOptions
    from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, help="a Python with statsforecast")
    options = ReadOptions(ids=("state", "region", "purpose"), hierarchy="state/region * purpose")
    trial = Trial(read_nodes(DATA / "tourism_regions.csv", options, now=None), parser.parse_args().peers)
    usual, level = trial.moved(1.0), trial.tree.level
    trial.row("each by itself", trial.mixed)
    for power in (0.0, 0.5, 0.75, 1.0, 1.5):
        move = trial.moved(power)
        trial.row(f"leaves to the power of {power}", lambda o, move=move: move(trial.mixed(o)))
    for share in (0.0, 0.2, 0.4, 0.6, 0.8):
        trial.row(f"networks by {share}", lambda o, share=share: usual(trial.mixed(o, share)))
    falling, rising = np.array([0.8, 0.6, 0.4, 0.2, 0.2, 0.2]), np.array([0.0, 0.2, 0.2, 0.4, 0.6, 0.8])
    trial.row("networks more at the top", lambda o: usual(trial.mixed(o, falling[level][:, None])))
    trial.row("networks more at the leaves", lambda o: usual(trial.mixed(o, rising[level][:, None])))
    trial.row("AutoETS, as leaves are many", lambda o: usual(trial.ets[o]))
    trial.row("half AutoETS", lambda o: usual((trial.mixed(o) + trial.ets[o]) / 2))
    for most in (0, 1, 2, 3):
        above = (level <= most)[:, None]
        trial.row(
            f"AutoETS at the top {most + 1} levels",
            lambda o, above=above: usual(np.where(above, trial.ets[o], trial.mixed(o))),
        )
    hindsight(trial)


if __name__ == "__main__":
    main()
