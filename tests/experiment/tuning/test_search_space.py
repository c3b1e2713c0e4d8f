"""What is searched: derived from the data, narrowed, pinned."""

import pytest

from forecast.errors import UsageError
from forecast.experiment.tuning.search_space import (
    SETTINGS,
    at_end,
    changed_settings,
    changes_in_words,
    changes_of,
    narrowed,
    search_space,
    toml_lines,
    with_fixed,
)
from forecast.models.networks.presets import make_spec
from forecast.specs import Overrides, Plan, Settings

PLAN = Plan(horizon=6, window=24, seasons=(12,), folds=2, refit=True, nonnegative=True)
SPEC = make_spec("gru", PLAN, Settings(), 200)
ALL = search_space(PLAN, SPEC, 200, 90, "auto")


def by_name(space):
    return {each.name: each for each in space}


def test_every_setting_is_searched_its_default_among_the_values():
    assert [each.name for each in ALL] == list(SETTINGS)
    for each in ALL:
        assert each.default in each.values or each.values[0] < each.default < each.values[-1]


def test_windows_are_whole_seasons_that_fit_before_the_earliest_origin():
    assert by_name(ALL)["window"].values == (12, 24, 36, 48, 72)
    assert by_name(search_space(PLAN, SPEC, 200, 45, "auto"))["window"].values == (12, 24, 36)


def test_windows_can_be_cut_into_the_segments_that_somebody_gave():
    assert all(window % 8 == 0 for window in by_name(search_space(PLAN, SPEC, 200, 90, "auto", 8))["window"].values)


def test_more_windows_allow_more_units():
    many = make_spec("gru", PLAN, Settings(), 5000)
    assert max(by_name(search_space(PLAN, many, 5000, 90, "auto"))["units"].values) == 4 * many.units


def test_a_linear_network_has_no_settings_of_cells():
    names = {each.name for each in search_space(PLAN, SPEC, 200, 90, "linear")}
    assert names.isdisjoint({"units", "layers", "segment", "dropout", "cell"})


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (("windw",), {}, "windw is no setting of a network. Did you mean 'window'?"),
        (
            ("units", "layers"),
            {"overrides": Overrides(units=16)},
            "units is to be searched, and has a value already: 16",
        ),
        (("window",), {"window": 36}, "window is to be searched, and has a value already: 36"),
    ],
)
def test_names_that_cannot_be_searched_are_refused(names, given, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        narrowed(ALL, names, Settings(**given), "auto")


def test_a_space_of_which_nothing_is_left_is_refused():
    linear = tuple(each for each in search_space(PLAN, SPEC, 200, 90, "linear") if each.name == "steps")
    with pytest.raises(UsageError, match="Nothing is left to search: steps, cell have values"):
        narrowed(linear, None, Settings(overrides=Overrides(steps=10)), "linear")


def test_what_is_no_setting_of_a_linear_network_is_said_so():
    linear = search_space(PLAN, SPEC, 200, 90, "linear")
    with pytest.raises(UsageError, match="nothing to search of units: linear has none"):
        narrowed(linear, ("units",), Settings(), "linear")


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"unit": "32"}, "Did you mean 'units'"),
        ({"units": "many"}, "'many' is not a whole number"),
        ({"dropout": "x"}, "'x' is not a number"),
        ({"loss": "mape"}, "--fix loss=mape is none"),
        ({"units": "32"}, "units can't be both 16 and 32"),
    ],
)
def test_settings_that_cannot_be_fixed_are_refused(fixed, message):
    with pytest.raises(UsageError, match=message):
        with_fixed(Settings(overrides=Overrides(units=16)), "auto", fixed)


@pytest.mark.parametrize(
    ("fixed", "model", "hint"),
    [
        ({"cell": "gru"}, "lstm", "--fix cell=gru, or --model lstm"),
        ({"learning-rate": "fast"}, "gru", "--fix learning-rate=0.003"),
        ({"dropout": "some"}, "gru", "--fix dropout=0.1"),
        ({"units": "few"}, "gru", "--fix units=32"),
        ({"windw": "24"}, "gru", "--fix window=24"),
        ({"units": "32"}, "linear", "--fix without units, or another --model"),
        ({"cell": "linear", "dropout": "0.1"}, "auto", "--fix without dropout, or another --model"),
    ],
)
def test_a_hint_is_a_flag_that_is_there_and_a_value_that_the_setting_could_have(fixed, model, hint):
    with pytest.raises(UsageError) as refused:
        with_fixed(Settings(), model, fixed)
    assert refused.value.hint == hint


def test_what_is_fixed_is_as_if_its_flag_were_given():
    settings, model = with_fixed(Settings(), "auto", {"units": "32", "cell": "gru", "learning-rate": "2e-3"})
    assert (settings.overrides.units, settings.overrides.learning_rate, model) == (32, 2e-3, "gru")


def test_changes_are_what_is_not_the_default():
    values = {each.name: each.default for each in ALL} | {"units": 64, "cell": "lstm"}
    assert changes_of(values, ALL, 24) == {"cell": "lstm", "units": 64}


def test_changes_of_a_linear_network_are_none_of_a_cell():
    values = {each.name: each.default for each in ALL} | {"units": 64, "cell": "linear", "window": 48}
    assert changes_of(values, ALL, 24) == {"cell": "linear", "window": 48}


@pytest.mark.parametrize(("segment", "window", "made"), [(24, 36, 18), (12, 48, 12), (8, None, 8), (24, 24, 24)])
def test_segment_is_shortened_until_it_divides_the_window_which_goes_with_it(segment, window, made):
    values = {each.name: each.default for each in ALL} | {"segment": segment} | ({"window": window} if window else {})
    assert changes_of(values, ALL, 24) == {"segment": made, "window": window or 24}


def test_changes_are_settings_and_a_model():
    settings, model = changed_settings(Settings(), "auto", {"segment": 12, "window": 48, "cell": "gru"})
    assert (settings.overrides.segment, settings.window, model) == (12, 48, "gru")


def test_no_change_is_the_recipe():
    assert changed_settings(Settings(), "auto", {}) == (Settings(), "auto")


def test_settings_are_written_as_a_file_of_settings_has_them():
    assert toml_lines({"cell": "gru", "units": 16, "learning-rate": 0.0004}) == (
        'model = "gru"\nunits = 16\nlearning-rate = 0.0004'
    )


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ({"window": 56}, {"window": 84}),
        ({"window": 63}, {"window": 98}),
        ({"window": 224, "units": 16}, {"window": 336, "units": 16}),
        ({"window": 112, "segment": 16}, {"window": 168, "segment": 14}),
        ({"units": 16}, {"units": 16}),
    ],
)
def test_window_at_the_end_is_as_many_times_the_recipes_in_whole_seasons(changes, made):
    assert at_end(changes, 112, 168, 7) == made
    assert at_end(changes, 112, 112, 7) == at_end(changes, 112, None) == changes


def test_changes_in_words_leave_out_what_is_the_default():
    usual = {each.name: each.default for each in ALL}
    assert changes_in_words(ALL, usual) == "nothing"
    changed = usual | {"learning-rate": 0.0022, "units": 64}
    assert set(changes_in_words(ALL, changed).split(", ")) == {"learning-rate 0.0022", "units 64"}
