"""The verbs for Python: data in, tables out as pandas frames, nothing printed and nothing read but what is named.

    data  →  read_panel  →  compare  →  Comparison.leaderboard, .forecasts
                         →  train    →  Model.predict  ←  load  ←  store

Settings are those of the command line, with underscores; files of settings and variables are not looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, Unpack, cast, get_type_hints

import pandas as pd

from forecast.addresses import address_of
from forecast.api.frames import forecast_frame, leaderboard_frame, step_frame
from forecast.api.inputs import Data, Table, read
from forecast.api.model import Model, unsaved
from forecast.api.notebook import ForecastPicture, block, leaderboard_html
from forecast.api.settings import (
    ReadSettings,
    RunSettings,
    checked,
    checked_path,
    checked_settings,
    checked_time,
    telling,
)
from forecast.data.read_options import Names, ReadOptions, names_in
from forecast.data.reading.reader import Reading
from forecast.errors import UsageError
from forecast.experiment.ablation.cell_worth import check_alone, with_cells_alone
from forecast.experiment.experiment import Experiment, run_experiment
from forecast.experiment.final_fit import candidates_for, with_baselines
from forecast.experiment.input_data import only_model
from forecast.experiment.outputs import stem_of
from forecast.experiment.retraining.unfinished_run import Progress
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.identity import checked_name
from forecast.experiment.versions.stored_model import load_champion, load_version
from forecast.models.forecaster import Forecaster
from forecast.models.networks.cells import CELLS
from forecast.models.own_forecaster import check_forecasters
from forecast.models.registry import MODELS, check_names, rivals
from forecast.process import cache_folder, start_run
from forecast.production.backup.store_copy import copy_store
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store, model_name_for
from forecast.report.tables import error_table
from forecast.run import Run
from forecast.specs import USUAL_STORE, Deadline, Device, Match, Settings
from forecast.workflows.compare import find_errors, way_in
from forecast.workflows.pages.tracking import keep_experiment, tracking
from forecast.workflows.train import TrainRequest, finish

__all__ = ["Comparison", "Data", "Model", "Reading", "Table", "compare", "load", "read_panel", "train"]

EVERY_CELL = tuple(CELLS)
Compared: TypeAlias = str | Forecaster | Sequence[str | Forecaster]
"""Names of models in a text with commas, a forecaster of one's own, or a list of both."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found.

    Attributes:
        leaderboard: a row a model, the best first; the columns of ``forecast compare --format csv``.
        forecasts: a row a model, scored origin, series and step, with the truth as ``actual``.
        by_step: the RMSE of each model at each step of the horizon.
        verdict: who won, in a sentence.
        errors: a row a group and model, where groups were asked for; the columns of ``forecast compare --by``.
    """

    leaderboard: pd.DataFrame
    forecasts: pd.DataFrame
    by_step: pd.DataFrame
    verdict: str
    errors: pd.DataFrame | None
    _experiment: Experiment

    def __repr__(self) -> str:
        """Returns the verdict and what there is to look at, in three lines."""
        models = ", ".join(self.leaderboard["model"])
        return f"Comparison of {models}\n  {self.verdict}\n  .leaderboard  .forecasts  .by_step  .verdict  .plot()" + (
            "  .errors" if self.errors is not None else ""
        )

    def _repr_html_(self) -> str:
        return block(self._title, [self.verdict], leaderboard_html(self.leaderboard), self.plot())

    @property
    def _title(self) -> str:
        board, reading = self._experiment.board, self._experiment.reading
        steps = f"{board.folds} folds × {board.horizon} steps"
        return f"{reading.panel.target} of {reading.source}: {len(board.rows)} models on {steps}"

    def plot(self) -> ForecastPicture:
        """Returns the picture of what the networks said at the last origin, beside what came."""
        from forecast.report.figures.forecast import forecast_figure  # noqa: PLC0415 - matplotlib is slow to import
        from forecast.workflows.pages.plots import last_fold  # noqa: PLC0415 - likewise

        train, forecasts = last_fold(self._experiment)
        title = f"{self._experiment.reading.panel.target}: the last fold"
        figure = forecast_figure(train, forecasts, actuals=self._experiment.reading.panel, title=title)
        return ForecastPicture(figure)


@telling(ReadSettings)
def read_panel(data: Data, **settings: Unpack[ReadSettings]) -> Reading:
    """Returns what a file or frame holds: its ``panel``, ``columns`` and ``findings``.

    Args:
        data: a path, a pandas or polars frame, or a Series with dates in its index.
        settings: where something can't be told from the data; see below.

    Raises:
        ForecastError: it can't be read; message and hint say what to do.
    """
    return read(data, ReadOptions.of(checked_settings(settings, ReadSettings, ("data",))))[0]


@telling(RunSettings, ReadSettings)
def compare(  # noqa: PLR0913 - the flags of the command, all but data and models by keyword
    data: Data,
    models: Compared = EVERY_CELL,
    *,
    match: Match = "steps",
    by: str | None = None,
    alone: bool = False,
    bare: bool = False,
    time_limit: float | str | None = None,
    device: Device = "auto",
    log_dir: str | Path | None = None,
    **settings: Unpack[RunSettings],
) -> Comparison:
    """Backtests the models, the regressions and the baselines on the same folds.

    Args:
        data: a path, a pandas or polars frame (dates in a column or in the index) or what ``read_panel`` returned.
        models: their names, in a text with commas or a list; forecasters of your own may stand in the list, too:
            whatever keeps the protocol ``forecast.models.forecaster.Forecaster``.
        match: what the cells share: training steps, ``params`` or ``seconds``.
        by: what errors are told apart by: ``series``, ``step``, ``weekday``, ``month`` or one of several id columns.
        alone: train each cell once more without its highway, and tell what it is worth by itself.
        bare: compare bare cells: no highway, no naive base, no anchor, equally many parameters.
        time_limit: seconds that it may take, or a text such as ``"2m"``.
        device: what networks are trained on.
        log_dir: a folder for what trainings are like, for TensorBoard, and for MLflow where that is installed.
        settings: see below.

    Raises:
        ForecastError: a setting or the data can't be used; training failed.
    """
    hints = get_type_hints(compare)
    alone, bare = checked("alone", alone, bool), checked("bare", bare, bool)
    match, device = checked("match", match, hints["match"]), checked("device", device, hints["device"])
    by = None if by is None else checked("by", by, str)
    run = start_run(device)
    deadline = _deadline(time_limit, run)
    given = checked_settings(settings, RunSettings, hints)
    named, own = _told_apart(models)
    names = check_names((*check_names(named), *rivals()))
    reading, _ = read(data, ReadOptions.of(given))
    chosen = Settings.of(given)
    way = None if by is None else way_in(reading, chosen, by)
    every = (*(forecaster.name for forecaster in own), *names)
    terms = Terms(match, deadline, is_bare=bare)
    if alone:
        check_alone(names, chosen, terms)
    log = None if log_dir is None else checked_path("log_dir", log_dir)
    with tracking(log, run) as tracked:
        experiment = run_experiment(reading, chosen, every, tracked, terms, own)
        if alone:
            experiment = with_cells_alone(experiment, tracked)
    keep_experiment(log, f"{_called(reading)}-compare", experiment, {}, {})
    return Comparison(
        leaderboard_frame(experiment),
        forecast_frame(experiment),
        step_frame(experiment),
        experiment.board.verdict,
        None if way is None else pd.DataFrame(error_table(find_errors(experiment, way).table).records()),
        experiment,
    )


@telling(RunSettings, ReadSettings)
def train(  # noqa: PLR0913 - what a person may say, by keyword
    data: Data,
    model: str = "auto",
    *,
    name: str | None = None,
    store: str | Path | None = None,
    time_limit: float | str | None = None,
    device: Device = "auto",
    log_dir: str | Path | None = None,
    force: bool = False,
    **settings: Unpack[RunSettings],
) -> Model:
    """Trains a model, scored beside the naive baselines; with a store, saves it there as the new champion.

    Args:
        data: a path, a pandas or polars frame (dates in a column or in the index) or what ``read_panel`` returned.
        model: any model of ``forecast compare``, or ``auto`` for the best network in the backtest.
        name: in the store; the file's name if left out.
        store: folder of the trained models; None to save nothing.
        time_limit: seconds that it may take, or a text such as ``"2m"``.
        device: what networks are trained on.
        log_dir: a folder for what trainings are like, for TensorBoard, and for MLflow where that is installed.
        force: train although the name stands for another question in the store: other columns or another frequency.
        settings: see below.

    Raises:
        ForecastError: a setting or the data can't be used; training failed; the store can't be written.
    """
    hints = get_type_hints(train)
    candidates = candidates_for(checked("model", model, str))
    run = start_run(checked("device", device, hints["device"]))
    deadline = _deadline(time_limit, run)
    given = checked_settings(settings, RunSettings, hints)
    force = checked("force", force, bool)
    folder = None if store is None else checked_path("store", store)
    reading, options = read(data, ReadOptions.of(given))
    called = checked("name", name, str) if name is not None else _called(reading)
    chosen = Settings.of(given)
    log = None if log_dir is None else checked_path("log_dir", log_dir)
    request = TrainRequest(reading.source, options, chosen, model, called, None, "none", deadline, log_dir=log)

    def make(home: Store) -> Model:
        models = home.model(called)
        own = checked_name(models, reading, force=force)
        with models.lock(), tracking(log, run) as tracked:
            progress = Progress(models, RunRecord("train", "failed"), run.clock)
            terms = Terms(deadline=deadline, is_train=True)
            experiment = run_experiment(own, chosen, with_baselines(candidates), tracked, terms)
            result = finish(request, experiment, progress, tracked)
        version = None if folder is None else result.version.label
        return Model(called, result.chosen, version, load_version(result.version), home, own)

    return unsaved(make) if folder is None else make(Store(folder))


def load(name: str | None = None, *, store: str | Path = USUAL_STORE, version: str | None = None) -> Model:
    """Returns a model of a store: its champion, or a certain version.

    Args:
        name: of the model; left out where the store holds only one.
        store: folder of the trained models, or the address of one, of which a copy is read.
        version: such as ``v2``; the champion if left out.

    Raises:
        ForecastError: there is no such model or version, or it is damaged.
    """
    address = address_of(root := checked_path("store", store))
    folder = Store(copy_store(address, cache_folder(), name).root if address else root)
    models = folder.model(only_model(folder, "predict") if name is None else checked("name", name, str))
    label = None if version is None else checked("version", version, str)
    stored = load_version(models.version(label)) if label else models.with_widening(load_champion)
    return Model(models.name, stored.trained.name, stored.version.label, stored, folder)


def _told_apart(models: object) -> tuple[tuple[str, ...], tuple[Forecaster, ...]]:
    """Returns the names among what is to be compared, and the forecasters.

    Raises:
        UsageError: something is neither.
    """
    if isinstance(models, str):
        models = names_in(models)
    is_list = isinstance(models, Sequence | set | frozenset) or hasattr(models, "__array__")
    several: list[Any] = list(cast(Iterable[Any], models)) if is_list else [models]
    if not several:
        raise UsageError("There are no models to compare.", f"models={list(CELLS)!r}")
    if any(each is None or isinstance(each, int | float | Mapping) for each in several):
        raise UsageError(
            f"{models!r} is no list of names.", f"models={list(CELLS)!r}, names and forecasters of one's own"
        )
    named: Names = [each for each in several if isinstance(each, str)]
    return names_in(named), check_forecasters([each for each in several if not isinstance(each, str)], MODELS)


def _called(reading: Reading) -> str:
    """Returns what a model is called that nobody named."""
    return model_name_for(stem_of(reading.source) if reading.path else "data")


def _deadline(limit: object, run: Run) -> Deadline | None:
    seconds = checked_time(limit)
    return None if seconds is None else Deadline(seconds, run.clock.seconds())
