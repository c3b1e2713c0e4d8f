"""A default that is tuned later changes no version that somebody uses, of this program or of an earlier one."""

import gc
import pkgutil
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass
from importlib import import_module

import numpy as np
import pytest

import forecast
from forecast.data.dates.calendar_features import CalendarSettings
from forecast.errors import ForecastError
from forecast.evaluation.distribution.difficulty import DifficultySettings
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.scales import ScaleSettings
from forecast.experiment.versions import stored_model
from forecast.experiment.versions.forecast_settings import AS_OF_A984722, ForecastSettings
from forecast.experiment.versions.stored_model import load_version
from forecast.models.classical.baselines import ClassicalSettings
from forecast.models.classical.local_ridge import LocalRidgeSettings
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.classical.theta import ThetaSettings
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.method_settings import MethodSettings
from forecast.models.views import ViewSettings
from forecast.production.store.store import Store
from marks import slow
from places import FROZEN

RECORDS = (
    SeasonalitySettings,
    ThetaSettings,
    LocalRidgeSettings,
    ViewSettings,
    CovariateSettings,
    CalendarSettings,
    ScaleSettings,
    DifficultySettings,
    MethodSettings,
)
ROOMS = (
    "forecast.models",
    "forecast.evaluation",
    "forecast.data.windows",
    "forecast.data.panel",
    "forecast.data.dates",
)
HEAVY = (
    "tensorflow",
    "keras",
    "statsforecast",
    "sklearn",
    "training",
    "fitting",
    "memory_task",
    "explain",
    "time_budget",
)
FACTS = {
    "forecast.data.dates.calendar_features.DAY_SECONDS": "seconds of a day",
    "forecast.data.dates.calendar_features.AROUND": "what 'the day before a holiday' means",
    "forecast.models.networks.serialization.LARGEST_ITEM": "bytes of a number that is refused when it is larger",
    "forecast.models.networks.serialization.MOST_DIMENSIONS": "of an array that is refused when it has more",
}
"""Numbers that can't be moved: what the calendar is, and what a file of weights may hold."""
STORES = sorted(path for path in (FROZEN / "stores").iterdir() if path.is_dir())


def versions(*quick):
    """Returns the stores and the names of the models in them, those that are not among the quick ones marked slow."""
    found = [(store, model.name) for store in STORES for model in sorted((store / "models").iterdir())]
    named = {f"{store.name}-{name}": (store, name) for store, name in found}
    assert named.keys() >= {*quick}
    return [(pytest.param if name in quick else slow)(*version, id=name) for name, version in named.items()]


def forecast_of(store, name):
    """Returns the bytes of all that a version forecasts from the end of its data, members and anchors by themselves."""
    stored = Store(store).model(name).with_champion(load_version)
    has_distribution = isinstance(stored.trained.distribution, Distribution)
    asked = (0.001, 0.1, 0.5, 0.997) if has_distribution else ()
    made, distributed = stored.trained.issue(stored.context, 2 * stored.trained.horizon, probabilities=asked)
    paths = list(distributed.paths(5)) if has_distribution else []
    quantiles = [made.quantiles.values] if made.quantiles else []
    bounds = [bound for interval in made.intervals for bound in (interval.lower, interval.upper)]
    members = stored.trained.model.predict_members(stored.trained.filled(stored.context, stored.trained.horizon))
    return [
        each.tobytes() for each in (made.point, *bounds, *quantiles, *paths, members.values, *members.anchors.values())
    ]


def other(value):
    """Returns another number, or other numbers."""
    if isinstance(value, tuple):
        return tuple(other(each) for each in value)
    if isinstance(value, np.ndarray):
        return value * 1.5 + (1 if value.dtype.kind == "i" else 0.25)
    return 2 * value + 1 if isinstance(value, int) else 1.7 * value + 0.01


def is_numbers(value):
    if isinstance(value, tuple):
        return len(value) > 0 and all(is_numbers(each) for each in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "if"
    return isinstance(value, int | float) and not isinstance(value, bool)


def kept(record):
    """Yields a record and those within it."""
    yield record
    for field in fields(record):
        if is_dataclass(value := getattr(record, field.name)):
            yield from kept(value)


@pytest.fixture
def changed_defaults(monkeypatch, unfrozen):
    """All defaults of all records are others, in new records and in those that the program holds already."""
    stay = {id(record) for record in kept(AS_OF_A984722)}
    for cls in RECORDS:
        start = cls.__init__
        numbers = tuple(other(value) if is_numbers(value) else value for value in start.__defaults__)
        monkeypatch.setattr(start, "__defaults__", numbers)
    count = 0
    gc.unfreeze()  # what was made before the first test is seen, too
    for record in gc.get_objects():
        if type(record) in RECORDS and id(record) not in stay:
            for field in fields(record):
                if is_numbers(value := getattr(record, field.name)):
                    monkeypatch.setitem(record.__dict__, field.name, other(value))
                    count += 1
    assert count > 50
    return count


def constants():
    """Yields module and name of each number that a module of the rooms holds."""
    for found in pkgutil.walk_packages(forecast.__path__, "forecast."):
        if found.name.startswith(ROOMS) and not any(part in found.name for part in HEAVY):
            import_module(found.name)
    for module in [each for name, each in sys.modules.items() if name.startswith(ROOMS)]:
        for name, value in list(vars(module).items()):
            if name.isupper() and is_numbers(value) and f"{module.__name__}.{name}" not in FACTS:
                yield module, name


@pytest.fixture
def changed_constants(monkeypatch):
    """All numbers of all modules on the way to a forecast are others."""
    found = list(constants())
    for module, name in found:
        monkeypatch.setattr(module, name, other(getattr(module, name)))
    assert len(found) > 80
    return found


@pytest.mark.parametrize(("store", "name"), versions("0d56c31-shops", "a984722-stocks", "1c99ba4-kiosks"))
@pytest.mark.slow
def test_no_default_and_no_constant_moves_a_version(store, name, request):
    before = forecast_of(store, name)
    request.getfixturevalue("changed_defaults")
    assert forecast_of(store, name) == before
    request.getfixturevalue("changed_constants")
    assert forecast_of(store, name) == before


@pytest.mark.parametrize(("store", "name"), versions("a984722-stocks"))
def test_a_program_that_reads_defaults_would_be_found_out(store, name, monkeypatch, request):
    before = forecast_of(store, name)
    monkeypatch.setattr(
        stored_model,
        "read_forecast_settings",
        lambda _: ForecastSettings(MethodSettings(), ScaleSettings(), DifficultySettings()),
    )
    request.getfixturevalue("changed_defaults")
    with suppress(ForecastError):  # that its weights don't fit such numbers is found out, too
        assert forecast_of(store, name) != before


def test_what_early_programs_forecast_by_stands_there_number_by_number(request):
    """No number of it comes from a default."""
    request.getfixturevalue("changed_defaults")
    again = AS_OF_A984722
    classical = again.methods.classical
    assert isinstance(classical, ClassicalSettings)
    assert (classical.theta.theta, classical.local_ridge.prior, again.scales.belief) == (0.4, 0.05, 4.0)
    assert ThetaSettings() != classical.theta
