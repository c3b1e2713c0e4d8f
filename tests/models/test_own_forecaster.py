"""A forecaster that a user wrote: what does not keep the protocol is refused in a sentence."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import TrainingError, UsageError
from forecast.models.forecaster import Members, Watcher
from forecast.models.own_forecaster import CheckedForecaster, check_forecasters

PANEL = panel_from_series([np.arange(9.0), np.arange(7.0)], "D")


@dataclass
class Mine:
    """Says what it is told to."""

    values: object = field(default_factory=lambda: np.ones((1, 2, 4)))
    name: str = "mine"
    seeds: tuple = (0,)

    def fit(self, panel, watcher):
        return self

    def predict_members(self, panel, run=None):
        return Members(("plain",), self.seeds, self.values)


def forecasts(model, horizon=3):
    return CheckedForecaster(model, horizon).fit(PANEL, Watcher()).predict_members(PANEL)


def test_forecasts_are_handed_on_as_far_as_they_are_needed():
    values = np.arange(8.0).reshape(1, 2, 4)
    np.testing.assert_array_equal(forecasts(Mine(values)).values, values[:, :, :3])


def test_what_it_does_not_tell_is_unknown():
    fitted = CheckedForecaster(Mine(), 3).fit(PANEL, Watcher())
    assert (fitted.parameters, fitted.curve, fitted.train_seconds) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Mine, "Mine is a class, not a forecaster"),
        (SimpleNamespace(name="x"), r"SimpleNamespace is no forecaster: it has no method fit\(panel, watcher\)"),
        (SimpleNamespace(fit=print), "it has no name, which is to be a text"),
        (Mine(name=" "), "it has no name"),
        (Mine(name="naive"), "two models called 'naive'"),
    ],
)
def test_what_is_no_forecaster_is_refused(model, message):
    with pytest.raises(UsageError, match=message) as caught:
        check_forecasters([model], {"naive"})
    assert caught.value.hint


def test_two_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two models called 'mine'"):
        check_forecasters([Mine(), Mine()], ())
    assert len(check_forecasters([Mine(), Mine(name="other")], ())) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((2, 4)), r"an array of \(2, 4\) for 1 members and 2 series"),
        (np.ones((1, 3, 4)), r"an array of \(1, 3, 4\) for 1 members and 2 series"),
        (np.ones((2, 2, 4)), "for 1 members"),
        (np.ones((1, 2, 2)), "'mine' forecasts 2 steps, but 3 steps are compared"),
    ],
)
def test_forecasts_of_another_shape_are_refused(values, message):
    with pytest.raises(UsageError, match=message):
        forecasts(Mine(values))


def test_forecasts_that_are_no_numbers_are_refused():
    with pytest.raises(TrainingError, match="'mine' forecast 8 values that are no numbers"):
        forecasts(Mine(np.full((1, 2, 4), np.nan)), horizon=4)


def test_what_can_not_forecast_is_refused():
    with pytest.raises(UsageError, match="fit of 'x' returned NoneType, which has no predict_members"):
        CheckedForecaster(SimpleNamespace(name="x", fit=lambda panel, watcher: None), 3).fit(PANEL, Watcher())
    odd = SimpleNamespace(predict_members=lambda panel, run: np.ones((1, 2, 3)))
    model = CheckedForecaster(SimpleNamespace(name="x", fit=lambda panel, watcher: odd), 3)
    with pytest.raises(UsageError, match=r"predict_members of 'x' returned numpy\.ndarray, not Members"):
        model.fit(PANEL, Watcher()).predict_members(PANEL)
