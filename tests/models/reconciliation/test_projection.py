"""Reconciliation against the textbook's formula in full matrices, and against Nixtla's hierarchicalforecast."""

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation import projection as projection_module
from forecast.models.reconciliation.errors import shrinkage, shrunk_covariance
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.projection import projection

RANDOM = np.random.default_rng(7)


def tree():
    """Two states of three and two regions, crossed with two purposes: 1 + 2 + 2 + 4 + 5 sums of 10 leaves."""
    leaves = [(state, region, purpose) for state, region in zip("AAABB", "uvwxy", strict=True) for purpose in "hb"]
    nodes, levels = [], []
    for number, chosen in enumerate([(), (0,), (2,), (0, 2), (0, 1), (0, 1, 2)]):
        own = list(dict.fromkeys(tuple(leaf[c] for c in chosen) for leaf in leaves))
        nodes += [[i for i, leaf in enumerate(leaves) if tuple(leaf[c] for c in chosen) == node] for node in own]
        levels += [number] * len(own)
    first = len(nodes) - len(leaves)
    starts = np.concatenate([[0], np.cumsum([len(node) for node in nodes])])
    below = np.concatenate([np.array(node) + first for node in nodes])
    return Hierarchy("a/b * c", ("total", "a", "c", "a * c", "b", "b * c"), np.array(levels), starts, below)


TREE = tree()
SUMMING = np.array(
    [
        [float(leaf in TREE.below[a:b]) for leaf in TREE.leaves]
        for a, b in zip(TREE.starts, TREE.starts[1:], strict=False)
    ]
)
ERRORS = RANDOM.normal(size=(24, len(TREE))) @ np.diag(RANDOM.uniform(1, 9, len(TREE)))
ERRORS += RANDOM.normal(size=(24, 1)) * np.sqrt(TREE.sizes)
BASE = RANDOM.uniform(5, 50, (len(TREE), 3)) * np.sqrt(TREE.sizes)[:, None]


def full_covariance(name):
    if name == "ols":
        return np.eye(len(TREE))
    if name == "wls-structural":
        return np.diag(SUMMING.sum(axis=1))
    if name == "wls-variance":
        return np.diag((ERRORS**2).mean(axis=0))
    sample = np.cov(ERRORS.T)
    share = shrinkage(ERRORS)
    return share * np.diag(np.diag(sample)) + (1 - share) * sample


@pytest.mark.parametrize("name", [name for name in METHODS if name != "bottom-up"])
def test_methods_are_generalised_least_squares_on_the_leaves(name):
    inverse = np.linalg.inv(full_covariance(name))
    leaves = np.linalg.solve(SUMMING.T @ inverse @ SUMMING, SUMMING.T @ inverse @ BASE)
    made = projection(TREE, METHODS[name].covariance(TREE, ERRORS)).coherent(BASE)
    np.testing.assert_allclose(made, SUMMING @ leaves, rtol=1e-9)
    assert TREE.incoherence(made) < 1e-12


def test_bottom_up_adds_the_leaves_up():
    made = projection(TREE, METHODS["bottom-up"].covariance(TREE, ERRORS)).coherent(BASE)
    np.testing.assert_allclose(made, SUMMING @ BASE[TREE.leaves])


def test_shrinkage_is_the_formula_of_schaefer_and_strimmer_pair_by_pair():
    scaled = (ERRORS - ERRORS.mean(axis=0)) / ERRORS.std(axis=0)
    count, chance, squares = len(scaled), 0.0, 0.0
    for i in range(len(TREE)):
        for j in range(len(TREE)):
            if i != j:
                products = scaled[:, i] * scaled[:, j]
                chance += ((products - products.mean()) ** 2).sum() / (count * (count - 1))
                squares += products.mean() ** 2
    assert shrinkage(ERRORS) == pytest.approx(chance / squares, rel=1e-6)
    assert 0.1 < shrinkage(ERRORS) < 0.9


@pytest.mark.parametrize("name", METHODS)
def test_sparse_and_dense_agree(name, monkeypatch):
    covariance = METHODS[name].covariance(TREE, ERRORS)
    dense = projection(TREE, covariance).coherent(BASE)
    monkeypatch.setattr(projection_module, "DENSE", 0)
    np.testing.assert_allclose(projection(TREE, covariance).coherent(BASE), dense, rtol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_no_leaf_is_negative_and_all_still_add_up(name):
    base = BASE.copy()
    base[TREE.leaves[:4]] = -40.0  # as sums were far too low
    covariance = METHODS[name].covariance(TREE, ERRORS)
    plain = projection(TREE, covariance).coherent(base)
    made = projection(TREE, covariance).nonnegative(base, np.zeros(len(TREE)))
    assert plain.min() < 0 <= made.min()
    assert TREE.incoherence(made) < 1e-12
    free = projection(TREE, covariance).nonnegative(base, np.full(len(TREE), -np.inf))
    np.testing.assert_array_equal(free, plain)


def test_leaves_at_zero_are_made_up_for_as_the_quadratic_programme_does():
    optimize = pytest.importorskip("scipy.optimize")
    base = BASE.copy()
    base[TREE.leaves[:4]] = -40.0
    covariance = METHODS["wls-variance"].covariance(TREE, ERRORS)
    made = projection(TREE, covariance).nonnegative(base, np.zeros(len(TREE)))
    root = 1 / np.sqrt(covariance.own)
    for step in range(base.shape[1]):
        leaves, _ = optimize.nnls(root[:, None] * SUMMING, root * base[:, step])
        np.testing.assert_allclose(made[:, step], SUMMING @ leaves, rtol=1e-6, atol=1e-6)


def test_covariance_never_becomes_a_matrix_of_all_pairs():
    made = shrunk_covariance(ERRORS)
    assert made.shared.shape == (len(TREE), len(ERRORS))
    np.testing.assert_allclose(np.diag(made.own) + made.shared @ made.shared.T, full_covariance("mint-shrink"))


NIXTLA = {"ols": "ols", "wls-structural": "wls_struct", "wls-variance": "wls_var", "mint-shrink": "mint_shrink"}


@pytest.mark.parametrize("name", METHODS)
def test_equals_hierarchicalforecast(name):
    methods = pytest.importorskip("hierarchicalforecast.methods", reason="the extra bench is not installed")
    order = [*TREE.sums, *TREE.leaves]
    own = methods.BottomUp() if name == "bottom-up" else methods.MinTrace(method=NIXTLA[name])
    more = {"y_insample": ERRORS.T[order], "y_hat_insample": np.zeros_like(ERRORS.T)} if name != "bottom-up" else {}
    found = own.fit_predict(S=SUMMING[order], y_hat=BASE[order], **more)["mean"]
    made = projection(TREE, METHODS[name].covariance(TREE, ERRORS)).coherent(BASE)
    np.testing.assert_allclose(made[order], found, rtol=1e-6)
