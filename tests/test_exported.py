"""The exported model against ours: opened by plain Keras in a process that can't import this package."""

import subprocess
import sys

import numpy as np
import pytest
from tiny import VIEWS, random_model, tiny_spec

from forecast.data.panel import panel_from_series
from forecast.data.windows import last_lookbacks
from forecast.evaluation.backtest import forecast_points, lowest_values
from forecast.models.combination import Combination
from forecast.models.ensemble import EnsembleModel
from forecast.specs import View

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, when it saves

OPEN = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.modules["forecast"] = None  # any import of it fails
import keras, numpy as np
for path in sys.argv[1:]:
    model = keras.models.load_model(path)
    asked = dict(np.load(path + ".npz"))
    given = asked if len(asked) > 1 else asked["window"]
    np.save(path + ".npy", model.predict(given, verbose=0))
"""
TEXTBOOK = View(base="zero", level="series", scale="range")


def long_enough(panel):
    """Returns the series that fill a window; an exported model is given whole windows only."""
    return panel.select(np.flatnonzero(panel.lengths >= 8))


def ensemble(panel, *cells, **changes):
    return EnsembleModel(tuple(random_model(tiny_spec(cell, **changes), panel) for cell in cells))


def cases(panel):
    views = {"views": VIEWS, "seeds": (0, 1)}
    some = Combination(np.array([True, False, True, True, False, True] * 2), trust=0.7, anchor=1)
    below = panel_from_series([np.array([3.0, -1, 4, -1, 5, -9, 2, -6, 5, -3])], "D", series_ids=["below"])
    textbook = {"views": (TEXTBOOK,), "rolled": True, "highway": False, "segment": 1, "layers": 2}
    return {
        "several series, cells, views and seeds": (panel, ensemble(panel, "lstm", "gru", **views), some),
        "one series, no evidence": (one := panel.select(np.array([0])), ensemble(one, "rnn", **views), None),
        "one network": (one, ensemble(one, "linear"), Combination(np.array([True]), trust=0.4, anchor=0)),
        "a season longer than the window": (
            one,
            ensemble(one, "gru", season=12),
            Combination(np.array([True]), 0.5, 1),
        ),
        "textbook, rolled forward": (panel, ensemble(panel, "lstm", **textbook), Combination(np.array([True]))),
        "below zero": (below, ensemble(below, "rnn", **views), None),
    }


@pytest.fixture(scope="module")
def answers(awkward, tmp_path_factory):
    """Returns ours and the exported model's forecasts by case."""
    from forecast.models.exported import export_model, lookback_of  # imports TensorFlow

    folder, ours, paths = tmp_path_factory.mktemp("exported"), {}, {}
    for number, (case, (panel, model, combination)) in enumerate(cases(long_enough(awkward)).items()):
        path = folder / f"{number}.keras"
        lowest = lowest_values(panel)
        export_model(model, combination, lowest).save(path)
        given = {"window": last_lookbacks(panel, lookback_of(model))}
        if len(panel) > 1:
            given["series"] = np.arange(len(panel), dtype=np.int32)
        np.savez(f"{path}.npz", **given)
        ours[case] = forecast_points(model.predict_members(panel), combination, lowest)
        paths[case] = path
    subprocess.run([sys.executable, "-c", OPEN, *map(str, paths.values())], check=True, capture_output=True)
    return {case: (ours[case], np.load(f"{path}.npy")) for case, path in paths.items()}


def test_exported_model_predicts_the_same_before_it_is_saved(awkward):
    from forecast.models.exported import export_model

    panel = awkward.select(np.array([0]))
    model, combination = ensemble(panel, "gru", views=VIEWS), Combination(np.ones(3, bool), trust=0.4, anchor=1)
    theirs = export_model(model, combination, lowest_values(panel))(last_lookbacks(panel, 8)).numpy()
    ours = forecast_points(model.predict_members(panel), combination, lowest_values(panel))
    np.testing.assert_allclose(theirs, ours, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("case", list(cases(panel_from_series([np.arange(40.0)], "D"))))
def test_plain_keras_predicts_the_same(case, answers):
    ours, theirs = answers[case]
    assert theirs.dtype == np.float64
    np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-6)
    assert np.ptp(ours) > 0
