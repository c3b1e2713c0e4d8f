from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.distribution.difficulty import DIFFICULTY, FEATURES, difficulty
from forecast.evaluation.scales import series_scales
from forecast.models.forecaster import Members
from tiny import awkward_panel, wave

SEASON, H = 4, 3
NAN = np.nan


def known_of(panel, scales=None, members=2, anchors=("naive", "smoothing"), settings=DIFFICULTY, factor=1.0):
    rng = np.random.default_rng(0)
    values = factor * rng.normal(20, 5, (members, len(panel), H))
    anchors = {name: factor * rng.normal(20, 5, (len(panel), H)) for name in anchors} or None
    made = Members(("a",) * members, tuple(range(members)), values, anchors)
    scales = series_scales(panel, SEASON) if scales is None else scales
    point, used = values.mean(axis=0), np.ones(members, dtype=bool)
    return difficulty(panel, SEASON, scales, point, made, used, settings), point, made


def test_features_are_logarithms_of_sizes_over_the_scale():
    values = wave(40)
    panel = panel_from_series([values], "D", first=[100])
    found, point, members = known_of(panel)
    scale = np.mean(np.abs(values[4:] - values[:-4]))
    recent = values[-8 - 4 :]  # two seasons, and the one before them
    expected = {
        "step": [1, 2, 3],
        "step to step": np.abs(np.diff(values)).mean() / scale,
        "recent": np.abs(recent[4:] - recent[:-4]).mean() / scale,
        "level": np.abs(values[-6:]).mean() / scale,
        "forecast": np.abs(point[0]) / scale,
        "members": members.values[:, 0].std(axis=0) / scale,
        "naive": np.abs(members.anchors["naive"][0] - point[0]) / scale,
        "smoothing": np.abs(members.anchors["smoothing"][0] - point[0]) / scale,
    }
    for name, own in zip(FEATURES, found.features[:, 0], strict=True):
        wanted = np.log(expected[name]) if name in expected else NAN
        np.testing.assert_allclose(own, np.broadcast_to(wanted, H), rtol=1e-5, err_msg=name)
    np.testing.assert_allclose([found.scales[0], found.levels[0]], [scale, np.abs(values[-6:]).mean()])
    assert found.origins.tolist() == [139]


def test_a_model_without_members_or_anchors_tells_nothing_by_them():
    found, _, _ = known_of(awkward_panel(), members=1, anchors=())
    silent = np.isnan(found.features[:, 0]).all(axis=1)
    assert [name for name, none in zip(FEATURES, silent, strict=True) if none] == [
        "members",
        "smoothing",
        "naive",
        "seasonal-naive",
        "local-ridge",
    ]


def test_no_size_is_less_than_the_floor():
    panel = panel_from_series([np.resize([0.0, 0.0, 0.0, 9.0, 0.0], 40)], "D")
    found, _, _ = known_of(panel, settings=replace(DIFFICULTY, floor=0.5), factor=1e-6)
    assert found.features[FEATURES.index("forecast")].max() == pytest.approx(np.log(0.5))


@pytest.mark.parametrize("scale", [0.0, NAN])
def test_a_series_without_a_scale_tells_nothing(scale):
    panel = panel_from_series([wave(40), wave(30, seed=1)], "D")
    found, _, _ = known_of(panel, np.array([scale, 2.0]))
    assert np.isnan(found.scales[0])
    assert np.isnan(found.features[:, 0]).all()
    assert np.isfinite(found.features[FEATURES.index("level"), 1]).all()


def test_the_unit_of_the_data_does_not_matter():
    panel = awkward_panel()
    large = replace(panel, values=1000 * panel.values)
    one, other = known_of(panel)[0], known_of(large, factor=1000.0)[0]
    np.testing.assert_allclose(other.features, one.features, atol=1e-5)
    np.testing.assert_allclose(other.levels, 1000 * one.levels)


@pytest.mark.filterwarnings("error")
def test_awkward_series_are_told_of_without_a_warning_and_each_as_if_it_were_alone():
    panel = awkward_panel()
    scales = np.where(series_scales(panel, SEASON) > 0, series_scales(panel, SEASON), NAN)
    found, point, members = known_of(panel, scales)
    assert not np.isinf(found.features).any()
    for i in range(len(panel)):
        alone = Members(
            members.views, members.seeds, members.values[:, [i]], {k: v[[i]] for k, v in members.anchors.items()}
        )
        used = np.ones(2, dtype=bool)
        own = difficulty(panel.select([i]), SEASON, scales[[i]], point[[i]], alone, used)
        assert own.features.tobytes() == found.features[:, [i]].tobytes()
        assert own.levels.tobytes() == found.levels[[i]].tobytes()
