"""A trained model, as Python has it: all that the command line does with a version in the store."""

import json
import shutil
import warnings
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Unpack, get_type_hints

import numpy as np
import pandas as pd

from forecast.api.frames import summary_frame, table_frame
from forecast.api.inputs import Data, Table, known
from forecast.api.notebook import (
    ForecastPicture,
    HtmlPage,
    ModelExplanation,
    PictureKind,
    block,
    leaderboard_html,
)
from forecast.api.settings import Questions, ReadSettings, checked, checked_path, checked_settings
from forecast.data.panel import Panel
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import Reading
from forecast.errors import ForecastError, UsageError
from forecast.experiment.decisions.asked import Asked
from forecast.experiment.decisions.totals import read_totals
from forecast.experiment.input_data import called_alike
from forecast.experiment.outputs import folder_content, write_all
from forecast.experiment.stored_forecast import (
    KnownData,
    PredictResult,
    data_of_forecast,
    forecast_from,
    result_table,
    with_future,
)
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.experiment.versions.stored_summary import read_summary
from forecast.process import start_run
from forecast.production.store.store import Store
from forecast.report.tables import ResultTable, live_columns, live_row
from forecast.wording import counted, type_name
from forecast.workflows.what_if import Question, answer

if TYPE_CHECKING:
    from forecast.evaluation.summary import Summary


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model.

    Attributes:
        name: in the store; what it would be called there, if it was not saved.
        model: the network, such as ``lstm``.
        version: such as ``v2``; None if it was not saved.
        leaderboard: of the backtest that it was chosen by; None where its version does not tell.
    """

    name: str
    model: str
    version: str | None
    _stored: StoredModel
    _store: Store  # that holds it; of a model that was not saved, one that goes with it
    _read: Reading | None = None  # what it was trained on

    def __deepcopy__(self, memo: object) -> "Model":
        """Returns itself: it never changes."""
        return self

    def __reduce__(self) -> Any:
        """Returns how another process makes it: of its files, not of objects."""
        files = folder_content(self._store.model(self.name).folder)
        return _of_files, (self.name, self.version, self._stored.version.label, files, self._read)

    @cached_property
    def _summary(self) -> "Summary":
        return read_summary(self._stored.version)

    @property
    def leaderboard(self) -> pd.DataFrame | None:
        """A row a model, the best first; the columns of ``forecast compare --format csv``."""
        return summary_frame(self._summary)

    @property
    def verdict(self) -> str:
        """Who won the backtest, in a sentence or two."""
        return self._summary.verdict or ""

    @property
    def _title(self) -> str:
        trained, saved = self._stored.trained, self.version or "not saved"
        return f"Model {self.name}, {saved}: {self.model}, {counted(trained.horizon, 'step')} ahead"

    @property
    def _trained_on(self) -> str:
        stored = self._stored
        return f"trained on {counted(len(stored.context), 'series')} up to {stored.version.manifest.data.end}"

    def __repr__(self) -> str:
        """Returns what it is and what it was trained on, in three lines."""
        verbs = "  .predict(horizon)  .what_if({column: value})  .plot()  .explain()  .report()  .leaderboard"
        return f"{self._title}\n  {self._trained_on}\n{verbs}"

    def _repr_html_(self) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                picture: ForecastPicture | None = self.plot()
        except ForecastError:  # the data is not there any more, or not as it was
            picture = None
        sentences = [f"{self._trained_on[0].upper()}{self._trained_on[1:]}.", self.verdict]
        return block(self._title, sentences, leaderboard_html(self.leaderboard), picture)

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
        result = self._forecast(horizon, data, future, asked)
        return _frame(result_table(result, self.version or ""), result.panel, result.notes)

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
        if not isinstance(values, Mapping):
            raise UsageError(f"what_if takes values by column, not {type_name(values)}.", "what_if({'promo': 1})")
        known_data = self._with_future(data, future)
        place = None if at is None else checked("at", at, str)
        question = Question(tuple(f"{name}={value}" for name, value in values.items()), place)
        result = answer(self._stored, known_data.panel, known_data.notes, question, _steps(horizon), start_run())
        return _frame(result.table(), known_data.panel, result.notes)

    def plot(
        self, horizon: int | None = None, data: Data | None = None, future: Table | None = None
    ) -> ForecastPicture:
        """Returns the picture of the forecast after its history: shown in a notebook, ``save`` writes it.

        Args:
            horizon: see ``predict``.
            data: likewise.
            future: likewise.

        Raises:
            ForecastError: see ``predict``.
        """
        from forecast.report.figures.forecast import forecast_figure  # noqa: PLC0415 - matplotlib is slow to import

        result = self._forecast(horizon, data, future, {})
        _warn(result.notes)
        title = f"{self.name} ({result.panel.target}), forecast by {self.model}"
        return ForecastPicture(forecast_figure(result.panel, {self.model: result.forecasts}, title=title))

    def score(self, data: Data | None = None, **settings: Unpack[ReadSettings]) -> pd.DataFrame:
        """Returns how good the forecasts were that were issued: a row a version, as ``forecast score --format csv``.

        Args:
            data: with what came true since; the data that it was trained on, read again, if left out.
            settings: how that is read, where otherwise than the model's own.

        Raises:
            ForecastError: the data can't be read, or is not like the model's.
        """
        from forecast.workflows.score import ScoreRequest, score  # noqa: PLC0415 - few ask for it

        options = ReadOptions.of(checked_settings(settings, ReadSettings, ("data",)))
        source = known(_unread(data, "score"))
        result = score(ScoreRequest(self.name, source, options, start_run().clock.now()), self._store)
        _warn(result.notes)
        columns = list(live_columns(result.points.levels))
        return pd.DataFrame([live_row(scores) for scores in result.scores], columns=columns)

    def diff(
        self, *words: str, total: str | None = None, total_by: str | None = None, data: str | Path | None = None
    ) -> pd.DataFrame:
        """Returns what changed between two issued forecasts; what is said of it stands in ``attrs["sentences"]``.

        Args:
            words: up to two versions, such as ``v3``, or dates of issue; the last two forecasts if left out.
            total: the period that is added up, see ``Questions``.
            total_by: the part of the id, likewise.
            data: path of newer data than the file that the model was trained on.

        Raises:
            ForecastError: there are no two forecasts, or they can't be compared.
        """
        from forecast.workflows.diff.diff import DiffRequest, diff  # noqa: PLC0415 - few ask for it

        source = None if data is None else str(checked_path("data", data))
        named = tuple(checked("versions", word, str) for word in words)
        request = DiffRequest((self.name, *named), source, totals=read_totals(total, total_by))
        result = diff(request, self._store, start_run())
        found = _frame(result.table(), self._stored.context, result.notes)
        found.attrs["sentences"] = list(result.sentences)
        return found

    def explain(
        self,
        series: str | None = None,
        lags: int | None = None,
        *,
        data: Data | None = None,
        teach: bool = False,
    ) -> ModelExplanation:
        """Returns why the networks forecast as they do: how far back they look, and what passes their gates.

        Args:
            series: to show; the most typical one if left out.
            lags: to draw, up to the window.
            data: windows from it instead of the model's own data.
            teach: add the equations with this data's numbers.

        Raises:
            ForecastError: the model has no recurrent cell, or there is no such series or lag.
        """
        from forecast.evaluation.explain.equations import equation_lines  # noqa: PLC0415 - few ask for it
        from forecast.evaluation.explain.explanation import Focus  # noqa: PLC0415 - likewise
        from forecast.workflows.explain import ModelRequest, explain_model  # noqa: PLC0415 - likewise
        from forecast.workflows.pages.explain import explain_files  # noqa: PLC0415 - likewise
        from forecast.workflows.pages.explain_tables import explain_document, json_bytes  # noqa: PLC0415 - likewise

        focus = Focus(
            None if series is None else checked("series", series, str),
            None if lags is None else checked("lags", lags, int),
        )
        source = known(_unread(data, "explain"))
        request = ModelRequest(self.name, source, self._stored.version.label, focus)
        found = explain_model(request, self._store, start_run())
        lesson = tuple(equation_lines(found.cell_reports, found.subjects, found.series)) if teach else ()

        def files(kind: PictureKind) -> Mapping[str, bytes]:
            return explain_files(found, lesson, kind)

        sentences = tuple(sentence.text for sentence in found.sentences)
        numbers = json.loads(json_bytes(explain_document(found)))
        return ModelExplanation(found.title, sentences, numbers, lesson, files)

    def report(self, path: str | Path | None = None) -> HtmlPage:
        """Returns the page of the model to read, print or hand on, as ``forecast report`` writes it.

        Args:
            path: of a file to write it to, too.

        Raises:
            ForecastError: the version is damaged, or the file can't be written.
        """
        from forecast.workflows.pages.version import version_page  # noqa: PLC0415 - Jinja2 and matplotlib

        place = None if path is None else checked_path("path", path)
        models = self._store.model(self.name)
        content = version_page(models, self._stored.version, start_run().clock.now())
        page = HtmlPage(f"{self.name}, {self.version or 'not saved'}", content.decode())
        if place is not None:
            page.save(place)
        return page

    def export(self, path: str | Path) -> Path:
        """Writes one file that Keras opens without this program, and that predicts the same; returns its path.

        Args:
            path: ends in ``.keras``; a file that is there is replaced.

        Raises:
            ForecastError: it is no network, or forecasts by more than past values; or the file can't be written.
        """
        from forecast.workflows.export import export  # noqa: PLC0415 - few ask for it

        return export(self._store, self.name, self._stored.version.label, checked_path("path", path), force=True).path

    def keras(self) -> Any:
        """Returns the model as a ``keras.Model`` that takes past values and predicts the same.

        Raises:
            ForecastError: see ``export``.
        """
        from forecast.workflows.export import keras_model_of  # noqa: PLC0415 - few ask for it

        return keras_model_of(self._stored)

    def _forecast(
        self, horizon: object, data: Data | None, future: Table | None, asked: Mapping[str, Any]
    ) -> PredictResult:
        steps = _steps(horizon)
        questions = Asked.of(**checked_settings(asked, Questions, get_type_hints(Model.predict)))
        told = self._with_future(data, future)
        return forecast_from(self._stored, told.panel, told.notes, steps, start_run(), questions, told.ids)

    def _with_future(self, data: Data | None, future: Table | None) -> KnownData:
        """Returns what to forecast from."""
        if isinstance(data, Reading):
            found = KnownData(called_alike(data.panel, self._stored.context), (), data.ids)
        elif data is None and self._read is not None:
            found = KnownData(self._read.panel, (), self._read.ids)
        else:
            found = data_of_forecast(self._stored, known(data), start_run().clock.now())
        given = known(future)
        if given is None:
            return found
        options = data.settled if isinstance(data, Reading) else self._stored.options
        panel, more = with_future(found.panel, given, options)
        return KnownData(panel, (*found.notes, *more), found.ids)


def unsaved(make: Callable[[Store], Model]) -> Model:
    """Returns a model that is made in a store of its own, which goes when nobody has the model any more."""
    scratch = mkdtemp(prefix="forecast-")
    try:
        made = make(Store(Path(scratch)))
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    weakref.finalize(made, shutil.rmtree, scratch, ignore_errors=True)
    return made


def _of_files(name: str, version: str | None, label: str, files: Mapping[str, bytes], reading: Reading | None) -> Model:
    """Returns a model that was sent from another process."""

    def make(store: Store) -> Model:
        models = store.model(name)
        write_all(models.folder, files)
        stored = load_version(models.version(label))
        return Model(name, stored.trained.name, version, stored, store, reading)

    return unsaved(make)


def _unread(data: Data | None, verb: str) -> Table | None:
    """Returns data that was not read before.

    Raises:
        UsageError: it was.
    """
    if isinstance(data, Reading):
        raise UsageError(f"{verb} reads the data as the model's own was read.", f"{verb}(data) with the file or frame")
    return data


def _frame(table: ResultTable, panel: Panel, notes: tuple[str, ...]) -> pd.DataFrame:
    """Returns a table of forecasts as a frame, and warns of what is to be said."""
    _warn(notes, level=4)
    return table_frame(table, panel)


def _warn(notes: tuple[str, ...], level: int = 3) -> None:
    for note in notes:
        warnings.warn(note, stacklevel=level)


def _steps(horizon: object) -> int | None:
    """Returns a number of steps as it was given.

    Raises:
        UsageError: it is no whole number.
    """
    if horizon is None or (isinstance(horizon, int | np.integer) and not isinstance(horizon, bool)):
        return None if horizon is None else int(horizon)
    raise UsageError(f"The horizon is {horizon!r}; it must be a whole number of steps.", "predict(12)")
