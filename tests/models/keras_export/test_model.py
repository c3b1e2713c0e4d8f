"""The exported model against ours: opened by plain Keras in a process that can't import this package."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import last_lookbacks
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.scales import lowest_values
from forecast.models.classical.baselines import baseline
from forecast.models.combination import Combination
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from forecast.specs import View
from marks import slow, slow_but
from tiny import VIEWS, random_model, tiny_spec, wave

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
    np.save(path + ".npy", [model.predict(given, verbose=0), model(given)])
"""
ANCHORS = ("naive", "seasonal-naive", "smoothing", "local-ridge")
DAY_AND_WEEK = (View("smoothed", 24), View("mean-season", 168))
TEXTBOOK = View(base="zero", level="series", scale="range")


def past_values(panel, steps):
    """Returns what an exported model is given, (S, steps): the last values, NaN before a shorter series' start."""
    given = np.full((len(panel), steps), np.nan)
    for i, length in enumerate(np.minimum(panel.lengths, steps)):
        given[i, steps - length :] = panel.filled[panel.offsets[i + 1] - length : panel.offsets[i + 1]]
    return given


def ensemble(panel, *cells, **changes):
    return EnsembleModel(tuple(random_model(tiny_spec(cell, **changes), panel) for cell in cells))


def cases(panel):
    views, seeds = {"views": VIEWS}, {"seeds": (0, 1)}
    some = Combination(np.array([True, False, True, True, False, True]), trust=0.7, anchor="seasonal-naive")
    below = panel_from_series([np.array([3.0, -1, 4, -1, 5, -9, 2, -6, 5, -3])], "D", series_ids=["below"])
    textbook = {"views": (TEXTBOOK,), "rolled": True, "highway": False, "segment": 1, "layers": 2}
    smoothing, half = {"anchors": ANCHORS}, Combination(np.array([True]), trust=0.5, anchor="smoothing")
    hours = panel_from_series([wave(1500) - 22, wave(700), wave(400), wave(30), np.full(900, 3.0)], "h")
    ridge = {"anchors": ANCHORS, "season": 24, "views": DAY_AND_WEEK, "window": 168, "segment": 24, "horizon": 30}
    both = Combination(np.array([True, True]), trust=0.5, anchor="local-ridge")
    mixed = panel_from_series(
        [wave(60) - 22, np.zeros(33), 1e6 * wave(1300, seed=2), wave(5), [7.0, 9.0], [4.0], []], "D"
    )
    return {
        "several series, cells and views": (panel, ensemble(panel, "lstm", "gru", **views), some),
        "one series, two seeds, no evidence": (one := panel.select(np.array([0])), ensemble(one, "rnn", **seeds), None),
        "one network": (one, ensemble(one, "linear"), Combination(np.array([True]), trust=0.4, anchor="naive")),
        "a season longer than the window": (
            one,
            ensemble(one, "gru", season=12),
            Combination(np.array([True]), 0.5, "seasonal-naive"),
        ),
        "textbook, rolled forward": (panel, ensemble(panel, "lstm", **textbook), Combination(np.array([True]))),
        "below zero": (below, ensemble(below, "rnn"), None),
        "smoothing, several series": (
            panel,
            ensemble(panel, "lstm", "gru", **views, **smoothing),
            replace(some, anchor="smoothing"),
        ),
        "smoothing, one series": (one, ensemble(one, "gru", **smoothing), half),
        "smoothing, no season": (mixed, ensemble(mixed, "gru", season=1, **smoothing), half),
        "smoothing, a season of a year": (mixed, ensemble(mixed, "rnn", season=366, **smoothing), half),
        "smoothing, long, short, empty, zero and below": (mixed, ensemble(mixed, "rnn", **smoothing), half),
        "local ridge, several series, days and weeks": (hours, ensemble(hours, "gru", **ridge), both),
        "local ridge, one series, one season": (
            one,
            ensemble(one, "gru", **smoothing),
            replace(half, anchor="local-ridge"),
        ),
        "smoothing, fully trusted": (one, ensemble(one, "gru", **smoothing), replace(half, trust=1.0)),
    }


@pytest.fixture(scope="module")
def answers(awkward, tmp_path_factory):
    """Returns ours and the exported model's forecasts by case."""
    from forecast.models.keras_export.model import export_model, lookback_of  # imports TensorFlow

    folder, ours, paths = tmp_path_factory.mktemp("exported"), {}, {}
    for number, (case, (panel, model, combination)) in enumerate(cases(awkward).items()):
        path = folder / f"{number}.keras"
        lowest = lowest_values(panel)
        export_model(model, combination, lowest).save(path)
        given = {"window": past_values(panel, lookback_of(model, combination))}
        if len(panel) > 1:
            given["series"] = np.arange(len(panel), dtype=np.int32)
        np.savez(f"{path}.npz", **given)
        ours[case] = forecast_points(model.predict_members(panel), combination, lowest)
        paths[case] = path
    subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", OPEN, *map(str, paths.values())],
        check=True,
        capture_output=True,
    )
    return {case: (ours[case], np.load(f"{path}.npy")) for case, path in paths.items()}


@pytest.mark.parametrize("trust", slow_but([0.4], [0.4, 0.0]))
@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.slow
def test_exported_model_predicts_the_same_before_it_is_saved(anchor, trust, awkward):
    from forecast.models.keras_export.model import export_model, lookback_of

    model = ensemble(awkward, "gru", views=VIEWS, anchors=ANCHORS)
    combination = Combination(np.ones(3, bool), trust, anchor)
    given = {"window": past_values(awkward, lookback_of(model, combination)), "series": np.arange(len(awkward))}
    theirs = export_model(model, combination, lowest_values(awkward))(given).numpy()
    ours = forecast_points(model.predict_members(awkward), combination, lowest_values(awkward))
    np.testing.assert_allclose(theirs, ours, rtol=1e-6 if trust else 1e-12)


def test_as_much_is_asked_for_as_is_looked_at(awkward):
    from forecast.models.keras_export.model import lookback_of

    def asked(anchor, trust=0.5, **changes):
        model = ensemble(awkward, "gru", anchors=ANCHORS, **changes)
        return lookback_of(model, Combination(np.array([True]), trust, anchor))

    assert [asked("naive"), asked("seasonal-naive"), asked("smoothing")] == [8, 8, CURRENT.classical.theta.history]
    assert [asked("seasonal-naive", season=12), asked("smoothing", season=12), asked("smoothing", season=400)] == [
        12,
        CURRENT.classical.theta.history,
        1200,
    ]
    assert asked("smoothing", window=2 * CURRENT.classical.theta.history) == 2 * CURRENT.classical.theta.history
    assert asked("smoothing", trust=1.0) == 8
    day_and_week = {"season": 24, "views": DAY_AND_WEEK, "window": 168, "segment": 24}
    assert [asked("local-ridge"), asked("local-ridge", **day_and_week), asked("local-ridge", season=400)] == [
        CURRENT.classical.local_ridge.history,
        CURRENT.classical.local_ridge.history,
        1600,
    ]
    assert lookback_of(ensemble(awkward, "gru", anchors=ANCHORS), None) == 8


@pytest.mark.parametrize("season", slow_but([1, 7], [1, 2, 4, 7, 12, 53, 400]))
@pytest.mark.slow
def test_exported_smoothing_is_ours(season, awkward):
    from forecast.models.keras_export.past import PastWindow
    from forecast.models.keras_export.theta import smoothing_of

    own = [awkward.series(i) for i in range(len(awkward))]
    jump, growing = [3.0] * 20 + [17.0], np.exp(wave(300) / 9)
    extremes = [[], [3.0], [3.0, 4.0], [0.0] * 30, 1e-200 * wave(70), 1e200 * wave(1500), -wave(40), wave(1300) - 22]
    panel = panel_from_series([*own, jump, growing, *extremes], "D")
    theirs = smoothing_of(
        PastWindow(past_values(panel, max(CURRENT.classical.theta.history, 3 * season) + 50)),
        9,
        season,
        CURRENT.classical,
    )
    np.testing.assert_allclose(theirs, baseline("smoothing", panel, 9, (season,), CURRENT.classical), rtol=1e-9)


@pytest.mark.parametrize(
    ("seasons", "horizon"),
    [
        ((1,), 9),
        slow((4,), 9),
        slow((7,), 60),
        slow((24, 168), 60),
        slow((7, 365), 30),
        ((4, 12, 48), 9),
        slow((400,), 900),
    ],
)
@pytest.mark.slow
def test_exported_local_regression_is_ours(seasons, horizon, awkward):
    from forecast.models.keras_export.local_ridge import local_ridge_of
    from forecast.models.keras_export.past import PastWindow

    lengths = (30, 110, 340, 350, 700, 1200, 1500)
    series = [*(awkward.series(i) for i in range(len(awkward))), *(wave(steps, seed=steps) for steps in lengths)]
    extremes = [[], [3.0], [3.0, 4.0], [0.0] * 400, [5.0] * 500, 1e-200 * wave(700), 1e200 * wave(1500), -wave(400)]
    panel = panel_from_series([*series, *extremes, wave(1300) - 22, np.exp(wave(600) / 9)], "h")
    theirs = local_ridge_of(
        PastWindow(past_values(panel, CURRENT.classical.local_ridge.steps_used(seasons) + 50)),
        horizon,
        seasons,
        CURRENT.classical,
    )
    np.testing.assert_allclose(
        theirs, baseline("local-ridge", panel, horizon, seasons, CURRENT.classical), rtol=1e-9, atol=1e-15
    )


@pytest.mark.parametrize(("length", "season"), [(8, 4), (8, 3), (8, 1), (8, 12), (30, 7), (1, 4)])
def test_short_series_are_extended_as_ours_are(length, season, awkward):
    from forecast.models.keras_export.past import PastWindow

    panel = panel_from_series([*(awkward.series(i) for i in range(len(awkward))), [], [2.0], [2.0, 5.0, 1.0]], "D")
    for steps in (length, length + 5):
        theirs = PastWindow(past_values(panel, steps)).lookback(length, season)
        np.testing.assert_array_equal(theirs, last_lookbacks(panel, length, season))


@pytest.mark.slow
@pytest.mark.parametrize("case", list(cases(panel_from_series([np.arange(40.0)], "D"))))
def test_plain_keras_predicts_the_same(case, answers):
    ours, (predicted, called) = answers[case]
    assert predicted.dtype == called.dtype == np.float64
    np.testing.assert_allclose(called, ours, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(predicted, ours, rtol=1e-4, atol=1e-6)  # Keras rounds what `predict` is given
    assert np.ptp(ours) > 0
