import numpy as np
import pytest

from forecast.data.covariates import Column, Covariates
from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.data.panel import panel_from_series
from forecast.experiment.changes.issued_forecast import KnownPlan, _until_origins, with_plan
from forecast.experiment.outputs import forecast_csv
from forecast.models.forecaster import Forecasts

NAN = np.nan


def known_panel(values, first, lengths=(4, 4), levels=None, own_first=(0, 0)):
    """Two series of four days, from day 0 and day 1 on, with known columns a and b from ``first`` on."""
    panel = panel_from_series([np.arange(length) for length in lengths], "D", series_ids=("x", "y"), first=own_first)
    columns = (Column("a", "known", levels), Column("b", "known"))
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in values])])
    known = np.concatenate([np.array(own, dtype=float).reshape(-1, 2) for own in values])
    told = Covariates(columns, known, offsets, np.array(first), np.empty((sum(lengths), 0)), np.empty((2, 0)))
    return type(panel)(**{**vars(panel), "covariates": told})


def ahead(panel, steps):
    return panel.covariates.known_between(panel.last + 1, steps)


def test_a_plan_replaces_what_is_told_of_its_steps_and_nothing_else():
    panel = known_panel([[[i, 10 + i] for i in range(7)], [[i, 20 + i] for i in range(6)]], (0, 0))
    plan = KnownPlan((Column("a", "known"),), ("y", "x"), np.array([[[70.0], [71]], [[80.0], [NAN]]]), np.array([4, 3]))
    told, changed = with_plan(panel, plan)
    assert changed == ("a",)
    # of x the plan begins a day before its end: its second step is the first one to come, and tells nothing
    expected = [[[NAN, 14], [5, 15], [6, 16]], [[70, 24], [71, 25], [NAN, NAN]]]
    assert np.array_equal(ahead(told, 3), expected, equal_nan=True)
    before = panel.covariates.known_between(np.zeros(2, int), 4)
    assert np.array_equal(told.covariates.known_between(np.zeros(2, int), 4), before)


def test_a_plan_reaches_beyond_what_is_known_now_and_other_columns_stay():
    panel = known_panel([[[i, i] for i in range(4)], [[i, i] for i in range(2, 6)]], (0, 2), own_first=(0, 1))
    plan = KnownPlan((Column("a", "known"), Column("gone", "known")), ("x",), np.ones((1, 3, 2)), np.array([4]))
    told, changed = with_plan(panel, plan)
    assert changed == ("a",)
    assert np.array_equal(ahead(told, 3)[0], [[1, NAN], [1, NAN], [1, NAN]], equal_nan=True)
    assert np.array_equal(ahead(told, 3)[1], ahead(panel, 3)[1], equal_nan=True)
    assert np.isnan(told.covariates.known_between(np.array([0, 1]), 1)[1]).all()  # y's columns begin on day 2


def test_the_same_plan_changes_nothing():
    panel = known_panel([[[i, 10 + i] for i in range(7)], [[i, 20 + i] for i in range(7)]], (0, 0))
    plan = KnownPlan(panel.covariates.of("known"), ("x", "y"), ahead(panel, 3), panel.last + 1)
    told, changed = with_plan(panel, plan)
    assert changed == ()
    assert np.array_equal(ahead(told, 4), ahead(panel, 4), equal_nan=True)


def test_texts_of_a_plan_have_the_places_of_the_other_version():
    panel = known_panel([[[0, 0]] * 6, [[1, 0]] * 6], (0, 0), levels=("rain", "sun"))
    column = Column("a", "known", ("sun", "snow", "rain"))
    plan = KnownPlan((column,), ("x", "y"), np.array([[[0.0], [1]], [[2], [NAN]]]), np.array([4, 4]))
    told, _ = with_plan(panel, plan)
    assert np.array_equal(ahead(told, 2)[..., 0], [[1, 2], [0, NAN]], equal_nan=True)  # snow comes after all levels


@pytest.mark.parametrize("column", ["promo", "a,b", 'say "when"', "lower_80", "widened", "two\nlines"])
def test_what_was_known_ahead_comes_back_from_the_table_that_is_kept(column):
    panel = panel_from_series([np.arange(3)], "D", series_ids=("x",))
    made = Forecasts(("x",), panel.future_timestamps(2), np.array([[1.0, 2.0]]), levels=())
    data = forecast_csv(made, panel, "gru", "v1", known={f"known:{column}": np.array([[0.5, NAN]])})
    table = parse_forecasts(data)
    assert list(table.known) == [column]
    assert np.array_equal(table.known[column], [0.5, NAN], equal_nan=True)
    assert (table.point.tolist(), table.levels, table.widened.tolist()) == ([1, 2], (), [1, 1])


def issued(origins):
    lines = ["series_id,timestamp,step,forecast,version,origin"]
    lines += [f"{name},1970-01-{day + 2:02},1,1.0,v1,1970-01-{day + 1:02}" for name, day in origins.items()]
    return parse_forecasts("".join(f"{line}\n" for line in lines).encode())


def test_newer_data_is_cut_where_each_series_of_the_forecast_ended():
    panel = panel_from_series([np.arange(9), np.arange(9), np.arange(9)], "D", series_ids=("x", "y", "new"))
    cut = _until_origins(panel, issued({"y": 3, "x": 5}))
    assert cut.last.tolist() == [5, 3, 5]


def test_data_that_does_not_reach_the_origin_is_none():
    panel = panel_from_series([np.arange(4)], "D", series_ids=("x",))
    assert _until_origins(panel, issued({"x": 5})) is None
    assert _until_origins(panel, issued({"called otherwise": 2})).last.tolist() == [2]
