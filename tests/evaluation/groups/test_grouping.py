import numpy as np
import pytest

from forecast.data.panel import IdParts, panel_from_series
from forecast.errors import UsageError
from forecast.evaluation.groups.grouping import SERIES, grouping_of, way_to_group, ways_to_group
from forecast.evaluation.splits import rolling_origins

IDS = IdParts(("region", "shop"), (("a/b", "x"), ("a", "y"), ("a/b", "z")))


def panel(frequency="D", lengths=(30, 30, 24), first=0):
    return panel_from_series(
        [np.arange(length, dtype=float) for length in lengths],
        frequency,
        series_ids=tuple("/".join(parts) for parts in IDS.values[: len(lengths)]),
        first=np.full(len(lengths), first),
    )


@pytest.mark.parametrize(
    ("frequency", "ways"),
    [
        ("h", {"weekday", "month"}),
        ("15min", {"weekday", "month"}),
        ("D", {"weekday", "month"}),
        ("2D", {"weekday", "month"}),
        ("7D", {"month"}),
        ("B", {"weekday", "month"}),
        ("W", {"month"}),
        ("MS", {"month"}),
        ("ME", {"month"}),
        ("QS", {"month"}),
        ("YS", set()),
    ],
)
def test_frequency_decides_which_dates_tell_errors_apart(frequency, ways):
    assert set(ways_to_group(panel(frequency), 3, IDS)) == {"series", "step", "region", "shop"} | ways


def test_what_has_no_two_groups_is_no_way():
    assert ways_to_group(panel("YS", (9,)), 1, IdParts()) == ()
    assert ways_to_group(panel("YS", (9,)), 2, IdParts(("shop",), (("x",),))) == ("step",)


@pytest.mark.parametrize(
    ("asked", "way"), [("series", SERIES), (" Weekday", "weekday"), ("region", "region"), ("SHOP", "shop")]
)
def test_way_is_found_however_it_is_spelled(asked, way):
    assert way_to_group(asked, panel(), 3, IDS) == way


def test_only_column_of_the_id_is_the_series():
    assert way_to_group("shop", panel(), 3, IdParts(("shop",), (("x",), ("y",), ("z",)))) == SERIES


def test_which_target_a_series_is_of_is_a_way():
    ids = IdParts(("shop", "target"), (("x", "sales"), ("x", "visits"), ("y", "sales")))
    assert way_to_group("target", panel(), 3, ids) == "target"
    assert grouping_of("target", panel(), rolling_origins(panel(), 3, 1, 2)[1:], ids).names == ("sales", "visits")


@pytest.mark.parametrize(
    ("asked", "frequency", "horizon", "message", "hint"),
    [
        ("wekday", "D", 3, "not 'wekday'. Did you mean 'weekday'?", "--by series, --by step, --by weekday, --by month"),
        ("weekday", "MS", 3, "Monthly data can't be told apart by weekday.", "--by step, --by month, --by region"),
        ("weekday", "W", 3, "Weekly data can't be told apart by weekday.", "--by month"),
        ("month", "YS", 3, "Yearly data can't be told apart by month.", "--by series, --by step, --by region"),
        ("step", "D", 1, "One step is forecast", "--by series, --by weekday"),
        (
            "price",
            "D",
            3,
            "Column price is no part of the id, which is region and shop.",
            "--id price,region,shop --by",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_all_that_does(asked, frequency, horizon, message, hint):
    with pytest.raises(UsageError) as error:
        way_to_group(asked, panel(frequency), horizon, IDS, ("date", "price"))
    assert message in error.value.message
    assert hint in error.value.hint


def test_one_series_has_nothing_to_tell_apart():
    with pytest.raises(UsageError, match="There is one series") as error:
        way_to_group("series", panel("MS", (30,)), 3, IdParts())
    assert error.value.hint == "--by step or --by month"


def test_steps_are_numbered_from_one_and_stand_in_their_order():
    grouping = grouping_of("step", panel(), rolling_origins(panel(), 3, 2, 2)[1:], IDS)
    assert grouping.names == ("1", "2", "3")
    assert np.broadcast_to(grouping.labels, (2, 3, 3))[1, 2].tolist() == [0, 1, 2]


def test_labels_are_those_of_each_series_own_dates():
    """Series that end at different dates are forecast on different days; 1970-01-01 was a Thursday."""
    own = panel(first=0)
    folds = rolling_origins(own, 3, 2, 2)[1:]
    grouping = grouping_of("weekday", own, folds, IDS)
    assert grouping.labels.shape == (2, 3, 3)
    for k, fold in enumerate(folds):
        for s in range(3):
            stamps = own.frequency.timestamps(fold.cuts[s] + np.arange(3))
            assert [grouping.names[i] for i in grouping.labels[k, s]] == [f"{day.astype(object):%A}" for day in stamps]
    months = grouping_of("month", panel("MS"), rolling_origins(panel("MS"), 3, 1, 2)[1:], IDS)
    assert [months.names[i] for i in months.labels[0, 0]] == ["April", "May", "June"]  # 30 months from January 1970


def test_parts_of_an_id_may_hold_the_sign_that_joins_them():
    grouping = grouping_of("region", panel(), rolling_origins(panel(), 3, 1, 2)[1:], IDS)
    assert grouping.names == ("a/b", "a")
    assert grouping.labels.ravel().tolist() == [0, 1, 0]
