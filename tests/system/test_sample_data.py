import csv
import importlib.util
import re
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from places import ROOT

SAMPLES = ROOT / "sample_data"


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("make_store_sales", SAMPLES / "make_store_sales.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_store_sales"] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_store_sales"]


@pytest.fixture(scope="module")
def panel(generator):
    return generator.simulate()


def test_airline_passengers_are_the_144_published_figures():
    rows = rows_of(SAMPLES / "airline_passengers.csv")
    months = [f"{year}-{month:02d}" for year in range(1949, 1961) for month in range(1, 13)]
    figures = [int(row["passengers"]) for row in rows]
    assert [row["month"] for row in rows] == months
    assert (figures[0], figures[-1], max(figures), sum(figures)) == (112, 432, 622, 40363)


def test_airline_passengers_agree_with_the_shared_copy():
    shared = ROOT.parent / "shared" / "data" / "airline_passengers.csv"
    if not shared.exists():
        pytest.skip("../shared/data is not here")
    ours = [(row["month"], float(row["passengers"])) for row in rows_of(SAMPLES / "airline_passengers.csv")]
    assert ours == [(row["ds"][:7], float(row["y"])) for row in rows_of(shared)]


def test_stock_prices_are_daily_closes_without_weekends():
    rows = rows_of(SAMPLES / "stock_prices.csv")
    days = [date.fromisoformat(row["date"]) for row in rows]
    assert len(days) == 1047
    assert days == sorted(set(days))
    assert all(day.weekday() < 5 for day in days)
    assert (rows[0]["close"], rows[-1]["close"]) == ("100.34", "362.71")


def test_stock_prices_are_those_that_ship_with_matplotlib():
    matplotlib = pytest.importorskip("matplotlib")
    source = Path(matplotlib.get_data_path()) / "sample_data" / "goog.npz"
    if not source.exists():
        pytest.skip("this matplotlib ships without goog.npz")
    with np.load(source) as archive:
        prices = archive["price_data"]
    rows = rows_of(SAMPLES / "stock_prices.csv")
    assert [row["date"] for row in rows] == prices["date"].astype(str).tolist()
    assert [float(row["close"]) for row in rows] == prices["close"].tolist()


def test_store_sales_are_rewritten_byte_for_byte(generator, panel):
    assert generator.to_csv(panel) == generator.TARGET_FILE.read_bytes()


def test_another_seed_makes_other_sales(generator, panel):
    assert not np.array_equal(generator.simulate(seed=1).sales, panel.sales)


def test_store_sales_are_a_full_panel_of_ten_stores_and_three_years():
    rows = rows_of(SAMPLES / "store_sales.csv")
    assert list(rows[0]) == ["date", "store", "region", "promo", "holiday", "price", "sales"]
    assert len({(row["store"], row["date"]) for row in rows}) == len(rows) == 10 * 1096
    assert len({(row["store"], row["region"]) for row in rows}) == len({row["store"] for row in rows}) == 10
    assert (rows[0]["date"], rows[-1]["date"]) == ("2021-07-01", "2024-06-30")
    assert all(row["sales"].isdigit() for row in rows)
    assert (SAMPLES / "store_sales.csv").stat().st_size < 600_000


def test_noise_is_ten_per_cent_without_bias_and_without_memory(generator, panel):
    is_open = panel.expected > 0
    ratio = np.where(is_open, panel.sales / np.where(is_open, panel.expected, 1), np.nan)
    assert np.nanmean(ratio) == pytest.approx(1, abs=0.005)
    assert np.nanstd(ratio) == pytest.approx(generator.NOISE, rel=0.05)
    today, tomorrow = ratio[:, :-1], ratio[:, 1:]
    both = np.isfinite(today) & np.isfinite(tomorrow)
    assert abs(np.corrcoef(today[both], tomorrow[both])[0, 1]) < 0.03


def test_stores_sell_nothing_exactly_when_they_are_closed(generator, panel):
    sunday = np.array([day.weekday() == 6 for day in panel.days])
    for s, store in enumerate(generator.STORES):
        closed = (sunday & (not store.opens_sundays)) | (panel.holiday & (not store.opens_holidays))
        np.testing.assert_array_equal(panel.sales[s] == 0, closed)


def test_promotions_are_campaigns_of_several_days(panel):
    assert 0.10 < panel.promo.mean() < 0.15
    for store in panel.promo:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], store.astype(int), [0]])))
        lengths = np.diff(edges)[::2]
        assert lengths[:-1].min() >= 5  # the last one may run past the end of the file
        assert lengths.max() <= 10


def test_price_and_promotion_move_expected_sales_as_stated(generator, panel):
    # Two Tuesdays a week apart differ by little but price and promotion: their ratio must show the factors.
    store = generator.STORES[0]
    lag = 7
    plain = generator._around_holidays(panel.holiday) == 1
    quiet = plain[lag:] & plain[:-lag] & (panel.expected[0, lag:] > 0) & (panel.expected[0, :-lag] > 0)
    growth = np.log(panel.expected[0, lag:][quiet] / panel.expected[0, :-lag][quiet])
    price = np.diff(np.log(np.stack([panel.price[0, :-lag], panel.price[0, lag:]])), axis=0)[0][quiet]
    promo = (panel.promo[0, lag:].astype(float) - panel.promo[0, :-lag])[quiet]
    design = np.column_stack([price, promo, np.ones_like(promo)])
    elasticity, uplift, _ = np.linalg.lstsq(design, growth, rcond=None)[0]
    assert elasticity == pytest.approx(store.elasticity, abs=0.15)
    assert np.exp(uplift) == pytest.approx(store.promotion, abs=0.05)


def test_people_buy_before_a_holiday_and_less_on_it_and_after(generator):
    quiet_week = np.zeros(9, dtype=bool)
    quiet_week[4] = True
    np.testing.assert_array_equal(generator._around_holidays(quiet_week), [1, 1, 1.12, 1.30, 0.60, 0.88, 1, 1, 1])


@pytest.mark.parametrize(
    ("year", "good_friday", "whit_monday"),
    [(2021, "04-02", "05-24"), (2022, "04-15", "06-06"), (2023, "04-07", "05-29"), (2024, "03-29", "05-20")],
)
def test_moving_feasts_fall_on_their_dates(generator, year, good_friday, whit_monday):
    holidays = [day.isoformat() for day in generator.holidays_of(year)]
    assert len(holidays) == 9
    assert {f"{year}-{good_friday}", f"{year}-{whit_monday}"} < set(holidays)


def test_readme_names_every_file_and_calls_the_synthetic_one_synthetic(panel):
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(path.name in readme for path in SAMPLES.iterdir() if path.suffix in {".csv", ".py"})
    assert "## store_sales.csv: SYNTHETIC" in readme
    assert float(re.search(r"RMSE of ([\d.]+) units", readme).group(1)) == pytest.approx(panel.noise_rmse, abs=0.005)


@pytest.fixture(scope="module")
def relay():
    spec = importlib.util.spec_from_file_location("make_relay", SAMPLES / "make_relay.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_relay_is_what_its_generator_makes(relay):
    assert (SAMPLES / "relay.csv").read_bytes() == relay.to_csv(relay.simulate())


def test_relay_swings_where_its_last_signal_told_it_to(relay):
    """Whoever remembers the last signal knows every swing; the click alone, or any fixed lag, does not."""
    readings = relay.simulate()
    signs, delays = [], []
    for own in readings:
        clicks = np.flatnonzero(own[:-1] == relay.CLICK)
        for click in clicks:
            signals = np.flatnonzero(np.abs(own[:click]) == relay.SIGNAL)
            if signals.size:
                assert own[click + 1] == own[signals[-1]] * relay.SWING / relay.SIGNAL
                signs.append(own[click + 1] > 0)
                delays.append(click - signals[-1])
    assert {min(delays), max(delays)} == {relay.SHORTEST, relay.LONGEST}
    assert 0.45 < np.mean(signs) < 0.55
    assert (np.abs(readings[:, -1]) == relay.SWING).all()
    assert (readings[:, -2] == relay.CLICK).all()
