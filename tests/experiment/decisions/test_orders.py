"""`--cost` from the words to the order: a shop whose margins and waste the file tells."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from commands import run
from forecast import ForecastError, load
from forecast.errors import UsageError
from forecast.experiment.decisions.orders import UnitCosts, read_unit_costs

DAYS, HORIZON = 70, 7


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a model of two shops, of which margin is a trait and waste known ahead."""
    folder = tmp_path_factory.mktemp("orders")
    rng = np.random.default_rng(0)
    rows = [("day", "shop", "margin", "town", "waste", "seen", "sales")]
    for shop, margin in (("A", 3), ("B", 9)):
        for k in range(DAYS + HORIZON):
            day = date(2024, 1, 1) + timedelta(k)
            sales = round(20 + 5 * (k % 7 == 5) + rng.normal(0, 3)) if k < DAYS else ""
            rows.append((day, shop, margin, f"town {shop}", 2 if k == DAYS + 1 else 1, k % 3 + 1, sales))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (folder / "shops.csv").write_text(text.getvalue())
    words = ("--id", "shop", "--target", "sales", "--static", "margin,town", "--known", "waste", "--past", "seen")
    train = ("train", "shops.csv", *words, "--model", "seasonal-naive", "--horizon", f"{HORIZON}", "--plots", "none")
    done = run(*train, folder=folder)
    assert done.code == 0, done.err
    return folder


def predict(folder, *words):
    return run("predict", "shops", *words, folder=folder)


def test_what_is_ordered_is_the_quantile_at_the_critical_ratio(shop):
    done = predict(shop, "--cost", "under=3,over=1", "--quantiles", "0.75")
    assert done.header == (
        "series_id,timestamp,step,forecast,q0.75,order,expected_cost,expected_cost_of_forecast,model,version,origin"
    )
    for row in done.rows:
        assert row["order"] == row["q0.75"]
        assert 0 < float(row["expected_cost"]) < float(row["expected_cost_of_forecast"])


def test_total_is_the_sum_of_the_steps_and_is_said(shop):
    document = predict(shop, "--cost", "over=1,under=3", "--json").document
    rows, cost = document["forecasts"], document["cost"]
    assert (cost["under"], cost["over"]) == (3, 1)
    for name in ("expected_cost", "expected_cost_of_forecast"):
        assert cost[name] == pytest.approx(sum(row[name] for row in rows))
    done = predict(shop, "--cost", "under=3,over=1", "--format", "table")
    assert "lower_80" not in done.out
    assert done.err.startswith("Total     Ordering so costs about ")
    assert max(map(len, done.out.splitlines())) <= 80


def test_columns_tell_costs_by_series_and_step(shop):
    rows = predict(shop, "--cost", "under=margin,over=waste", "--quantiles", "0.75,0.9,0.6,0.818181818").rows
    expected = {("A", 1): "q0.75", ("A", 2): "q0.6", ("B", 1): "q0.9", ("B", 2): "q0.818181818"}
    for (series, step), name in expected.items():
        row = next(row for row in rows if (row["series_id"], row["step"]) == (series, str(step)))
        assert row["order"] == row[name]


def test_more_ratios_than_quantiles_are_known_at_lie_between_two(shop, monkeypatch):
    exact = predict(shop, "--cost", "under=margin,over=waste").rows
    monkeypatch.setattr("forecast.experiment.decisions.orders.MOST_RATIOS", 1)
    for row, other in zip(exact, predict(shop, "--cost", "under=margin,over=waste").rows, strict=True):
        assert float(row["order"]) == pytest.approx(float(other["order"]), rel=1e-3)


def test_beyond_the_horizon_nothing_is_ordered(shop, tmp_path):
    target = tmp_path / "orders.parquet"
    done = predict(shop, "--cost", "under=3,over=1", "--horizon", "9", "--series", "A", "-o", target)
    assert "Total     Ordering so costs" in done.err
    assert "2 steps of which nobody knows how far they err are not among them." in " ".join(done.err.split())
    table = pq.read_table(target)
    assert [value is None for value in table["order"].to_pylist()] == [False] * HORIZON + [True] * 2
    assert table.schema.field("expected_cost").type == "double"


def test_where_nobody_knows_how_far_forecasts_err_no_order_is_said_to_cost_nothing(shop, tmp_path):
    new = "".join(f"{date(2024, 3, 5) + timedelta(k)},C,4,town C,1,1,9\n" for k in range(5))
    (tmp_path / "new.csv").write_text(f"day,shop,margin,town,waste,seen,sales\n{new}")
    words = ("--data", tmp_path / "new.csv", "--cost", "under=3,over=1")
    assert "Total     What to order can't be told" in predict(shop, *words, "--format", "table").err
    assert predict(shop, *words, "--json").document["cost"]["expected_cost"] is None


def test_what_ended_before_the_others_is_ordered_for_the_steps_that_lie_ahead(shop, tmp_path):
    rows = (shop / "shops.csv").read_text().splitlines()
    late = [row for row in rows if ",B," not in row or row < f"{date(2024, 1, 1) + timedelta(DAYS - 3)}"]
    (tmp_path / "late.csv").write_text("\n".join(late))
    done = predict(shop, "--data", tmp_path / "late.csv", "--cost", "under=3,over=1", "--json")
    rows, newest = done.document["forecasts"], f"{date(2024, 1, 1) + timedelta(DAYS - 1)}"
    ahead = [row for row in rows if row["timestamp"] > newest]
    assert len(rows) - len(ahead) == 3
    for name in ("expected_cost", "expected_cost_of_forecast"):
        assert done.document["cost"][name] == pytest.approx(sum(row[name] for row in ahead))
    assert "Nor are 3 steps before the newest" in " ".join(done.err.split())


def test_intervals_stand_beside_orders_where_they_are_asked_for(shop):
    rows = predict(shop, "--cost", "under=1,over=1", "--levels", "80").rows
    assert list(rows[0])[4:8] == ["lower_80", "upper_80", "order", "expected_cost"]


def test_python_asks_for_costs_by_name(shop):
    model = load("shops", store=shop / ".forecast")
    table, told = model.predict(cost={"under": 3, "over": "waste"}), predict(shop, "--cost", "under=3,over=waste").rows
    assert table["order"].tolist() == pytest.approx([float(row["order"]) for row in told])
    with pytest.raises(ForecastError, match="must be above 0"):
        model.predict(cost={"under": 0, "over": 1})


@pytest.mark.parametrize(
    ("asked", "costs"),
    [
        ("under=3,over=1", UnitCosts(3.0, 1.0)),
        (" OVER = 1e-2 , under = a,b ", UnitCosts("a,b", 0.01)),
        ({"under": "margin", "over": 2}, UnitCosts("margin", 2.0)),
    ],
)
def test_costs_are_numbers_or_names(asked, costs):
    assert read_unit_costs(asked) == costs


@pytest.mark.parametrize(
    "asked", ["", "x", "under=3", "under=3,over=", "under=3,under=1", "under=3;over=1", "a=1,over=2"]
)
def test_half_a_question_is_refused(asked):
    with pytest.raises(UsageError, match="does not say what a unit too little and a unit too much cost"):
        read_unit_costs(asked)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("under=0,over=1", "under=0: a cost must be above 0", "--cost under=3,over=1"),
        ("under=3,over=-1", "over=-1: a cost must be above 0", "--cost under=3,over=1"),
        ("under=inf,over=1", "under=inf: a cost must be finite", "--cost under=3,over=1"),
        ("under=margn,over=1", "no column 'margn'. Did you mean 'margin'?", "waste or margin\n"),
        ("under=x,over=1", "the model knows no column 'x'.", "forecast train DATA --static x makes one that knows it"),
        ("under=town,over=1", "town is a text, not a cost", "waste or margin"),
        ("under=seen,over=1", "seen is known only up to the end of the data", "waste or margin"),
        ("under=1e9,over=1", "1,000,000,000 times the other", "10,000 times"),
        ("under=1e300,over=1", "costs 1.0000e+300 times the other", "10,000 times"),
        ("under=1e300,over=1e-300", "costs countless times the other", "10,000 times"),
    ],
)
def test_costs_that_are_none_are_refused_with_what_would_do(shop, asked, message, hint):
    done = predict(shop, "--cost", asked)
    assert (done.code, done.out) == (2, "")
    error, last = done.err.splitlines(keepends=True)[-2:]
    assert message in error
    assert hint in last


@pytest.mark.parametrize(("margin", "shown"), [("-2", "-2"), ("0", "0"), ("", "not known")])
def test_column_that_is_no_cost_is_named_with_its_series(shop, tmp_path, margin, shown):
    rows = (shop / "shops.csv").read_text().replace(",B,9,", f",B,{margin},")
    (tmp_path / "other.csv").write_text(rows)
    done = predict(shop, "--data", tmp_path / "other.csv", "--cost", "under=margin,over=1")
    assert done.code == 2
    assert f"margin of B at 2024-03-11 is {shown}, and a cost must be above 0" in done.err


def test_what_would_not_fit_into_memory_is_refused(shop, monkeypatch):
    monkeypatch.setattr("forecast.experiment.decisions.orders.free_memory", lambda: 10)
    done = predict(shop, "--cost", "under=3,over=1")
    assert (done.code, "--series with fewer of them" in done.err) == (2, True)


def test_what_if_orders_nothing(shop):
    done = predict(shop, "--set", "waste=2", "--cost", "under=3,over=1")
    assert (done.code, "--set without --cost" in done.err) == (2, True)
