"""Settings of the Python verbs: every one is in the help, every wrong one is a sentence with a hint."""

import inspect
import re
import typing

import numpy as np
import pandas as pd
import pytest

from forecast import ForecastError, compare, read_panel, train
from forecast.api.settings import Questions, ReadSettings, RunSettings, checked_path, checked_settings, checked_time


@pytest.mark.parametrize(
    ("verb", "settings"), [(train, RunSettings), (compare, RunSettings), (read_panel, ReadSettings)]
)
def test_help_says_what_every_setting_means(verb, settings):
    told = dict(re.findall(r"^    (\w+): (.{10,})", inspect.getdoc(verb), re.MULTILINE))
    hints = typing.get_type_hints(settings)
    assert hints.keys() <= told.keys()
    assert told.keys() <= hints.keys() | typing.get_type_hints(verb).keys() | {"ForecastError", "settings"}


def test_types_of_numpy_are_those_of_python():
    given = {"horizon": np.int64(3), "dropout": np.float32(0.5), "calendar": np.bool_(True), "seeds": None}
    given |= {"target": pd.Index(["a", "b"]), "levels": (50, np.float64(90)), "min": np.int64(0), "id": ("x",)}
    found = checked_settings(given)
    assert found == {
        "horizon": 3,
        "dropout": 0.5,
        "calendar": True,
        "target": ["a", "b"],
        "levels": [50.0, 90.0],
        "min": 0.0,
        "id": ["x"],
    }
    kinds = {name: type(found[name]) for name in ("horizon", "dropout", "calendar", "min")}
    assert kinds == {"horizon": int, "dropout": float, "calendar": bool, "min": float}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"horizn": 3}, "There is no setting 'horizn'. Did you mean 'horizon'?"),
        ({"stor": "x"}, "There is no setting 'stor'. Did you mean 'store'?"),
        ({"horizon": "3"}, "horizon is '3'; it must be a whole number."),
        ({"horizon": True}, "horizon is True; it must be a whole number."),
        ({"horizon": 2.0}, "horizon is 2.0; it must be a whole number."),
        ({"dropout": "much"}, "dropout is 'much'; it must be a number."),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must be a number."),
        ({"calendar": "no"}, "calendar is 'no'; it must be True or False."),
        ({"freq": 7}, "freq is 7; it must be a text."),
        ({"freq": np.zeros((99, 9))}, "freq is a numpy.ndarray; it must be a text."),
        ({"target": 3}, "target is 3; it must be a list of names."),
        ({"known": {"promo": 1}}, "known is {'promo': 1}; it must be a list of names."),
        ({"preset": ["fast"]}, "preset is ['fast']."),
        ({"preset": "fats"}, "preset is 'fats'. Did you mean 'fast'?"),
        ({"levels": {"a": 1}}, "levels is {'a': 1}; it must be a number or a list of them."),
        ({"levels": ["x"]}, "levels is 'x'; it must be a number."),
        ({"levels": print}, "it must be a number or a list of them."),
        ({"min": [1]}, "min is [1]; it must be a number."),
    ],
)
def test_wrong_settings_are_refused_in_a_sentence_with_a_hint(given, message):
    with pytest.raises(ForecastError, match=re.escape(message)) as caught:
        checked_settings(given, RunSettings, ("store",))
    assert caught.value.hint


@pytest.mark.parametrize("given", [{"cost": 5}, {"total": 5}, {"quantiles": {"a": 1}}, {"quantile": 0.5}])
def test_wrong_questions_are_refused(given):
    with pytest.raises(ForecastError):
        checked_settings(given, Questions)


@pytest.mark.parametrize(("limit", "seconds"), [(None, None), (60, 60.0), ("1.5h", 5400.0), (np.float64(2.5), 2.5)])
def test_time_limit_is_seconds_or_has_a_unit(limit, seconds):
    assert checked_time(limit) == seconds


@pytest.mark.parametrize("limit", [0, -3, True, "soon", float("inf"), [60]])
def test_other_time_limits_are_refused(limit):
    with pytest.raises(ForecastError, match="time_limit"):
        checked_time(limit)


@pytest.mark.parametrize("path", [5, "", None, b"x"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ForecastError, match=r"store is .*; it must be a path"):
        checked_path("store", path)
