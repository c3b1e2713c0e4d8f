"""The scorer of `benchmarks/anomalies.py` against cases worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SOFT = np.sqrt(1 / 2)  # a neighbour of a label, in a buffer of 2


@pytest.fixture
def metrics(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import anomaly_metrics

    return anomaly_metrics


ONE = np.array([0, 0, 1, 0, 0])


@pytest.mark.parametrize(
    ("scores", "buffer", "area"),
    [
        ([0.1, 0.2, 0.9, 0.3, 0.05], 0, 1.0),  # the label first
        ([0.1, 0.9, 0.8, 0.3, 0.05], 0, 1 / 2),  # second
        ([0.9, 0.8, 0.1, 0.7, 0.6], 0, 1 / 5),  # last
        ([0.5] * 5, 0, 1 / 5),  # all alike
    ],
)
def test_without_a_buffer_it_is_the_average_precision(metrics, scores, buffer, area):
    assert metrics.vus_pr(ONE, np.array(scores), buffer, thresholds=5) == pytest.approx(area)


def test_a_neighbour_of_a_label_counts_as_far_as_its_buffer_reaches(metrics):
    scores = np.array([0.1, 0.2, 0.8, 0.9, 0.05])  # the step after the label comes first
    recall = SOFT / (1 + SOFT / 2)
    with_two = recall * SOFT + (1 - recall) * (1 + SOFT) / 2
    plain = 1 / 2  # buffers of 0 and 1 reach no neighbour
    assert metrics.vus_pr(ONE, scores, 2, thresholds=5) == pytest.approx((plain + plain + with_two) / 3)


def test_recall_counts_only_as_far_as_ranges_are_hit(metrics):
    labels = np.array([1, 0, 0, 0, 1, 0])
    scores = np.array([0.9, 0.1, 0.1, 0.1, 0.8, 0.1])
    # one of two labels at the first threshold: recall 1/2, of which half the ranges are hit; then both
    assert metrics.vus_pr(labels, scores, 0, thresholds=6) == pytest.approx(0.25 * 1 + 0.75 * 1)
    later = np.array([0.9, 0.85, 0.1, 0.1, 0.8, 0.1])
    assert metrics.vus_pr(labels, later, 0, thresholds=6) == pytest.approx(0.25 * 1 + 0.75 * 2 / 3)


def test_labels_fade_over_half_a_buffer(metrics):
    soft = metrics.lengthened(np.array([0, 0, 0, 1, 0, 0, 0]), 4)
    assert soft == pytest.approx([0, np.sqrt(1 / 2), np.sqrt(3 / 4), 1, np.sqrt(3 / 4), np.sqrt(1 / 2), 0])


def test_range_f1_counts_ranges_and_not_their_steps(metrics):
    labels = np.array([0, 1, 1, 1, 0, 0, 1, 0, 0, 0])
    assert metrics.range_f1(labels, np.array([0, 0, 9, 0, 0, 0, 8, 0, 0, 0.0])) == 1
    missed = np.array([0.1, 0.2, 9, 0.3, 0.4, 0.5, 0, 0.6, 0.7, 0.8])
    assert metrics.range_f1(labels, missed) == pytest.approx(2 / 3)


def test_the_buffer_of_a_series_is_its_period(metrics):
    assert metrics.period_of(np.sin(2 * np.pi * np.arange(600) / 24)) == 24
    assert metrics.period_of(np.random.default_rng(0).normal(size=400).cumsum()[:2].repeat(200)) == 125
