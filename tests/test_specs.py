import json
from math import inf, nan

import pytest

from forecast.errors import UPGRADE, DataError, UsageError
from forecast.models.networks.cells import CELLS
from forecast.specs import MOST, ModelSpec, Overrides, Plan, View


def spec(**changes):
    return ModelSpec(**{"cell": "lstm", "window": 24, "horizon": 12, **changes})


@pytest.mark.parametrize(
    ("field", "flag"),
    [
        ("window", "--window"),
        ("horizon", "--horizon"),
        ("segment", "--segment"),
        ("units", "--units"),
        ("layers", "--layers"),
        ("steps", "--steps"),
        ("batch_size", "--batch-size"),
    ],
)
@pytest.mark.parametrize("value", [0, -1])
def test_numbers_below_one_are_refused(field, flag, value):
    with pytest.raises(UsageError, match=f"^{flag} {value} is too small") as error:
        spec(**{field: value})
    assert error.value.hint == f"{flag} 1 or more"


def test_no_seeds_and_negative_seeds_are_refused():
    with pytest.raises(UsageError, match="--seeds 0 is too small"):
        spec(seeds=())
    with pytest.raises(UsageError, match="--seed -3 is too small"):
        spec(seeds=(1, -3))


@pytest.mark.parametrize("flag", MOST)
def test_numbers_that_no_machine_could_train_are_refused(flag):
    name, most = {"seed": "seeds"}.get(flag, flag.replace("-", "_")), MOST[flag]
    with_it = [(value, value + 1) if flag == "seed" else value for value in (most, most + 1)]
    assert getattr(spec(**{name: with_it[0]}), name) == with_it[0]
    with pytest.raises(UsageError, match=f"^--{flag} {most + 1} is too large") as error:
        spec(**{name: with_it[1]})
    assert error.value.hint == f"--{flag} {most} or less"


@pytest.mark.parametrize(("field", "flag"), [("dropout", "--dropout"), ("recurrent_dropout", "--recurrent-dropout")])
@pytest.mark.parametrize("value", [-0.1, 1.0, 30, nan])
def test_dropout_is_a_share(field, flag, value):
    with pytest.raises(UsageError, match=f"{flag} {value} is not a share"):
        spec(**{field: value})


@pytest.mark.parametrize("value", [0.0, -1e-3, inf, nan])
def test_learning_rate_is_a_number_above_zero(value):
    with pytest.raises(UsageError, match=f"--learning-rate {value} is not a number above zero"):
        spec(learning_rate=value)


def test_window_that_segments_do_not_fill_is_refused_with_one_that_they_do():
    with pytest.raises(UsageError, match="window of 24 steps can't be cut into segments of 7") as error:
        spec(segment=7)
    assert error.value.hint == "--window 28"
    assert spec(window=28, segment=7).window == 28


def test_extremes_that_are_allowed():
    assert spec(window=1, horizon=1, units=1, steps=1, batch_size=1, seeds=(0,), dropout=0.0)
    assert spec(dropout=0.99, segment=24)


def test_changes_are_checked_too_and_leave_the_original():
    original = spec()
    assert original.with_(units=3).units == 3
    assert original.units == 64
    with pytest.raises(UsageError, match="--units 0"):
        original.with_(units=0)


def test_spec_survives_json():
    full = spec(
        views=(View("zero", 1, "series", "range"), View("mean-season", 12, log=True)),
        seeds=(3, 1),
        rolled=True,
        anchors=("smoothing", "naive"),
    )
    assert ModelSpec.from_json(json.loads(json.dumps(full.to_json())), CELLS) == full


def test_seasons_are_the_own_one_and_the_longer_ones_of_views():
    assert spec(season=12).seasons == (12,)
    views = (View("mean-season", 168), View("smoothed", 24), View("smoothed", 48), View("smoothed", 168, ridge=True))
    assert spec(season=24, views=views).seasons == (24, 48, 168)
    assert spec(season=366, views=views).seasons == (366,)
    assert spec(season=1, views=(View("last-value"),)).seasons == (1,)


def test_spec_stored_before_there_was_a_choice_of_anchors_has_the_two_naive_ones():
    old = spec(anchors=("smoothing",)).to_json()
    del old["anchors"]
    assert ModelSpec.from_json(json.loads(json.dumps(old)), CELLS).anchors == ("naive", "seasonal-naive")


def document(**changes):
    return {**spec().to_json(), **changes}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"cell": "lstm"},
        document(attention=4),
        document(views=[{"base": "zero", "colour": 1}]),
        document(views=3),
        document(window="24"),
        document(window=0),
        document(segment=0),
        document(dropout=2),
    ],
)
def test_settings_that_this_program_can_not_read_are_refused(stored):
    with pytest.raises(DataError, match="stored settings of the model can't be read"):
        ModelSpec.from_json(stored, CELLS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cell": "transformer"}, "cell is 'transformer', not one of rnn, "),
        ({"loss": "pinball"}, "loss is 'pinball', not one of mae, "),
        ({"schedule": "linear"}, "schedule is 'linear', not one of cosine, constant"),
        ({"preset": "huge"}, "preset is 'huge', not one of fast, "),
        ({"views": [{"base": "median"}]}, r"views\.0\.base is 'median', not one of zero, "),
        ({"views": [{"level": "first"}]}, r"views\.0\.level is 'first', not one of "),
        ({"views": [{"scale": "iqr"}]}, r"views\.0\.scale is 'iqr', not one of "),
        ({"views": []}, "it has no views"),
        ({"anchors": ["naive", "oracle"]}, r"anchors\.1 is 'oracle', not one of naive, "),
        ({"anchors": []}, "it has no views, or no last value to be trusted against"),
        ({"anchors": ["smoothing"]}, "it has no views, or no last value to be trusted against"),
        ({"window": 10**9}, "its window, horizon or season is none"),
        ({"season": 0}, "its window, horizon or season is none"),
        ({"units": True}, "units is True, not a whole number"),
        ({"learning_rate": 10**400}, "learning_rate is a number that is too large, not a number"),
    ],
)
def test_what_a_stored_setting_can_not_be_is_named(changes, words):
    with pytest.raises(DataError, match=f"settings of the model can't be read: {words}") as error:
        ModelSpec.from_json(document(**changes), CELLS)
    assert error.value.hint.startswith(UPGRADE)


def test_overrides_hold_only_what_was_given():
    assert Overrides().given() == {}
    assert Overrides(units=0, dropout=0.0, loss="mse").given() == {"units": 0, "dropout": 0.0, "loss": "mse"}


def test_season_of_a_plan_is_its_shortest():
    assert Plan(1, 1, (24, 168), 1, refit=True, nonnegative=True).season == 24
    assert Plan(1, 1, (), 1, refit=True, nonnegative=True).season == 1


def test_spec_without_weight_decay_is_written_as_before_and_one_with_it_comes_back():
    spec = ModelSpec(cell="gru", window=12, horizon=3)
    assert "weight_decay" not in spec.to_json()
    assert ModelSpec.from_json(spec.to_json(), ("gru",)) == spec
    decaying = spec.with_(weight_decay=0.3)
    assert ModelSpec.from_json(decaying.to_json(), ("gru",)) == decaying
    with pytest.raises(UsageError, match="--weight-decay -1 is no number from 0 on"):
        spec.with_(weight_decay=-1)
