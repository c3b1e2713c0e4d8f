"""Which network ``train`` saves: by how much a single one must beat all together in the backtest to be chosen.

    python benchmarks/tuning/choice.py [--quick]

Measured: the scaled error over the last horizon of what the program chooses by the horizons before it, on random
sixes of series. What RNN, LSTM, GRU and all together forecast is made once.
"""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from descent import ROOM, spec_of
from held_back import CLIPPED, Case, training_part
from study import Constant, FloatArray, Study, main, run_with

CELLS = ("rnn", "lstm", "gru")
SCORED = 3
CONSTANTS = (Constant("forecast.experiment.final_fit", "TIE", (0.0, 0.003, 0.03, 0.1, 1.0)),)


@dataclass(frozen=True, eq=False)
class Sixes:
    """Errors of each model on sixes of a panel's series: over the scored folds, and over the last horizon."""

    scored: dict[str, FloatArray]  # (sixes,)
    last: dict[str, FloatArray]


@dataclass(frozen=True)
class Row:
    """A line of the leaderboard, as far as the choice looks at it."""

    model: str
    rmsse: float

    def error(self, metric: str) -> float:
        """Returns the error by a metric."""
        return float(getattr(self, metric))


def cases(quick: bool) -> dict[str, Sixes]:
    """Returns a monthly panel, and more of them and of days and hours where there is time."""
    names = ("tourism_monthly", "m3_monthly", "m4_monthly_sub200", "nn5_daily", "m4_hourly")[: 1 if quick else None]
    most = 24 if quick else 198
    return {name: sixes(replace(training_part(name, most), horizon=12)) for name in names}


def sixes(case: Case) -> Sixes:
    """Returns the errors on random sixes of a panel's series, each series in one."""
    from forecast.evaluation.scales import learning_scales
    from forecast.evaluation.splits import rolling_origins
    from forecast.models.forecaster import Watcher
    from forecast.models.networks.fitting import RecurrentForecaster

    folds = rolling_origins(case.panel, case.horizon, SCORED + 1, 1, warms_up=False)[1:]
    early = folds[0].train(case.panel)
    fitted = {
        cell: RecurrentForecaster(cell, spec_of(case, cell, early), run_with(ROOM)).fit(early, Watcher())
        for cell in CELLS
    }
    squares: dict[str, list[FloatArray]] = {name: [] for name in (*CELLS, "ensemble")}
    for fold in folds:
        train = fold.train(case.panel)
        members = {cell: model.predict_members(train).values for cell, model in fitted.items()}
        members["ensemble"] = np.concatenate(list(members.values()))
        for name, values in members.items():
            missed = (np.median(values, axis=0) - fold.truth(case.panel)) / learning_scales(train, case.season)[:, None]
            squares[name].append(np.minimum(np.abs(missed), CLIPPED) ** 2)
    some = np.random.default_rng(1).permutation(len(case.panel) // 6 * 6).reshape(-1, 6)

    def over(name: str, which: slice) -> FloatArray:
        whole = np.stack(squares[name])[which]
        return np.array([np.sqrt(np.nanmean(whole[:, six])) for six in some])

    return Sixes(
        {name: over(name, slice(SCORED)) for name in squares}, {name: over(name, slice(-1, None)) for name in squares}
    )


def errors(made: Sixes) -> FloatArray:
    """Returns the errors of what is chosen."""
    from forecast.experiment.final_fit import choose

    found = []
    for draw in range(len(made.last["gru"])):
        rows = {name: Row(name, float(own[draw])) for name, own in made.scored.items()}
        board = SimpleNamespace(rows=tuple(rows.values()), row=rows.__getitem__)
        chosen, _ = choose(SimpleNamespace(settings=SimpleNamespace(metric="rmsse"), board=board), "auto")
        found.append(made.last[chosen][draw])
    return np.array(found)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
