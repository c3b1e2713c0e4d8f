"""What a recurrent cell is worth by itself, on the folds of an experiment: ``compare --alone``.

A forecast of the usual recipe is made in four steps, each of which may carry it:

    base     the naive forecasts that the views correct, with nothing learned beside the effects of dates and covariates
    alone    the cell on the same views, trained without the highway: what it alone can add to the bases
    network  the cell and the linear highway beside it, trained together
    forecast the networks mixed with an anchor, such as exponential smoothing

The step from ``alone`` to ``network`` needs a training of its own: in a network that was trained with its highway, the
cell has learned only what the highway left to it, and without the highway its output is no forecast. The other steps
need none. What one part adds depends on what is there already: a cell that adds nothing beside a highway may still do
all that the highway does.
"""

from dataclasses import dataclass, replace

import numpy as np

from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.leaderboard import Leaderboard, LeaderboardRow
from forecast.evaluation.metrics import rmse
from forecast.experiment.experiment import Experiment
from forecast.experiment.time_limit import Terms
from forecast.metric_records import CELL_PARTS
from forecast.models.forecaster import Curve, Forecaster, Members, Watcher
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.models.networks.recurrent import Memory, RecurrentModel
from forecast.models.registry import make_forecaster
from forecast.run import ALONE, Run
from forecast.specs import LESSONS, Settings
from forecast.wording import joined, percent, short_number

BASE, CELL, HIGHWAY, ANCHOR = CELL_PARTS
"""Columns of the leaderboard: two errors, and by how much highway and anchor lower the second; the rest is the RMSE."""


def check_alone(models: tuple[str, ...], settings: Settings, terms: Terms) -> None:
    """Refuses what has no parts to tell apart, before anything is trained.

    Raises:
        UsageError: no cell is compared, the networks have neither highway nor anchor, or time is limited.
    """
    if not any(name in CELLS for name in models):
        message = "--alone trains a recurrent cell without its highway, but none is compared."
        raise UsageError(message, f"--models {REFERENCE} --alone")
    if terms.is_bare or settings.preset in LESSONS:
        flag = "--bare" if terms.is_bare else f"--preset {settings.preset}"
        raise UsageError(
            f"--alone can't be used with {flag}: it has no highway and no anchor.", "leave one of them out"
        )
    if terms.is_timed:
        raise UsageError("--alone can't be used with --time-limit or --match seconds.", "leave one of them out")


def with_cells_alone(experiment: Experiment, run: Run) -> Experiment:
    """Returns the experiment with what each cell is worth alone as four more columns of its leaderboard.

    Raises:
        ForecastError: see ``backtest``.
    """
    cells = [row.model for row in experiment.board.rows if row.model in CELLS]
    found = {cell: _parts(experiment, cell, (at, len(cells)), run) for at, cell in enumerate(cells)}
    nothing: dict[str, float | None] = dict.fromkeys(CELL_PARTS)
    rows = tuple(
        replace(row, scores=(*row.scores, *found.get(row.model, nothing).items())) for row in experiment.board.rows
    )
    board = replace(experiment.board, rows=rows)
    return replace(experiment, board=replace(board, verdict=f"{board.verdict} {worth_words(board)}"))


def worth_words(board: Leaderboard) -> str:
    """Returns in a sentence a cell what it is worth alone, and what carries the forecast."""
    sentences = []
    for row in board.rows:
        parts = parts_of(row)
        if parts is None:
            continue
        base, alone, highway, anchor = parts
        change = 1 - alone / base if base > 0 else 0.0
        better = f"{percent(change)} below" if change >= 0 else f"{percent(-change)} above"
        added = [
            f"the {name} {'takes' if size >= 0 else 'adds'} {short_number(abs(size))}{' off' if size >= 0 else ''}"
            for name, size in (("highway", highway), ("anchor", anchor))
        ]
        sentences.append(
            f"The {row.model} alone has an RMSE of {short_number(alone)}, {better} the naive bases that it corrects; "
            f"{joined(added)}."
        )
    return " ".join(sentences)


def parts_of(row: LeaderboardRow) -> tuple[float, float, float, float] | None:
    """Returns what stands in the four columns of a row; None where there is nothing."""
    told = dict(row.scores)
    base, alone, highway, anchor = (told.get(name) for name in CELL_PARTS)
    if base is None or alone is None or highway is None or anchor is None:
        return None
    return base, alone, highway, anchor


def _parts(experiment: Experiment, cell: str, place: tuple[int, int], run: Run) -> dict[str, float | None]:
    """Returns the four numbers of a cell."""
    plan, specs, memory = experiment.plan, experiment.specs, Memory()
    without = {cell: specs[cell].with_(highway=False)}

    def forecaster(own: Memory, *, trained: bool = True, highway: bool = True) -> Forecaster:
        made = make_forecaster(
            cell, specs if highway else without, plan.season_of(cell), run.on(experiment.machine), own
        )
        return _Part(cell, made, is_trained=trained)

    parts = (
        forecaster(experiment.memory, trained=False),
        forecaster(memory, highway=False),
        forecaster(experiment.memory),
    )

    def progress(_: str, share: float) -> None:
        run.reporter.progress(f"{cell} alone", (place[0] + share) / place[1])

    result = backtest(
        experiment.reading.panel,
        experiment.backtest.folds,
        parts,
        plan.season,
        refit=plan.refit,
        metric=experiment.settings.metric,
        progress=progress,
        run=run.on(experiment.machine),
        kind=plan.kind,
    )
    base, alone, network = (rmse(result.truths, tested.forecasts, result.weights) for tested in result.models)
    whole = experiment.board.row(cell).rmse
    return {BASE: base, CELL: alone, HIGHWAY: alone - network, ANCHOR: network - whole}


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a network's forecast: without the anchor, and where it is not trained without the network, too."""

    name: str
    whole: Forecaster
    is_trained: bool

    def fit(self, panel: Panel, watcher: Watcher) -> "_FittedPart":
        model = self.whole.fit(panel, watcher)
        assert isinstance(model, RecurrentModel)
        if self.is_trained:
            return _FittedPart(model)
        silent = tuple(
            replace(network, weights={name: np.zeros_like(array) for name, array in network.weights.items()})
            for network in model.networks
        )
        return _FittedPart(replace(model, networks=silent))


@dataclass(frozen=True, eq=False)
class _FittedPart:
    """A model whose members stand alone."""

    model: RecurrentModel

    @property
    def parameters(self) -> int | None:
        return self.model.parameters

    @property
    def curve(self) -> Curve | None:
        return self.model.curve

    @property
    def train_seconds(self) -> float:
        return self.model.train_seconds

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        return replace(self.model.predict_members(panel, run), anchors=None)
