"""The verbs for Python: data in, tables out as pandas frames, nothing printed and nothing read but what is named.

    data  →  read_panel  →  compare  →  Comparison.leaderboard, .forecasts
                         →  train    →  Model.predict  ←  load  ←  store

Settings are those of the command line, with underscores; files of settings and variables are not looked at.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

import numpy as np
import pandas as pd

from forecast.api.frames import forecast_frame, leaderboard_frame, source_of, step_frame, table_frame
from forecast.api.settings import Questions, ReadSettings, RunSettings, read_options
from forecast.data.files.source import Source
from forecast.data.panel import Panel
from forecast.data.read_options import Names, names_in
from forecast.data.reading import reader
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.errors import UsageError
from forecast.experiment.decisions.asked import Asked
from forecast.experiment.experiment import run_experiment
from forecast.experiment.final_fit import candidates_for, with_baselines
from forecast.experiment.input_data import called_alike, only_model
from forecast.experiment.outputs import stem_of
from forecast.experiment.retraining.unfinished_run import Progress
from forecast.experiment.stored_forecast import (
    KnownData,
    data_of_forecast,
    forecast_from,
    result_table,
    with_future,
)
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.identity import checked_name
from forecast.experiment.versions.stored_model import StoredModel, load_champion, load_version
from forecast.models.networks.cells import CELLS
from forecast.models.registry import check_names, rivals
from forecast.process import start_run
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store, model_name_for
from forecast.report.tables import ResultTable, error_table
from forecast.specs import USUAL_STORE, Deadline, Device, Match, Settings
from forecast.wording import counted
from forecast.workflows.compare import find_errors, way_in
from forecast.workflows.train import TrainRequest, finish
from forecast.workflows.what_if import Question, answer

Data = str | Path | pd.DataFrame | pd.Series | Reading
Table = str | Path | pd.DataFrame | pd.Series
EVERY_CELL = tuple(CELLS)


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
    errors: pd.DataFrame | None = None

    def __repr__(self) -> str:
        """Returns the verdict and what there is to look at, in three lines."""
        models = ", ".join(self.leaderboard["model"])
        return f"Comparison of {models}\n  {self.verdict}\n  .leaderboard  .forecasts  .by_step  .verdict" + (
            "  .errors" if self.errors is not None else ""
        )


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model.

    Attributes:
        name: in the store; what it would be called there, if it was not saved.
        model: the network, such as ``lstm``.
        version: such as ``v2``; None if it was not saved.
        leaderboard: of the backtest that it was chosen by; None for a model that was loaded.
    """

    name: str
    model: str
    version: str | None
    leaderboard: pd.DataFrame | None
    _stored: StoredModel
    _read: Reading | None = None  # what it was trained on

    def __repr__(self) -> str:
        """Returns what it is and what it was trained on, in three lines."""
        stored, saved = self._stored, self.version or "not saved"
        return (
            f"Model {self.name}, {saved}: {self.model}, {stored.trained.horizon} steps ahead\n"
            f"  trained on {counted(len(stored.context), 'series')} up to {stored.version.manifest.data.end}\n"
            "  .predict(horizon)  .what_if({column: value})  .leaderboard"
        )

    def predict(
        self,
        horizon: int | None = None,
        data: Data | None = None,
        future: Table | None = None,
        **asked: Unpack[Questions],
    ) -> pd.DataFrame:
        """Returns a row a series and step, in the columns of ``forecast predict``; what is to be said is warned of.

        Args:
            horizon: steps; as many as the model was trained for if left out.
            data: forecast from its end instead of that of the model's own data.
            future: the known covariates of the steps to come, where the data itself does not tell them.
            asked: of the distribution, see ``Questions``; a row is a total where these are asked for.

        Raises:
            ForecastError: the data can't be read, or does not fit the model.
        """
        known = self._with_future(data, future)
        steps, questions = _steps(horizon), Asked.of(**asked)
        result = forecast_from(self._stored, known.panel, known.notes, steps, start_run(), questions, known.ids)
        table = result_table(result, self.version or "")
        return _frame(table, known.panel, result.notes)

    def what_if(
        self,
        values: Mapping[str, float | str],
        at: str | None = None,
        *,
        horizon: int | None = None,
        data: Data | None = None,
        future: Table | None = None,
    ) -> pd.DataFrame:
        """Returns the forecast beside what it would be if known columns were otherwise, a row a series and step.

        Args:
            values: of the known columns, such as ``{"promo": 1, "price": "-10%"}``.
            at: a date or a range such as ``2024-12-20..2024-12-24``; the whole horizon if left out.
            horizon: see ``predict``.
            data: likewise.
            future: likewise; what nobody tells is taken as usual in both forecasts.

        Raises:
            ForecastError: the question can't be asked of this model, or the data can't be read.
        """
        known = self._with_future(data, future)
        if not isinstance(values, Mapping):
            raise UsageError(f"what_if takes values by column, not {_kind(values)}.", "what_if({'promo': 1})")
        question = Question(tuple(f"{name}={value}" for name, value in values.items()), at)
        result = answer(self._stored, known.panel, known.notes, question, _steps(horizon), start_run())
        return _frame(result.table(), known.panel, result.notes)

    def _with_future(self, data: Data | None, future: Table | None) -> KnownData:
        """Returns what to forecast from."""
        if isinstance(data, Reading):
            known = KnownData(called_alike(data.panel, self._stored.context), (), data.ids)
        elif data is None and self._read is not None:
            known = KnownData(self._read.panel, (), self._read.ids)
        else:
            known = data_of_forecast(self._stored, _known(data), start_run().clock.now())
        given = _known(future)
        if given is None:
            return known
        options = data.settled if isinstance(data, Reading) else self._stored.options
        panel, more = with_future(known.panel, given, options)
        return KnownData(panel, (*known.notes, *more), known.ids)


def read_panel(data: Data, **settings: Unpack[ReadSettings]) -> Reading:
    """Returns what a file or frame holds: its ``panel``, ``columns`` and ``findings``.

    Raises:
        ForecastError: it can't be read; message and hint say what to do.
    """
    return _read(data, read_options(settings))[0]


def compare(
    data: Data,
    models: Names = EVERY_CELL,
    *,
    match: Match = "steps",
    by: str | None = None,
    time_limit: float | None = None,
    device: Device = "auto",
    **settings: Unpack[RunSettings],
) -> Comparison:
    """Backtests the models, the regressions and the baselines on the same folds.

    Args:
        data: a path, a frame (dates in a column or in the index) or what ``read_panel`` returned.
        models: their names; a text with commas or a list.
        match: what the cells share: training steps, ``params`` or ``seconds``.
        by: what errors are told apart by: ``series``, ``step``, ``weekday``, ``month`` or one of several id columns.
        time_limit: seconds that it may take.
        device: what networks are trained on.
        settings: see ``RunSettings``.

    Raises:
        ForecastError: a setting or the data can't be used; training failed.
    """
    run = start_run(device)
    deadline = None if time_limit is None else Deadline(time_limit, run.clock.seconds())
    names = check_names((*check_names(names_in(models)), *rivals()))
    reading, _ = _read(data, read_options(settings))
    chosen = Settings.of(settings)
    way = None if by is None else way_in(reading, chosen, by)
    experiment = run_experiment(reading, chosen, names, run, Terms(match, deadline))
    return Comparison(
        leaderboard_frame(experiment),
        forecast_frame(experiment),
        step_frame(experiment),
        experiment.board.verdict,
        None if way is None else pd.DataFrame(error_table(find_errors(experiment, way).table).records()),
    )


def train(
    data: Data,
    model: str = "auto",
    *,
    name: str | None = None,
    store: str | Path | None = None,
    time_limit: float | None = None,
    device: Device = "auto",
    force: bool = False,
    **settings: Unpack[RunSettings],
) -> Model:
    """Trains a model, scored beside the naive baselines; with a store, saves it there as the new champion.

    Args:
        data: a path, a frame (dates in a column or in the index) or what ``read_panel`` returned.
        model: any model of ``forecast compare``, or ``auto`` for the best network in the backtest.
        name: in the store; the file's name if left out.
        store: folder of the trained models; None to save nothing.
        time_limit: seconds that it may take.
        device: what networks are trained on.
        force: train although the name stands for another question in the store: other columns or another frequency.
        settings: see ``RunSettings``.

    Raises:
        ForecastError: a setting or the data can't be used; training failed; the store can't be written.
    """
    run = start_run(device)
    deadline = None if time_limit is None else Deadline(time_limit, run.clock.seconds())
    candidates = candidates_for(model)
    reading, options = _read(data, read_options(settings))
    called = name or model_name_for(stem_of(reading.source) if reading.path else "data")
    chosen = Settings.of(settings)
    request = TrainRequest(reading.source, options, chosen, model, called, None, "none", deadline)
    with TemporaryDirectory() as scratch:
        models = Store(Path(store or scratch)).model(called)
        reading = checked_name(models, reading, force=force)
        with models.lock():
            progress = Progress(models, RunRecord("train", "failed"), run.clock)
            terms = Terms(deadline=deadline, is_train=True)
            experiment = run_experiment(reading, chosen, with_baselines(candidates), run, terms)
            result = finish(request, experiment, progress, run)
        stored = load_version(result.version)
    version = None if store is None else result.version.label
    return Model(called, result.chosen, version, leaderboard_frame(experiment), stored, reading)


def load(name: str | None = None, *, store: str | Path = USUAL_STORE, version: str | None = None) -> Model:
    """Returns a model of a store: its champion, or a certain version.

    Raises:
        ForecastError: there is no such model or version, or it is damaged.
    """
    folder = Store(Path(store))
    models = folder.model(name or only_model(folder, "predict"))
    stored = load_version(models.version(version)) if version else models.with_widening(load_champion)
    return Model(models.name, stored.trained.name, stored.version.label, None, stored)


def _read(data: Data, options: ReadOptions) -> tuple[Reading, ReadOptions]:
    """Returns the data, and the options that read it; what was read before can't be read otherwise."""
    if not isinstance(data, Reading):
        return reader.read_panel(_known(data) or "", options, now=start_run().clock.now()), options
    if options != ReadOptions():
        raise UsageError("The data has been read already.", "give these settings to read_panel")
    return data, data.settled


def _frame(table: ResultTable, panel: Panel, notes: tuple[str, ...]) -> pd.DataFrame:
    """Returns a table of forecasts as a frame, and warns of what is to be said."""
    for note in notes:
        warnings.warn(note, stacklevel=3)
    return table_frame(table, panel)


def _known(data: Data | None) -> str | Source | None:
    """Returns a path, or a frame or series as the readers take it.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(data, pd.DataFrame | pd.Series):
        return source_of(data)
    if data is None or isinstance(data, str | Path):
        return None if data is None else str(data)
    hint = "a path, a pandas frame, a Series with dates in its index, or what read_panel returned"
    raise UsageError(f"Data can't be {_kind(data)}.", hint)


def _steps(horizon: object) -> int | None:
    """Returns a number of steps as it was given.

    Raises:
        UsageError: it is no whole number.
    """
    if horizon is None or (isinstance(horizon, int | np.integer) and not isinstance(horizon, bool)):
        return None if horizon is None else int(horizon)
    raise UsageError(f"The horizon is {horizon!r}; it must be a whole number of steps.", "predict(12)")


def _kind(value: object) -> str:
    """Returns the type of a value as a reader of Python knows it."""
    own = type(value)
    package = own.__module__.partition(".")[0]
    return own.__qualname__ if package == "builtins" else f"{package}.{own.__qualname__}"
