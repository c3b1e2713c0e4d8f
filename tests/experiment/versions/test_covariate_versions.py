"""What becomes of covariates after training: kept with a version, read alike again, told ahead, lost and gained."""

import csv
import io
import warnings
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from covariate_shops import DAYS, HORIZON, NOW, OPTIONS, rows, write
from forecast.data.covariates import Column
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import DataError, UsageError
from forecast.experiment.input_data import read_alike
from forecast.experiment.retraining.request import Change, RetrainRequest
from forecast.experiment.stored_forecast import forecast_from
from forecast.experiment.versions.stored_model import load_version, unpack_model
from forecast.models.networks.serialization import pack_arrays, unpack_arrays
from forecast.production.promotion import Gate
from forecast.production.store.store import Store
from forecast.production.store.version import WEIGHTS
from forecast.production.triggers import Rules, Tolerance
from forecast.specs import Settings
from forecast.workflows.export import export
from forecast.workflows.predict import PredictRequest, predict
from forecast.workflows.retrain import retrain
from forecast.workflows.train import TrainRequest, train
from runs import QUIET, run_at
from untrained import train_nothing


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a model of two shops, whose known columns go on for a horizon; to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        train_nothing(patch)
        write(Path("shops.csv"), rows(DAYS, HORIZON))
        settings = Settings(horizon=HORIZON, window=14, folds=1, seeds=1)
        request = TrainRequest("shops.csv", OPTIONS, settings, "gru", None, Path("forecasts"), "none")
        train(request, Store(Path("store")), run_at(NOW))
    return folder


@pytest.fixture
def shop(trained, tmp_path, monkeypatch):
    """The store of a copy of that folder, which is the working directory; nothing is really trained."""
    copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    train_nothing(monkeypatch)
    return Store(Path("store"))


PLAIN_CONTEXT = ("context/values", "context/offsets", "context/first")


def champion(store):
    return store.model("shops").with_champion(load_version)


def again(store, source, options=None, **more):
    gate = more.pop("gate", Gate(force=True))
    request = RetrainRequest(
        None, str(source), options, Change(), gate, Rules(), Tolerance(shorter=True), Path("forecasts"), **more
    )
    return retrain(request, store, run_at(NOW), lambda stage, facts: None)


def test_what_each_series_errs_more_than_others_is_kept(shop):
    stored = champion(shop)
    distribution = stored.trained.distribution
    assert distribution.series_ids == ("a", "b")
    assert 1 not in distribution.hardness.own
    issued = list(csv.DictReader(io.StringIO(shop.model("shops").champion().read("forecast.csv").decode())))
    forecasts = stored.trained.forecast(stored.context, HORIZON)
    uppers = np.array([float(row["upper_80"]) for row in issued]).reshape(2, HORIZON)
    np.testing.assert_allclose(uppers, forecasts.intervals[0].upper)


def test_data_is_kept_with_its_covariates(shop):
    stored, panel = champion(shop), read_panel("shops.csv", OPTIONS).panel
    context = stored.context
    np.testing.assert_array_equal(context.values, panel.values)
    kept, whole = context.covariates, panel.covariates
    assert kept.columns == stored.columns == whole.columns
    assert kept.columns[1] == Column("sky", "known", ("rain", "sun"))
    before = np.maximum(context.first - 1, panel.covariates.known_first)  # an event there tells of the first step
    assert kept.known_first.tolist() == before.tolist()
    assert kept.known_last.tolist() == (context.last + HORIZON).tolist()
    steps = int(context.lengths[0]) + HORIZON
    np.testing.assert_array_equal(kept.known_between(context.first, steps), whole.known_between(context.first, steps))
    np.testing.assert_array_equal(kept.past, whole.past)
    np.testing.assert_array_equal(kept.static, whole.static)
    assert stored.options.known == ("promo", "sky")
    assert stored.options.static == ("region",)


def test_same_data_gives_the_same_bytes_and_an_old_version_has_no_covariates(shop):
    version = champion(shop).version
    first = version.read(WEIGHTS)
    settings = Settings(horizon=HORIZON, window=14, folds=1, seeds=1)
    request = TrainRequest("shops.csv", OPTIONS, settings, "gru", None, Path("forecasts"), "none")
    second = train(request, shop, run_at(NOW)).version
    assert second.read(WEIGHTS) == first
    data = {name: value for name, value in version.document["data"].items() if name not in {"covariates", "header"}}
    arrays = {name: array for name, array in unpack_arrays(first).items() if not name.startswith("context/")}
    own = {name: array for name, array in unpack_arrays(first).items() if name in PLAIN_CONTEXT}
    _, context = unpack_model({**version.document, "data": data}, pack_arrays(arrays | own))
    assert context.covariates is None


def test_newer_rows_keep_the_codes_of_the_model_and_say_what_is_new(shop, tmp_path):
    stored = champion(shop)
    path = write(tmp_path / "newer.csv", rows(DAYS + 3, HORIZON, sky=("fog", "sun", "hail")))
    reading = read_alike(path, stored.options, stored.context.frequency, stored.columns)
    assert reading.panel.covariates.columns[1].levels == ("rain", "sun", "fog", "hail")
    result = predict(PredictRequest("shops", str(path)), shop, QUIET)
    assert "sky has 'fog', 'hail', which it never had before: taken as none of its values" in result.notes


def test_forecast_takes_what_is_usual_or_its_future_from_a_second_file(shop, tmp_path):
    here = predict(PredictRequest("shops"), shop, QUIET)
    short = str(write(tmp_path / "short.csv", rows(DAYS)))
    [note] = predict(PredictRequest("shops", short), shop, QUIET).notes
    assert note.startswith(
        "promo, sky are not known beyond 2024-03-30: this forecast takes their usual values, promo 0,"
    )
    ahead = [[row[0], row[1], *row[3:5]] for row in rows(DAYS, HORIZON) if row[2] == ""]
    future = str(write(tmp_path / "next.csv", ahead, ("day", "shop", "promo", "sky")))
    there = predict(PredictRequest("shops", short, future=future), shop, QUIET)
    np.testing.assert_array_equal(here.forecasts.point, there.forecasts.point)
    note, _ = predict(PredictRequest("shops", short, HORIZON + 1, future=future), shop, QUIET).notes
    assert note.startswith("promo, sky are known for only 5 days beyond 2024-03-30: for the rest this forecast takes")


@pytest.mark.slow
def test_future_of_a_model_without_known_covariates_is_a_misuse(shop):
    request = TrainRequest(
        "shops.csv", ReadOptions(target=("sales",)), Settings(folds=1), "gru", "bare", Path(), "none"
    )
    train(request, shop, run_at(NOW))
    with pytest.raises(UsageError, match="the model was trained without any") as error:
        predict(PredictRequest("bare", future="shops.csv"), shop, QUIET)
    assert error.value.hint == "forecast train DATA --known COLUMNS makes one with them"


@pytest.mark.parametrize(
    ("lost", "flags"),
    [
        ("sky", " --known promo --past temp --static region"),
        ("temp", " --known promo,sky --static region"),
        ("region", " --known promo,sky --past temp"),
    ],
)
def test_data_that_lost_a_covariate_is_refused_with_the_command_that_does_without(lost, flags, shop, tmp_path):
    header = ["day", "shop", "sales", "promo", "sky", "temp", "region"]
    place = header.index(lost)
    table = [[*row[:place], *row[place + 1 :]] for row in rows(DAYS + 7, HORIZON)]
    path = write(tmp_path / "lost.csv", table, [name for name in header if name != lost])
    for verb in (lambda: predict(PredictRequest("shops", str(path)), shop, QUIET), lambda: again(shop, path)):
        with pytest.raises(DataError, match=f"lost.csv has no column '{lost}'. The model was trained with it") as error:
            verb()
        assert error.value.hint == f"forecast train {path}{flags} makes a model without it"


@pytest.mark.slow
def test_column_that_came_since_is_left_aside_and_said_once(shop, tmp_path):
    table = [[*row, step] for step, row in enumerate(rows(DAYS + 7, HORIZON))]
    header = ("day", "shop", "sales", "promo", "sky", "temp", "region", "wind")
    path = write(tmp_path / "gained.csv", table, header)
    first = again(shop, path)
    assert first.record.outcome == "promoted"
    [note] = [note for note in first.notes if "wind" in note]
    assert note.startswith("gained.csv has gained wind, which is left aside; a model with it: forecast train, with")
    assert [column.name for column in champion(shop).columns] == ["promo", "sky", "temp", "region"]
    second = again(shop, write(path, [*table, *([day, *more] for day, *more in table[-1:])], header))
    assert not any("wind" in note for note in second.notes)


def test_covariates_of_a_model_can_not_be_changed_by_a_retrain(shop, tmp_path):
    stored = champion(shop)
    path = write(tmp_path / "newer.csv", rows(DAYS + 3, HORIZON))
    args = (str(path), ReadOptions(fill="zero"), stored.context.frequency, stored.columns)
    assert read_alike(*args, is_asked=True).columns.covariates == ("promo", "sky", "temp", "region")
    with pytest.raises(UsageError, match="The model was trained with promo, sky, temp, region") as error:
        again(shop, path, ReadOptions(known=("promo",)))
    assert error.value.hint == "forecast train DATA --known promo trains another"
    with pytest.raises(UsageError, match="has no column 'guests'"):
        again(shop, path, ReadOptions(target=("guests",)))


@pytest.mark.slow
def test_retrain_says_what_its_forecast_had_to_guess_and_takes_it_from_a_second_file(shop, tmp_path):
    dark = str(write(tmp_path / "dark.csv", rows(DAYS + 7)))
    ahead = [[row[0], row[1], *row[3:5]] for row in rows(DAYS + 7, HORIZON) if row[2] == ""]
    future = write(tmp_path / "next.csv", ahead, ("day", "shop", "promo", "sky"))
    note = "promo, sky are not known beyond 2024-04-06: this forecast takes their usual values, promo 0, sky "
    first = again(shop, dark, gate=Gate())
    assert any(each.startswith(note) and each.endswith("(--future FILE tells them).") for each in first.notes)
    guessed = Path("forecasts/shops.csv").read_text()
    second = again(shop, dark, gate=Gate(), future=str(future))
    assert not any("usual values" in note for note in second.notes)
    told = Path("forecasts/shops.csv").read_text()
    assert told != guessed
    points = predict(PredictRequest("shops", dark, future=str(future)), shop, QUIET).forecasts.point
    assert [float(line.split(",")[3]) for line in told.splitlines()[1:]] == pytest.approx(points.ravel().tolist())
    assert again(shop, dark, gate=Gate(), future=str(future)).record.outcome == "nothing-new"
    assert Path("forecasts/shops.csv").read_text() == told
    write(future, [[*row[:2], not row[2], row[3]] for row in ahead], ("day", "shop", "promo", "sky"))
    again(shop, dark, gate=Gate(), future=str(future))
    assert Path("forecasts/shops.csv").read_text() != told


@pytest.mark.parametrize("start", [DAYS, DAYS + 7], ids=["over rows of the data", "after them"])
def test_a_yes_no_column_that_a_second_file_tells_as_per_cent_is_refused_before_training(start, shop, tmp_path):
    data = str(write(tmp_path / "newer.csv", rows(DAYS + 7)))
    first = np.datetime64("2024-01-01") + start
    ahead = [[row[0], row[1], 100 * row[3], row[4]] for row in rows(DAYS + 7, HORIZON) if row[0] >= first]
    future = str(write(tmp_path / "next.csv", ahead, ("day", "shop", "promo", "sky")))
    request = PredictRequest("shops", data, future=future)
    for verb in (lambda: again(shop, data, future=future), lambda: predict(request, shop, QUIET)):
        with pytest.raises(DataError, match=r"promo is 0 or 1, never 100, as for 2024-0\d-\d\d in series a"):
            verb()
    assert [version.label for version in shop.model("shops").versions()] == ["v1"]


def test_python_takes_the_future_as_a_frame(shop, tmp_path):
    import pandas as pd

    from forecast.api.verbs import load

    table = pd.DataFrame(rows(DAYS, HORIZON), columns=["day", "shop", "sales", "promo", "sky", "temp", "region"])
    future = table[table["sales"] == ""].drop(columns=["sales", "temp", "region"])
    short = write(tmp_path / "short.csv", rows(DAYS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = load("shops", store="store").predict(data=short, future=future)
    assert len(frame) == 2 * HORIZON
    here = forecast_from(champion(shop), read_panel("shops.csv", OPTIONS).panel, (), None, QUIET)
    np.testing.assert_allclose(frame["forecast"], here.forecasts.point.ravel())


def test_model_that_needs_covariates_is_not_exported_without_them(shop):
    with pytest.raises(UsageError, match="shops v1 forecasts by promo, sky, temp, region too") as error:
        export(shop, "shops", "v1", Path("shops.keras"), force=False)
    assert error.value.hint.startswith("forecast train DATA without promo, sky, temp, region and with --no-calendar")
    assert not Path("shops.keras").exists()


def test_model_that_needs_the_calendar_is_not_exported_without_it(shop, monkeypatch):
    stored = champion(shop)
    [part] = stored.trained.model.parts
    dated = replace(part, covariate_model=replace(part.covariate_model, encoding=None))
    changed = replace(stored, trained=replace(stored.trained, model=replace(stored.trained.model, parts=(dated,))))
    monkeypatch.setattr("forecast.workflows.export.load_version", lambda version: changed)
    with pytest.raises(UsageError, match="forecasts by the calendar too") as error:
        export(shop, "shops", "champion", Path("shops.keras"), force=False)
    assert error.value.hint == "forecast train DATA with --no-calendar makes a model that can be exported"


def test_python_reads_texts_by_their_words_wherever_they_were_read(shop, tmp_path):
    """What was read by itself has codes of its own: of fewer texts, and in other letters."""
    from forecast.api.verbs import load, read_panel

    table = [[*row[:4], {"sun": "Sun", "rain": "SLEET"}[row[4]], *row[5:]] for row in rows(DAYS, HORIZON)]
    data = write(tmp_path / "other.csv", table)
    reading = read_panel(data, known="promo,sky", past="temp", static="region")
    assert reading.panel.covariates.columns[1].levels == ("SLEET", "Sun")
    model = load("shops", store="store")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = model.predict(data=reading), model.predict(data=data)
    assert one["forecast"].tolist() == other["forecast"].tolist()


def test_texts_are_coded_as_elsewhere_and_new_ones_come_after(shop):
    covariates = read_panel("shops.csv", OPTIONS).panel.covariates
    columns = tuple(replace(one, levels=("fog", "SUN")) if one.name == "sky" else one for one in covariates.columns)
    coded = covariates.coded_like(columns)
    assert coded.columns[1].levels == ("fog", "SUN", "rain")
    words = [[one.columns[1].levels[int(code)].lower() for code in one.known[:9, 1]] for one in (covariates, coded)]
    assert words[0] == words[1]
    assert covariates.coded_like(covariates.columns).columns == covariates.columns
