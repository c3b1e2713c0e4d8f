"""A distribution is stored as it is, and what no program wrote is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from forecast.decoding import decode, encode
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.difficulty import FEATURES, Difficulty
from forecast.evaluation.distribution.distribution import ErrorRecord, fit_distribution
from forecast.evaluation.distribution.shape import GRID
from forecast.evaluation.intervals import Calibration
from forecast.experiment.versions.stored_distribution import (
    DistributionEntry,
    load_calibration,
    load_distribution,
    pack_calibration,
    pack_distribution,
)
from forecast.models.networks.serialization import Arrays, pack_arrays, unpack_arrays

IDS, H = ("a", "b", "c"), 6
EVERY = (0.0001, 0.1, 0.237, 0.5, 0.9, 0.99999)


def told(seed):
    features = np.random.default_rng(seed).normal(0, 1, (len(FEATURES), 3, H)).astype(np.float32)
    features[0] = np.log(np.arange(1, H + 1))
    return Difficulty(np.array([1.0, 2.0, 0.5]), np.full(3, 50.0), np.array([seed, seed, seed - 3]), features)


@pytest.fixture(scope="module")
def distribution():
    rng = np.random.default_rng(0)
    points = np.full((3, H), 50.0)
    records = [
        ErrorRecord(fold, points, points + rng.standard_t(4, (3, H)) * [[1], [2], [4]], told(6 * fold))
        for fold in range(5)
    ]
    found = fit_distribution(records, IDS, 1, nonnegative=True)
    phases = rng.uniform(0.5, 2, (3, 3))
    return replace(found, symmetry="log", share=0.1, stretch=2.0, hardness=replace(found.hardness, phases=phases))


def written(distribution, levels=(50.0, 80, 99.5)):
    """The entry and the arrays as they come back from a version's files."""
    entry, arrays = pack_distribution(distribution, levels)
    return json.loads(json.dumps(encode(entry))), unpack_arrays(pack_arrays(arrays))


def read(entry, arrays):
    return load_distribution(decode(DistributionEntry, entry), Arrays(arrays), IDS, H)


def bytes_of(distribution):
    known, point = told(31), np.random.default_rng(1).uniform(0, 90, (3, H))
    quantiles = distribution.quantiles(point, known, IDS, EVERY, np.zeros(3)).values
    paths = distribution.paths(point, known, IDS, 7, np.zeros(3))
    return [quantiles.tobytes(), *(each.tobytes() for each in paths)]


def test_what_is_stored_says_the_same_to_the_last_bit(distribution):
    entry, arrays = written(distribution)
    assert bytes_of(read(entry, arrays)) == bytes_of(distribution)
    assert entry["levels"] == [50.0, 80, 99.5]


def test_errors_a_million_times_as_large_as_expected_come_back(distribution):
    """One digit too many in the data makes them: the version was saved and could not be read."""
    wild = replace(distribution, table=distribution.table * 1e6)
    assert bytes_of(read(*written(wild))) == bytes_of(wild)


def test_counts_of_rare_leaves_are_stored_as_they_are(distribution):
    sizes = np.linspace(0.3, 2.0, len(GRID))
    entry, arrays = written(
        replace(
            distribution, rare=CountShape(1.5, 0.1, 0.8, sizes, is_whole=True, interval=1.32, few=5.0, are_lone=True)
        )
    )
    kept = Arrays(arrays)
    found = load_distribution(decode(DistributionEntry, entry), kept, IDS, H).rare
    assert not kept.unread
    assert (found.usual, found.start, found.slope, found.is_whole, found.interval, found.few, found.are_lone) == (
        1.5,
        0.1,
        0.8,
        True,
        1.32,
        5.0,
        True,
    )
    np.testing.assert_array_equal(found.sizes, sizes)


def test_every_array_is_read(distribution):
    entry, arrays = written(distribution)
    kept = Arrays(arrays)
    load_distribution(decode(DistributionEntry, entry), kept, IDS, H)
    assert not kept.unread


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("symmetry", "cube", "symmetry"),
        ("share", -0.1, "a share that none has"),
        ("share", 0.0, "a share that none has"),  # a logarithm of zero
        ("share", 2, "a share that none has"),
        ("probabilities", [], "probabilities"),
        ("probabilities", [0.5], "probabilities"),
        ("probabilities", [0.1, 0.1], "probabilities"),
        ("probabilities", [0.0, 0.5], "probabilities"),
        ("probabilities", [0.5, 1.0], "probabilities"),
        ("probabilities", [0.9, 0.1], "probabilities"),
        ("features", ["step"], "does not know"),
        ("features", [], "does not know"),
        ("stretch", 0.5, "stretches"),
        ("stretch", 1e9, "stretches"),
        ("phases", 0, "phases"),
        ("phases", 10**9, "phases"),
        ("phases", 2, "phases"),  # the array has three
        ("levels", [0.0], "levels"),
        ("levels", [100], "levels"),
        ("levels", ["80"], "levels"),
        ("common", 1.5, "share"),
        ("common", -0.5, "share"),
    ],
)
def test_an_entry_that_no_program_wrote_is_refused(distribution, field, value, words):
    entry, arrays = written(distribution)
    with pytest.raises(ValueError, match=words):
        read(entry | {field: value}, arrays)


@pytest.mark.parametrize("name", ["table", "slopes", "means", "profile", "own", "phases", "common", "together"])
@pytest.mark.parametrize("spoil", [np.nan, np.inf, 1e300, "shape", "gone"])
def test_an_array_that_no_program_wrote_is_refused(distribution, name, spoil):
    entry, arrays = written(distribution)
    place = f"distribution/{name}"
    if spoil == "gone":
        del arrays[place]
    elif spoil == "shape":
        arrays[place] = arrays[place][:-1]
    else:
        arrays[place] = arrays[place].copy()
        arrays[place].flat[1] = spoil
    with pytest.raises((ValueError, KeyError)):
        read(entry, arrays)


@pytest.mark.parametrize("name", ["own", "phases"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_series_that_errs_by_less_than_nothing_is_refused(distribution, name, value):
    entry, arrays = written(distribution)
    arrays[f"distribution/{name}"] = np.full_like(arrays[f"distribution/{name}"], value)
    with pytest.raises(ValueError, match="less than nothing"):
        read(entry, arrays)


def test_quantiles_that_cross_are_refused(distribution):
    entry, arrays = written(distribution)
    arrays["distribution/table"] = arrays["distribution/table"][::-1].copy()
    with pytest.raises(ValueError, match="cross"):
        read(entry, arrays)


def test_the_two_widths_of_an_early_version_come_back():
    early = Calibration(np.array([1.0, 1.5]), {80: 1.2, 95: 2.5}, {"a": 0.5, "b": 2.0})
    widths, arrays = pack_calibration(early, ("a", "b"))
    assert widths == {"80": 1.2, "95": 2.5}
    back = load_calibration(Arrays(arrays), {80: 1.2, 95: 2.5}, ("a", "b"), 2)
    assert (back.widths, back.own) == (early.widths, early.own)
    np.testing.assert_array_equal(back.spread, early.spread)
    del arrays["calibration/own"]  # the earliest have none
    assert load_calibration(Arrays(arrays), {80: 1.2}, ("a", "b"), 2).own == {"a": 1.0, "b": 1.0}
