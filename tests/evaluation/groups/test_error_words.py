import numpy as np
import pytest

from forecast.data.panel import IdParts, panel_from_series
from forecast.evaluation.groups.error_words import error_words, worst
from forecast.evaluation.groups.group_errors import ErrorTable, errors_by_group
from forecast.evaluation.groups.grouping import Grouping
from forecast.wording import DAYS

COUNT = 40


def many(sizes=None, lengths=None, errors=None, ids=None, zeros=()):
    """What is said of forty series: their sizes, how long they are, and by how much each is forecast too high."""
    sizes = np.full(COUNT, 10.0) if sizes is None else np.asarray(sizes, dtype=float)
    lengths = np.full(COUNT, 50) if lengths is None else np.asarray(lengths)
    errors = sizes / 10 if errors is None else np.asarray(errors)
    values = [np.full(length, size) for size, length in zip(sizes, lengths, strict=True)]
    for i in zeros:
        values[i][::2] = 0.0
    names = tuple(f"s{i}" for i in range(COUNT))
    panel = panel_from_series(values, "D", series_ids=names)
    truths = np.broadcast_to(sizes[None, :, None], (1, COUNT, 4)).copy()
    both = np.array([1, -1, 1, -1])
    forecasts = {"gru": truths + errors[None, :, None] * (both if errors.min() >= 0 else 1), "naive": 3 * truths}
    grouping = Grouping("series", names, np.arange(COUNT)[None, :, None], is_ordered=False)
    table = errors_by_group(grouping, truths, forecasts, {})
    return error_words(table, panel, ids or IdParts(("id",), tuple((name,) for name in names)))


SOME = np.arange(COUNT) < 10
ODD = np.where(SOME, 5.0, 1.0) * np.where(np.arange(COUNT) % 2, 1, -1)
"""Ten series are forecast far worse than others, half of them too high."""


def test_worst_series_are_said_to_be_the_largest():
    words = many(sizes=np.where(SOME, 1000.0, 10.0))
    assert "The ten worst of 40 series hold 100 % of the squared error of gru." in words
    assert (
        "All of them are among the ten largest series: their WAPE is 10.0 %, no worse than the 10.0 % of all." in words
    )
    assert "simple" not in words


def test_worst_series_are_said_to_be_short():
    words = many(lengths=np.where(SOME, 20, 50), errors=ODD)
    assert "All of them are short, with no more than 20 observed steps." in words
    assert "largest" not in words


def test_worst_series_are_said_to_be_mostly_zero():
    words = many(errors=ODD, zeros=range(8))
    assert "Eight of them are 0 at half of their steps or more." in words


def test_worst_series_are_said_to_be_of_one_part_of_the_id():
    ids = IdParts(("region", "shop"), tuple(("north" if i < 9 else "south", f"{i}") for i in range(COUNT)))
    assert "Nine of them are of region north." in many(errors=ODD, ids=ids)


@pytest.mark.parametrize(("sign", "side"), [(1, "high"), (-1, "low")])
def test_worst_series_are_said_to_be_forecast_to_one_side(sign, side):
    errors = np.where(SOME, 5.0, 1.0) * sign
    errors[-1] = -errors[-1]  # so that both sides occur
    assert f"All of them are forecast too {side}." in many(errors=errors)


def test_nothing_in_common_is_said_too():
    assert "They have nothing simple in common: neither size, nor a short history, nor a side." in many(errors=ODD)


def test_what_most_series_have_is_nothing_in_common():
    """Where all have the same length, or are of one region, the worst are no exception."""
    ids = IdParts(("region", "shop"), tuple(("north", f"{i}") for i in range(COUNT)))
    words = many(errors=ODD, ids=ids, zeros=range(30))
    assert "nothing simple" in words


def by_day(rmse, points=40):
    truths = np.full((1, points, 7), 10.0)
    each = np.asarray(rmse, dtype=float)
    grouping = Grouping("weekday", DAYS, np.arange(7), is_ordered=True)
    return errors_by_group(grouping, truths, {"gru": truths - each, "naive": truths + 5}, {})


def test_groups_are_told_by_the_most_and_the_least():
    panel = panel_from_series([np.ones(9)], "D")
    words = error_words(by_day([1, 1, 1, 1, 1, 8, 2]), panel, IdParts())
    assert words == (
        "gru errs most on Saturday, with an RMSE of 8, 8 times that on Monday, where it errs least. On Saturday it "
        "forecasts 80 % too low. gru has the lowest RMSE on 6 of 7 weekdays and naive on 1."
    )


def test_groups_that_are_alike_are_said_to_be():
    panel = panel_from_series([np.ones(9)], "D")
    words = error_words(by_day([1, 1, 1, 1, 1, 1, 1.04]), panel, IdParts())
    assert words.startswith(
        "gru errs about as much on every weekday: RMSE 1 to 1.04. On Sunday it forecasts 10 % too low."
    )


def test_columns_of_different_units_are_compared_by_their_size():
    truths = np.array([[[100.0] * 40], [[10.0] * 40]]).reshape(1, 2, 40)
    grouping = Grouping("target", ("visits", "sales"), np.arange(2)[None, :, None], is_ordered=False)
    table = errors_by_group(grouping, truths, {"gru": truths + np.array([[5.0], [1.0]])}, {})
    words = error_words(table, panel_from_series([np.ones(9)] * 2, "D"), IdParts())
    assert "times" not in words
    assert "As a share of what came (WAPE), gru errs most for target sales: 10.0 %." in words


def test_long_name_is_shortened_within_a_sentence():
    truths = np.ones((1, 2, 40))
    grouping = Grouping("series", ("x" * 200, "b"), np.arange(2)[None, :, None], is_ordered=False)
    table = errors_by_group(grouping, truths, {"gru": truths + np.array([[5.0], [1.0]])}, {})
    words = error_words(table, panel_from_series([np.ones(9)] * 2, "D", series_ids=grouping.names), IdParts())
    assert len(words) < 120
    assert "xxx holds 96 % of the squared error of gru." in words


def test_few_points_are_warned_of():
    panel = panel_from_series([np.ones(9)], "D")
    assert "With as few as 3 points a group, small differences may be chance." in error_words(
        by_day([1, 1, 1, 1, 1, 8, 2], points=3), panel, IdParts()
    )
    assert "chance" not in error_words(by_day([1, 1, 1, 1, 1, 8, 2]), panel, IdParts())


def test_one_group_leaves_nothing_to_say():
    truths = np.ones((1, 2, 3))
    table = errors_by_group(Grouping("month", ("May",), np.zeros(3, int), is_ordered=True), truths, {"gru": truths}, {})
    assert error_words(table, panel_from_series([np.ones(9)] * 2, "D"), IdParts()) == ""


@pytest.mark.parametrize(("by", "count", "shown"), [("series", 20, 20), ("series", 21, 10), ("step", 60, 12)])
def test_of_many_groups_the_worst_are_shown_and_of_many_steps_some(by, count, shown):
    truths = np.ones((1, 1, count))
    names = tuple(str(i) for i in range(count))
    grouping = Grouping(by, names, np.arange(count), is_ordered=by == "step")
    table = errors_by_group(grouping, truths, {"gru": truths * np.arange(count)}, {})
    groups = worst(table)
    assert len(groups) == shown
    assert (groups[0], groups[-1]) == (("0", str(count - 1)) if by == "step" else (table.groups[0], groups[-1]))


def test_errors_of_nothing_are_no_words():
    truths = np.full((1, 2, 3), np.nan)
    grouping = Grouping("series", ("a", "b"), np.arange(2)[None, :, None], is_ordered=False)
    table = errors_by_group(grouping, truths, {"gru": np.ones((1, 2, 3))}, {})
    assert error_words(table, panel_from_series([np.ones(9)] * 2, "D"), IdParts()) == ""
    assert isinstance(table, ErrorTable)
