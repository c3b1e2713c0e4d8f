"""Effects drawn to those in common: against a dense solution, and where the truth is known."""

import numpy as np
import pytest

from forecast.models.covariates.shrinkage import Beliefs, Sums, solved


def sums_of(inputs, targets):
    """Returns the sums of one block: inputs (S, n, F), targets (S, n)."""
    gram = np.einsum("sni,snj->sij", inputs, inputs)
    return gram, np.einsum("sni,sn->si", inputs, targets)


@pytest.mark.parametrize("differs", [True, False])
def test_solution_is_that_of_one_large_regression(differs):
    rng = np.random.default_rng(0)
    series, rows, count = 3, 20, 2
    inputs, targets = rng.normal(0, 1, (series, rows, count)), rng.normal(0, 1, (series, rows))
    noise = np.array([0.5, 1.0, 2.0])
    beliefs = Beliefs(0.3, np.array([0.1, 0.4]) * differs, noise)
    joint, own, _ = solved(*sums_of(inputs, targets), beliefs)
    # One column a common effect, one a series and effect; every column divided by what its effect is expected to be.
    sizes = np.sqrt(np.concatenate([np.full(count, 0.3), np.tile(beliefs.own, series)]))
    design, target = [], []
    for i in range(series):
        block = np.zeros((rows, count + series * count))
        block[:, :count] = inputs[i]
        block[:, count + i * count : count + (i + 1) * count] = inputs[i]
        design.append(block * sizes / np.sqrt(noise[i]))
        target.append(targets[i] / np.sqrt(noise[i]))
    whole = np.concatenate(design)
    solution = sizes * np.linalg.solve(whole.T @ whole + np.eye(whole.shape[1]), whole.T @ np.concatenate(target))
    np.testing.assert_allclose(joint, solution[:count])
    np.testing.assert_allclose(own, solution[:count] + solution[count:].reshape(series, count))


def test_error_is_that_of_each_block_from_the_other_three():
    rng = np.random.default_rng(0)
    blocks, series, rows, count = 4, 2, 6, 3
    inputs = rng.normal(0, 1, (blocks, series, rows, count))
    targets = inputs @ [0.5, 0.0, -0.2] + rng.normal(0, 0.3, (blocks, series, rows))
    grams, moments = zip(*(sums_of(inputs[k], targets[k]) for k in range(blocks)), strict=True)
    sums = Sums(np.array(grams), np.array(moments), (targets**2).sum(axis=2), np.full((blocks, series), rows))
    left = total = 0.0
    for k in range(blocks):
        others = np.arange(blocks) != k
        beliefs = sums.some(others).beliefs()
        _, own, _ = solved(np.array(grams)[others].sum(axis=0), np.array(moments)[others].sum(axis=0), beliefs)
        for i in range(series):
            left += ((targets[k, i] - inputs[k, i] @ own[i]) ** 2).sum() / beliefs.noise[i]
            total += (targets[k, i] ** 2).sum() / beliefs.noise[i]
    assert sums.error() == pytest.approx(left / total)


def test_beliefs_come_near_the_truth():
    rng = np.random.default_rng(0)
    series, rows = 200, 40
    truth = 0.5 + rng.normal(0, 0.2, (series, 1))
    inputs = rng.normal(0, 1, (series, rows, 1))
    targets = np.einsum("snf,sf->sn", inputs, truth) + rng.normal(0, 0.7, (series, rows))
    gram, moment = sums_of(inputs, targets)
    beliefs = Sums(gram[None], moment[None], (targets**2).sum(axis=1)[None], np.full((1, series), rows)).beliefs()
    assert np.sqrt(beliefs.own[0]) == pytest.approx(0.2, abs=0.03)
    assert np.sqrt(beliefs.noise.mean()) == pytest.approx(0.7, abs=0.03)
    assert np.sqrt(beliefs.common) == pytest.approx(0.5, abs=0.1)
