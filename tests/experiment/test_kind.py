"""``--kind``: what the values are, from the flag to the stored model and its forecasts."""

import csv
import io

import numpy as np
import pytest

from commands import QUICK, csv_bytes, run, visits
from forecast.data.panel import panel_from_series
from forecast.errors import DataError, UsageError
from forecast.evaluation.scales import Scales
from forecast.experiment.inferred import decided_for_run
from forecast.experiment.plan import check_kind, make_plan
from forecast.models.method_settings import CURRENT
from forecast.models.networks.presets import make_spec
from forecast.models.networks.recurrent import measure_series
from forecast.models.views import restore, see, view_maps
from forecast.specs import Plan, Settings
from tiny import wave

pytestmark = pytest.mark.usefixtures("untrained")

RANDOM = np.random.default_rng(3)
WALK = 100 * np.exp(np.cumsum(RANDOM.normal(0, 0.02, 80)))
GRU = ("--model", "gru", *QUICK, "--plots", "none")


def price_spec(windows=5000):
    return make_spec("gru", Plan(5, 20, (5,), 2, refit=False, nonnegative=True, kind="price"), Settings(), windows)


# What may be in the data


@pytest.mark.parametrize(("kind", "least"), [("auto", -5.0), ("sales", 0.0), ("price", 0.01)])
def test_values_that_a_kind_can_have_pass(kind, least):
    check_kind(panel_from_series([[3.0, least, np.nan, 4.0], [1.0, 2.0]], "D"), kind)


@pytest.mark.parametrize(
    ("kind", "value", "rule"), [("sales", -3.0, "sales can't be negative"), ("price", 0.0, "a price must be above 0")]
)
def test_first_value_that_a_kind_can_not_have_is_named_with_its_series_and_date(kind, value, rule):
    many = panel_from_series([[3.0, 4.0], [1.0, value, 5.0, value]], "D", series_ids=["north", "south"], first=[0, 10])
    message = f"With --kind {kind}, {rule}: series 'south' is {value:g} on 1970-01-12, and 1 value more like it"
    with pytest.raises(DataError, match=message) as error:
        check_kind(many, kind)
    assert error.value.hint.startswith("--kind auto")
    with pytest.raises(DataError, match=rf"(?m){rule}: price is {value:g} on 1970-01-02\.$"):
        check_kind(panel_from_series([[1.0, value]], "D", target="price"), kind)


def test_gaps_in_prices_are_not_filled_with_zeros():
    gaps = panel_from_series([[3.0, np.nan, 4.0]], "D", fill="zero")
    with pytest.raises(UsageError, match="--kind price can't have zeros in its gaps"):
        check_kind(gaps, "price")
    check_kind(gaps, "sales")


@pytest.mark.parametrize(("values", "code", "kind", "said"), [
    (WALK, "D", "auto", ("price: behaves like a random walk, so the last value counts most", "--kind sales")),
    (WALK, "MS", "auto", ("price: behaves like a random walk, so the last value counts most", "--kind sales")),
    (WALK - 100, "D", "auto", ("price: behaves like a random walk, so the last value counts most", "--kind")),
    (WALK, "D", "sales", ("sales: no forecast or interval below 0", "--kind")),
    (WALK, "D", "price", ("price: log returns, from the last value on", "--kind")),
    (wave(80), "B", "auto", None),
])  # fmt: skip
def test_what_auto_decides_is_said_with_what_overrides_it(values, code, kind, said):
    plan = make_plan(panel_from_series([values], code), Settings(kind=kind))
    told = {one.label: (one.text, *one.flags) for one in decided_for_run(plan, {}, match="steps", is_limited=False)}
    assert told.get("Kind") == said


@pytest.mark.parametrize("kind", ["auto", "sales", "price"])
def test_plan_says_the_kind(kind):
    assert make_plan(panel_from_series([wave(60)], "D"), Settings(kind=kind)).kind == kind


# Business days are no sign of a price


@pytest.mark.parametrize(("values", "kind", "doubted"), [
    (WALK, "sales", False), (WALK, "auto", True), (wave(80), "auto", False), (wave(80), "sales", False),
])  # fmt: skip
def test_shop_that_opens_from_monday_to_friday_is_doubted_by_what_it_sells(values, kind, doubted):
    assert Scales(5, 5, kind).is_walk(1, panel_from_series([values], "B")) == doubted
    assert Scales(5, 5, kind).is_walk(1, panel_from_series([values], "D")) == doubted


def test_same_sales_are_forecast_alike_on_business_days_and_on_all_days(tmp_path):
    documents, rows = [], []
    for frequency in ("B", "D"):
        folder = tmp_path / frequency
        folder.mkdir()
        dates = panel_from_series([WALK], frequency).timestamps(0).astype("datetime64[D]")
        (folder / "shop.csv").write_bytes(csv_bytes(list(zip(map(str, dates), WALK, strict=True))))
        plain = ("--kind", "sales", "--season", "1", "--no-calendar", "--window", "12", "--horizon", "5")
        done = run("train", "shop.csv", *plain, "--json", *GRU, folder=folder)
        assert f"{'business-daily' if frequency == 'B' else 'daily'}" in done.err
        documents.append(done.document["mixture"])
        rows.append([row["forecast"] for row in forecasts(run("predict", "--format", "csv", folder=folder))])
    assert documents[0] == documents[1]
    assert rows[0] == rows[1]


# What a price is forecast from


@pytest.mark.parametrize("windows", [50, 5000])
def test_untrained_network_of_a_price_forecasts_its_last_value(windows):
    spec = price_spec(windows)
    panel = panel_from_series([WALK], "B")
    for view in spec.views:
        statistics, maps = (
            measure_series(panel, view, CURRENT.views),
            view_maps(view, spec.window, spec.horizon, CURRENT.views),
        )
        seen = see(WALK[None, -spec.window :], maps, statistics.level, statistics.scale)
        np.testing.assert_allclose(restore(np.zeros((1, spec.horizon)), seen, maps), WALK[-1])


def test_network_of_a_price_sees_returns_and_not_prices():
    """The same returns at another price give the same inputs."""
    panel, dear = panel_from_series([WALK], "B"), panel_from_series([1000 * WALK], "B")
    for view in price_spec().views:
        maps = view_maps(view, 20, 5, CURRENT.views)
        inputs = []
        for each in (panel, dear):
            statistics = measure_series(each, view, CURRENT.views)
            inputs.append(see(each.values[None, -20:], maps, statistics.level, statistics.scale).inputs)
        np.testing.assert_allclose(*inputs, rtol=1e-6)


def test_price_is_trusted_against_its_last_value_only():
    assert price_spec().season == 1


# The commands


def forecasts(done):
    return list(csv.DictReader(io.StringIO(done.out)))


@pytest.fixture(scope="module")
def sales(untrained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sales")
    rows = [(day, max(0, round(5 * np.sin(i)) + i % 3)) for i, (day, _) in enumerate(visits(80))]  # many zeros
    (folder / "visits.csv").write_bytes(csv_bytes(rows))
    return folder, run("train", "visits.csv", "--kind", "sales", *GRU, folder=folder)


def test_sales_are_never_forecast_below_zero(sales):
    folder, train = sales
    assert train.code == 0, train.err
    assert "Kind      sales: no forecast or interval below 0" in train.err
    rows = forecasts(run("predict", "visits", "--format", "csv", folder=folder))
    assert all(float(row[name]) >= 0 for row in rows for name in ("forecast", "lower_80", "lower_95"))


def test_kind_is_kept_with_the_model_and_rules_what_it_forecasts_from(sales):
    folder, _ = sales
    returned = [(day, value - 30) for day, value in visits(80)]
    (folder / "returns.csv").write_bytes(csv_bytes(returned))
    done = run("predict", "visits", "--data", "returns.csv", folder=folder)
    assert done.code == 5
    assert "With --kind sales, sales can't be negative: visits is -10 on 2024-01-01" in done.err


def test_negative_sales_end_the_training_with_the_code_of_bad_data(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes([(day, value - 21) for day, value in visits()]))
    done = run("train", "visits.csv", "--kind", "sales", *GRU, folder=tmp_path)
    assert done.code == 5
    assert "sales can't be negative" in done.err
    assert "hint:  --kind auto" in done.err


@pytest.mark.slow
def test_price_is_told(tmp_path):
    rows = [(day, round(price, 4)) for (day, _), price in zip(visits(80), WALK, strict=True)]
    (tmp_path / "stock.csv").write_bytes(csv_bytes(rows, "day,close"))
    done = run("train", "stock.csv", "--kind", "price", "--json", *GRU, folder=tmp_path)
    assert done.code == 0, done.err
    assert "Kind      price: log returns, from the last value on" in done.err
    assert done.document["data"]["kind"] == "price"
    assert {view["base"] for view in done.document["spec"]["views"]} == {"last-value"}
