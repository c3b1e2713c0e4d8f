from dataclasses import dataclass, replace

import numpy as np
import pytest

from forecast.cli.output.ablation import importance_text
from forecast.data.covariates import Column, Covariates
from forecast.data.panel import panel_from_series
from forecast.evaluation.importance import Importance, measure_importance, shuffled
from forecast.evaluation.splits import rolling_origins
from forecast.models.forecaster import Members
from runs import QUIET

COLUMNS = (Column("promo", "known"), Column("noise", "known"), Column("rain", "past"), Column("size", "static"))


@dataclass(frozen=True)
class Teller:
    """Forecasts what the promotion of each step and the size of the series say, and nothing else."""

    parameters = curve = None
    train_seconds = 0.0
    horizon: int = 4

    def predict_members(self, panel, run=None):
        told = panel.covariates
        point = 10 * told.known_between(panel.last + 1, self.horizon)[..., 0] + told.static[:, :1]
        return Members(("teller",), (0,), point[None])


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    promo, size = rng.integers(0, 2, (3, 40)).astype(float), np.array([1.0, 5.0, 9.0])
    values = 10 * promo + size[:, None]
    made = panel_from_series(list(values), "D", series_ids=("a", "b", "c"))
    known = np.stack([promo.ravel(), rng.normal(size=120)], axis=1)
    beside = Covariates(COLUMNS, known, made.offsets, made.first, rng.normal(size=(120, 1)), size[:, None])
    return replace(made, covariates=beside)


def measured(panel, seed=0):
    folds = rolling_origins(panel, 4, 3, 4)[1:]
    return {
        one.covariate: one for one in measure_importance(panel, [(fold, Teller()) for fold in folds], None, seed, QUIET)
    }


def test_a_column_is_worth_what_the_errors_rise_when_it_is_shuffled(panel):
    found = measured(panel)
    assert next(iter(found)) == "promo"
    assert found["promo"].rise > 3
    assert found["size"].rise > 0
    assert found["noise"].rise == found["rain"].rise == 0


def test_worth_and_its_spread_are_shares_of_the_same_error(panel):
    biased = replace(panel, values=panel.values + 20.0)  # an error that the columns can't explain
    found = measured(biased)
    for one in found.values():
        assert one.share == pytest.approx(one.rise / 20)
        assert one.share_spread == pytest.approx(one.spread / 20)
    promo = found["promo"]
    assert promo.spread > 0.1


def test_worth_is_said_of_what_shows_any():
    promo, price, noise = (Importance(*one) for one in (
        ("promo", 3.4, 0.2, 1.697, 0.139), ("price", 0.1, 0.05, 0.0532, 0.0103), ("noise", 0.01, 0.02, 0.001, 0.002),
    ))  # fmt: skip
    assert importance_text((promo, price, noise)) == (
        "errors grow by 170 % (± 14 %) without promo, 5.3 % (± 1.0 %) without price, each shuffled in turn; "
        "no worth shown by noise"
    )
    assert importance_text((noise,)) == "no worth shown by noise"
    assert importance_text(()) == ""


def test_importance_is_the_same_for_the_same_seed_and_nothing_without_covariates(panel):
    assert measured(panel, 3) == measured(panel, 3)
    assert measure_importance(replace(panel, covariates=None), [], None, 0, QUIET) == ()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda one: one.name)
def test_shuffling_keeps_every_series_values_and_touches_one_column(column, panel):
    beside = panel.covariates
    mixed = shuffled(beside, column, panel, np.random.default_rng(1))
    place = beside.of(column.kind).index(column)
    for kind in ("known", "past", "static"):
        before, after = getattr(beside, kind), getattr(mixed, kind)
        for c in range(before.shape[1]):
            if (kind, c) != (column.kind, place):
                np.testing.assert_array_equal(before[:, c], after[:, c])
    before, after = getattr(beside, column.kind)[:, place], getattr(mixed, column.kind)[:, place]
    if column.kind == "static":
        assert sorted(before) == sorted(after)
    else:
        for start in (0, 40, 80):
            assert sorted(before[start : start + 40]) == sorted(after[start : start + 40])
            assert (before[start : start + 40] != after[start : start + 40]).any()
