"""Our compiled training loop beside Keras ``fit``: the same network, windows, batches and number of steps.

    python benchmarks/loop_vs_fit.py

``fit`` is given arrays that are normalised beforehand; the loop gathers and normalises its windows itself. Keras is
called in three ways: plainly, for as many epochs as make the steps; with all steps laid out as one epoch, which
spares it what an epoch costs; and plainly with XLA. The promise is about the plain call. "First" holds tracing and
compiling, "again" is a later training from another seed, as each seed, view and fold of a real run is.
"""

import argparse
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

REPEATS = 3


@dataclass(frozen=True)
class Size:
    """A network and what it is trained on: a generated monthly or hourly series."""

    name: str
    units: int
    window: int
    batch: int
    steps: int
    points: int
    season: int
    least: float  # the ratio that is promised


SIZES = {
    "airline": Size("LSTM 32, window 24, batch 32", 32, 24, 32, 180, 144, 12, 8.0),
    "large": Size("LSTM 64, window 96, batch 256", 64, 96, 256, 60, 5000, 24, 1.0),
}
HORIZON = 12


def main() -> None:
    """Times both sides in turn and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="airline,large", help=f"of {', '.join(SIZES)}, with commas")
    options = parser.parse_args()
    from report import describe_machine, number, table

    rows = []
    for name in options.sizes.split(","):
        size = SIZES[name]
        loop, *fits = time_all(size)
        for label, fit in zip(("fit", "fit, one epoch", "fit, XLA"), fits, strict=True):
            kept = "–" if label != "fit" else "yes" if fit.again / loop.again >= size.least else "**no**"
            cells = [number(value) for value in (loop.first, loop.again, fit.first, fit.again)]
            ratios = [f"{fit.first / loop.first:.1f}", f"{fit.again / loop.again:.1f}"]
            losses = f"{loop.loss:.3f} / {fit.loss:.3f}"
            rows.append([f"{size.name}, {size.steps} steps", label, *cells, *ratios, f"{size.least:g}", kept, losses])
    headers = ["network", "Keras", "loop first, s", "loop again, s", "fit first, s", "fit again, s"]
    headers += ["first ×", "again ×", "promised", "kept", "MAE, loop / fit"]
    print(f"{describe_machine()}\n")
    print(table(headers, rows), end="")


@dataclass(frozen=True)
class Timing:
    """Seconds of the first training and of a later one (median), and the error that the last one ended with."""

    first: float
    again: float
    loss: float


@dataclass(frozen=True, eq=False)
class Problem:
    """The same windows in both forms: as the loop takes them and as arrays, normalised by the loop's own view."""

    spec: Any
    maps: Any
    data: Any
    inputs: Any  # (B, L)
    targets: Any  # (B, H)

    def error(self, network: Any) -> float:
        """Returns a network's mean absolute error over all windows."""
        return float(abs(network(self.inputs) - self.targets).numpy().mean())


Side = Callable[[int], tuple[float, float]]
"""Trains from a seed; returns the seconds and the error."""


def time_all(size: Size) -> list[Timing]:
    """Returns the timings of our loop and of Keras ``fit`` plainly, in one epoch, and with XLA."""
    from forecast.models.networks.tensorflow import tf

    problem = make_problem(size)
    sides = [
        loop_side(problem),
        *(fit_side(problem, one, xla) for one, xla in ((False, None), (True, None), (False, True))),
    ]
    tf.function(lambda x: x + 1, jit_compile=True)(tf.zeros(3))  # what the first use of XLA costs is nobody's
    firsts = [side(0) for side in sides]
    later = [[side(seed) for side in sides] for seed in range(1, REPEATS + 1)]
    return [
        Timing(first[0], statistics.median(turn[place][0] for turn in later), later[-1][place][1])
        for place, first in enumerate(firsts)
    ]


def make_problem(size: Size) -> Problem:
    """Returns the windows of a generated series with trend and season."""
    import numpy as np

    from forecast.data.panel import panel_from_series
    from forecast.data.windows import cut_windows
    from forecast.models.method_settings import CURRENT
    from forecast.models.networks.descent.batches import TrainingData
    from forecast.models.networks.recurrent import measure_series
    from forecast.models.views import see, view_maps
    from forecast.specs import ModelSpec, View

    view = View("last-season", size.season)
    shape = {"units": size.units, "batch_size": size.batch, "steps": size.steps}
    spec = ModelSpec("lstm", size.window, HORIZON, views=(view,), seeds=(0,), **shape)
    rng, time = np.random.default_rng(0), np.arange(size.points)
    values = 100 + 0.5 * time + 20 * np.sin(2 * np.pi * time / size.season) + rng.normal(0, 5, size.points)
    panel = panel_from_series([values], "D")
    own, maps = measure_series(panel, view, CURRENT.views), view_maps(view, size.window, HORIZON, CURRENT.views)
    windows = cut_windows(panel, size.window, HORIZON, size.season)
    every = np.arange(len(windows))
    seen = see(windows.lookbacks(every), maps, own.level[[0]], own.scale[[0]])
    targets = (windows.horizons(every) - seen.base) / seen.scale
    data = TrainingData(windows, own.level, own.scale)
    return Problem(spec, maps, data, seen.inputs.astype(np.float32), targets.astype(np.float32))


def loop_side(problem: Problem) -> Side:
    """Returns our side: all that training one network takes."""
    from forecast.models.networks.keras_networks import build_network, set_weights
    from forecast.models.networks.training import train_network

    def run(seed: int) -> tuple[float, float]:
        began = perf_counter()
        weights = train_network(problem.spec, problem.maps, problem.data, seed)
        seconds = perf_counter() - began
        network = build_network(problem.spec, seed)
        set_weights(network, weights)
        return seconds, problem.error(network)

    return run


def fit_side(problem: Problem, one_epoch: bool, xla: bool | None) -> Side:
    """Returns Keras' side: one compiled model, put back to fresh weights before each training.

    Args:
        problem: what is learned.
        one_epoch: all steps are laid out beforehand, in an order drawn here.
        xla: None leaves the choice to Keras.
    """
    import numpy as np

    from forecast.models.networks.keras_networks import build_network, get_weights, set_weights
    from forecast.models.networks.tensorflow import keras

    spec, count = problem.spec, len(problem.inputs)
    network = build_network(spec, 0)

    def run(seed: int) -> tuple[float, float]:
        inputs, targets, epochs = problem.inputs, problem.targets, -(-spec.steps // -(-count // spec.batch_size))
        if one_epoch:
            rng, wanted = np.random.default_rng(seed), spec.steps * spec.batch_size
            order = np.concatenate([rng.permutation(count) for _ in range(-(-wanted // count))])[:wanted]
            inputs, targets, epochs = inputs[order], targets[order], 1
        set_weights(network, get_weights(build_network(spec, seed)))
        if seed > 0:
            for slot in network.optimizer.variables:
                if "learning_rate" not in slot.path:
                    slot.assign(np.zeros(slot.shape, slot.dtype))
        began = perf_counter()
        if seed == 0:
            rate = keras.optimizers.schedules.CosineDecay(spec.learning_rate, spec.steps)
            compiling = {} if xla is None else {"jit_compile": xla}
            network.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), "mae", **compiling)
        network.fit(inputs, targets, batch_size=spec.batch_size, epochs=epochs, shuffle=not one_epoch, verbose=0)
        return perf_counter() - began, problem.error(network)

    return run


if __name__ == "__main__":
    main()
