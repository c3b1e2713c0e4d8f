"""The headline: totals with the interval of the sum, averages, prices, and what came before of the same series."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.hierarchy import REST, Hierarchy
from forecast.data.panel import panel_from_series
from forecast.experiment.decisions.headline import headline_of, manner_of, series_headlines
from forecast.experiment.decisions.headline_words import amount, headline_sentences, outside_words
from forecast.models.forecaster import Forecasts, Interval

H = 28


def panel_of(*values, frequency="D", target="sales", **more):
    ids = tuple(f"s{k}" for k in range(len(values))) if len(values) > 1 else (target,)
    return panel_from_series(
        [np.asarray(own, float) for own in values], frequency, series_ids=ids, target=target, **more
    )


def forecasts_of(panel, point):
    point = np.asarray(point, float)
    bands = (Interval(80, point - 3, point + 5),)
    return Forecasts(panel.series_ids, panel.future_timestamps(point.shape[1]), point, bands, levels=(80,))


@dataclass(frozen=True)
class Known:
    """Joint futures that are known to the test."""

    point: np.ndarray
    futures: np.ndarray  # (S, N, H)

    @property
    def distribution(self):
        return SimpleNamespace(futures=self.futures.shape[1], rare=None)

    def paths(self, count, *, seed=0, which=None):
        assert count == self.futures.shape[1]
        return iter(self.futures[list(which)])


def futures_around(point):
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 4, (1, 400, 1))
    return Known(point, point[:, None, :] + shared + rng.normal(0, 1, (len(point), 400, point.shape[1])))


def test_total_of_all_series_has_the_interval_of_the_sum_and_what_came_before():
    first, second = np.arange(400.0) % 7 + 10, np.arange(400.0) % 7 + 50
    panel, point = panel_of(first, second), np.tile([[11.0], [66.0]], (1, H))
    known = futures_around(point)
    told = headline_of(panel, forecasts_of(panel, point), known, "total")
    sums = known.futures.sum(axis=(0, 2))
    assert told.value == pytest.approx(point.sum())
    assert (told.lower, told.upper) == pytest.approx(tuple(np.quantile(sums, [0.1, 0.9])))
    assert told.before.value == pytest.approx(first[-H:].sum() + second[-H:].sum())
    year = slice(400 - 364, 400 - 364 + H)
    assert told.year.value == pytest.approx(first[year].sum() + second[year].sum())
    assert (told.steps, told.first, told.last) == ("28 days", "1971-02-05", "1971-03-04")


def test_a_lone_series_with_a_name_of_its_own_is_named_and_one_step_is_not_counted():
    panel = replace(panel_of(np.full(60, 2.0)), series_ids=("north",))
    told = headline_of(panel, forecasts_of(panel, np.full((1, 1), 4.0)), None, "total")
    [sentence] = headline_sentences(told, ())[:1]
    assert sentence == "sales of north, next day: 4 (80 %: 1 to 9), 2.0 times as much as the last day."


def test_each_series_has_its_own_interval():
    panel, point = panel_of(np.ones(60), np.ones(60)), np.tile([[10.0], [20.0]], (1, H))
    known = futures_around(point)
    each = series_headlines(panel, forecasts_of(panel, point), known, "total")
    for own, futures in zip(each, known.futures, strict=True):
        assert (own.lower, own.upper) == pytest.approx(tuple(np.quantile(futures.sum(axis=1), [0.1, 0.9])))
    assert [own.whose for own in each] == ["s0", "s1"]


def test_without_a_distribution_a_total_has_no_interval_and_the_sentence_none():
    panel, point = panel_of(np.full(60, 2.0)), np.full((1, H), 2.2)
    told = headline_of(panel, forecasts_of(panel, point), None, "total")
    assert (told.lower, told.upper) == (None, None)
    assert headline_sentences(told, ()) == ("sales, next 28 days: 61.6, 10 % more than the last 28 days.",)


@pytest.mark.parametrize(("lower", "upper", "side"), [(70.0, 90.0, "below"), (10.0, 20.0, "above"), (50.0, 90.0, "")])
def test_a_forecast_outside_of_its_own_interval_is_owned_up_to(lower, upper, side):
    panel = panel_of(np.full(60, 2.0))
    told = replace(
        headline_of(panel, forecasts_of(panel, np.full((1, H), 2.2)), None, "total"), lower=lower, upper=upper
    )
    words = outside_words(told)
    assert (f"lies {side} its own interval" in words) if side else words == ""


def test_only_series_that_were_there_are_compared():
    old, new = np.full(400, 10.0), np.full(40, 6.0)
    panel = panel_of(old, new, first=[0, 360])
    told = headline_of(panel, forecasts_of(panel, np.tile([[12.0], [6.0]], (1, H))), None, "total")
    assert (told.before.series, told.year.series) == (2, 1)
    assert told.year.expected == pytest.approx(12 * H)
    assert told.year.share == pytest.approx(0.2)
    assert headline_sentences(told, ())[1].endswith("20 % more for the 1 series that was there then.")


def test_where_most_of_the_forecast_is_of_new_series_nothing_is_compared():
    panel = panel_of(np.full(400, 1.0), np.full(40, 600.0), first=[0, 360])
    told = headline_of(panel, forecasts_of(panel, np.tile([[1.0], [600.0]], (1, H))), None, "total")
    assert told.year is None


@pytest.mark.parametrize(("fill", "expected"), [("interpolate", 30.0 * H), ("zero", 30.0 * (H - 2))])
def test_few_gaps_count_as_the_mean_of_the_stretch_and_as_zeros_where_gaps_are(fill, expected):
    values = np.full(60, 30.0)
    values[[-3, -9]] = np.nan
    panel = panel_of(values, fill=fill)
    told = headline_of(panel, forecasts_of(panel, np.full((1, H), 30.0)), None, "total")
    assert told.before.value == pytest.approx(expected)


def test_with_many_gaps_nothing_is_compared():
    values = np.full(60, 30.0)
    values[-20:-10] = np.nan
    panel = panel_of(values)
    assert headline_of(panel, forecasts_of(panel, np.full((1, H), 30.0)), None, "total").before is None


def test_a_horizon_of_a_year_is_compared_once():
    panel = panel_of(np.full(60, 5.0), frequency="MS")
    told = headline_of(panel, forecasts_of(panel, np.full((1, 12), 5.0)), None, "total")
    assert told.year is None
    assert told.before.name == "the last 12 months"


def test_a_longer_horizon_is_compared_with_as_many_years_before():
    panel = panel_of(np.arange(60.0), frequency="MS")
    told = headline_of(panel, forecasts_of(panel, np.full((1, 18), 60.0)), None, "total")
    assert told.year.value == pytest.approx(np.arange(36, 54).sum())
    assert told.year.name == "the same 18 months 2 years earlier"


def test_a_price_stands_somewhere_and_is_never_added_up():
    panel = panel_of(100 + np.arange(300) / 10, frequency="B", target="close")
    point = 130.0 + np.arange(20)[None] / 10
    told = series_headlines(panel, forecasts_of(panel, point), None, "standing")
    [sentence, year] = headline_sentences(headline_of(panel, forecasts_of(panel, point), None, "standing"), told)
    date = panel.future_timestamps(20)[0, -1].astype("datetime64[D]")
    assert sentence == f"close, on {date}: 131.9 (80 %: 128.9 to 136.9), 1.5 % higher than the last value (129.9)."
    assert year.startswith("The value a year earlier was 105.9: the forecast is 25 % higher.")


def test_several_prices_are_told_one_by_one():
    panel = panel_of(*(np.full(60, value) for value in (10.0, 20.0, 30.0, 40.0)), target="close")
    made = forecasts_of(panel, np.full((4, 5), 20.0))
    told = headline_of(panel, made, None, "standing"), series_headlines(panel, made, None, "standing")
    assert headline_sentences(*told) == (
        "close on 1970-03-06: s0 20 (+100.0 %), s1 20 (unchanged), s2 20 (-33.3 %) and 1 more.",
    )


def test_averages_are_compared_by_their_difference():
    panel = panel_of(np.full(400, 20.0), target="temperature")
    told = headline_of(panel, forecasts_of(panel, np.full((1, 7), 21.5)), None, "mean")
    assert headline_sentences(told, ()) == (
        "temperature, average of the next 7 days: 21.5, 1.5 higher than the last 7 days (20).",
        "The same 7 days a year earlier was on average 20: the forecast is 1.5 higher.",
    )


@pytest.mark.parametrize(
    ("manner", "lead"),
    [
        ("total", "sales of all 2 series, next 5 days, as far as each is forecast: 9"),
        ("mean", "sales of all 2 series, average of the next 5 days, as far as each is forecast: 1"),
    ],
)
def test_steps_before_the_newest_are_in_no_sum_and_no_mean(manner, lead):
    panel = panel_of(np.full(60, 1.0), np.full(59, 1.0))
    point = np.array([[1.0] * 5, [100.0] + [1.0] * 4])
    told = headline_of(panel, forecasts_of(panel, point), None, manner)
    assert headline_sentences(told, ())[0].startswith(lead)
    assert (told.first, told.last) == ("1970-03-02", "1970-03-06")
    assert told.before is not None
    assert told.before.expected == pytest.approx(9.0 if manner == "total" else 1.0)
    assert told.before.value == pytest.approx(9.0 if manner == "total" else 1.0)


def test_a_series_that_ended_a_forecast_before_the_others_is_not_in_the_headline():
    panel = panel_of(np.full(60, 1.0), np.full(60, 2.0), np.full(55, 100.0))
    told = headline_of(panel, forecasts_of(panel, np.repeat([[1.0], [2.0], [100.0]], 5, axis=1)), None, "total")
    [lead] = headline_sentences(told, ())
    assert lead.startswith("sales of the 2 of 3 series that go on, next 5 days: 15")
    assert (told.first, told.value, told.is_ragged) == ("1970-03-02", pytest.approx(15.0), False)


def test_series_are_not_counted_where_some_stand_for_several():
    tree = Hierarchy(
        "shop", ("total", REST, "shop"), np.array([0, 1, 2]), np.array([0, 2, 3, 4]), np.array([1, 2, 1, 2])
    )
    panel = replace(panel_of(np.full(60, 3.0), np.full(60, 1.0), np.full(60, 2.0)), hierarchy=tree)
    told = headline_of(panel, forecasts_of(panel, np.repeat([[3.0], [1.0], [2.0]], 5, axis=1)), None, "total")
    [lead] = headline_sentences(told, ())
    assert lead.startswith("sales of all series, next 5 days: 15")
    [lead] = headline_sentences(replace(told, has_rests=False), ())
    assert lead.startswith("sales of all 2 series, next 5 days: 15")


def test_amount_tells_the_interval():
    panel, point = panel_of(np.ones(60)), np.full((1, H), 1000.0)
    told = headline_of(panel, forecasts_of(panel, point), futures_around(point), "total")
    assert amount(replace(told, lower=27_111.0, upper=29_222.0)) == "28,000 (80 %: 27,100 to 29,200)"


@pytest.mark.parametrize(("target", "more", "expected"), [
    ("sales", {}, "total"), ("close", {}, "standing"), ("temperature", {}, "mean"), ("x", {}, "total"),
    ("x", {"aggregate": "mean"}, "mean"), ("x", {"kind": "price"}, "standing"),
    ("temperature", {"kind": "sales"}, "total"),
])  # fmt: skip
def test_the_name_the_kind_and_the_way_of_adding_up_decide_what_is_told(target, more, expected):
    rng = np.random.default_rng(0)
    walk = 100 + np.cumsum(rng.normal(0, 1, 300)) if target == "close" else 10 + np.arange(300) % 7 + rng.random(300)
    panel = panel_of(walk, target=target)
    assert manner_of(panel, 14, 7, more.get("kind", "auto"), more.get("aggregate")) == expected


@pytest.mark.parametrize(("target", "expected"), [("x", "standing"), ("units sold", "total")])
def test_what_behaves_like_a_random_walk_is_not_added_up_unless_it_is_sold(target, expected):
    walk = 500 + np.cumsum(np.random.default_rng(3).normal(0, 1, 400))
    assert manner_of(panel_of(walk, frequency="B", target=target), 10, 1, "auto") == expected


def test_what_was_negative_is_averaged():
    values = np.sin(np.arange(300) * 2 * np.pi / 7)
    assert manner_of(panel_of(values, target="x"), 14, 7, "auto") == "mean"
