from statistics import NormalDist

import numpy as np
import pytest

from forecast.evaluation.distribution.newsvendor import critical_ratios, expected_costs, quantiles_at

DENSE = tuple(np.linspace(0.0005, 0.9995, 2000).tolist())


def on(values):
    """One series and one step."""
    return np.array(values, dtype=float).reshape(-1, 1, 1)


def cost(quantiles, probabilities, order, under, over):
    point = [np.full((1, 1), float(value)) for value in (order, under, over)]
    return float(expected_costs(on(quantiles), probabilities, *point)[0, 0])


def test_uniform_demand_costs_what_one_finds_by_hand():
    """Q(p) = p: of q = 0.75, under · (1 − q)²/2 + over · q²/2."""
    assert cost(DENSE, DENSE, 0.75, 3, 1) == pytest.approx(3 * 0.25**2 / 2 + 0.75**2 / 2, abs=1e-6)


def test_two_outcomes_cost_what_one_finds_by_hand():
    """Demand is 10 or 20, each every other time: of 10, half the time 10 too little."""
    quantiles, probabilities = (10, 10, 20, 20), (0.1, 0.499999999, 0.500000001, 0.9)
    assert cost(quantiles, probabilities, 10, 3, 1) == pytest.approx(15)
    assert cost(quantiles, probabilities, 20, 3, 1) == pytest.approx(5)
    assert cost(quantiles, probabilities, 14, 3, 1) == pytest.approx(0.5 * 3 * 6 + 0.5 * 1 * 4)


def test_an_order_between_two_quantiles_costs_what_lies_on_both_sides_of_it():
    """0 a quarter of the time, 10 another, evenly between in the other half: 3 · ¼ · 5 + 3 · ½ · 1¼, and so over."""
    assert cost((0, 10), (0.25, 0.75), 5, 3, 1) == pytest.approx((3 + 1) * (0.25 * 5 + 0.5 * 1.25))
    assert cost((0, 10), (0.25, 0.75), 7.5, 3, 1) == pytest.approx(
        3 * (0.25 * 2.5 + 0.5 * 2.5**2 / 20) + 0.25 * 7.5 + 0.5 * 7.5**2 / 20
    )


@pytest.mark.slow
@pytest.mark.parametrize(("under", "over"), [(3.0, 1.0), (1.0, 1.0), (1.0, 9.0)])
def test_normal_demand_costs_the_density_at_the_critical_ratio(under, over):
    """At the best order (under + over) · σ · φ(z): Arrow, Harris & Marschak 1951."""
    normal = NormalDist(100, 7)
    quantiles = [normal.inv_cdf(p) for p in DENSE]
    ratio = float(critical_ratios(np.array(under), np.array(over)))
    best = float(quantiles_at(on(quantiles), DENSE, np.full((1, 1), ratio))[0, 0])
    assert best == pytest.approx(normal.inv_cdf(ratio), abs=1e-3)
    density = NormalDist().pdf(NormalDist().inv_cdf(ratio))
    assert cost(quantiles, DENSE, best, under, over) == pytest.approx((under + over) * 7 * density, rel=2e-3)
    for other in (best - 3, best + 3):
        assert cost(quantiles, DENSE, other, under, over) > cost(quantiles, DENSE, best, under, over)


def test_costs_are_those_of_drawn_demand():
    rng = np.random.default_rng(0)
    demand = rng.gamma(2.0, 10.0, 400_000)
    quantiles = np.quantile(demand, DENSE)
    drawn = np.mean(2.5 * np.maximum(demand - 22, 0) + 0.5 * np.maximum(22 - demand, 0))
    assert cost(quantiles, DENSE, 22, 2.5, 0.5) == pytest.approx(drawn, rel=2e-3)


def test_each_point_has_its_own_costs_and_ratio():
    quantiles = np.arange(5.0)[:, None, None] * np.ones((1, 2, 3))
    probabilities = (0.1, 0.3, 0.5, 0.7, 0.9)
    wanted = np.array([[0.1, 0.2, 0.5], [0.9, 0.95, 0.05]])
    assert quantiles_at(quantiles, probabilities, wanted) == pytest.approx(np.array([[0, 0.5, 2], [4, 4, 0]]))


def test_where_no_quantile_is_known_no_cost_is():
    nothing = np.full((3, 1, 1), np.nan)
    one = np.ones((1, 1))
    assert np.isnan(expected_costs(nothing, (0.1, 0.5, 0.9), one, one, one)).all()
