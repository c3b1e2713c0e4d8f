import numpy as np
import pytest

from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent.keras_draws import (
    LARGEST_SEED,
    SEEDS_OF_A_NETWORK,
    glorot_uniform,
    normal,
    orthogonal,
    philox,
    start_weights,
    uniform,
)
from forecast.models.networks.recurrent import weight_shapes
from forecast.specs import LINEAR
from tiny import tiny_spec

KERNEL = [[-0.8082035779953003, -0.5706439018249512], [-0.04082679748535156, -0.2593134641647339]]
MATRIX = [[0.9292268753051758, 0.369509756565094], [0.369509756565094, -0.9292268753051758]]
"""``GlorotUniform(1003)`` and ``Orthogonal(seed=1003)`` of Keras, two by two."""


def words(*numbers):
    return [np.array([number], np.uint64) for number in numbers]


@pytest.mark.parametrize(
    ("counter", "key", "drawn"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_vectors_of_its_authors(counter, key, drawn):
    assert tuple(int(word[0]) for word in philox(words(*counter), key)) == drawn


def test_numbers_of_a_seed_begin_alike_and_have_the_moments_of_their_distribution():
    many, normals = uniform(100_001, 7), normal(100_001, 7)
    np.testing.assert_array_equal(many[:9], uniform(9, 7))
    np.testing.assert_array_equal(normals[:9], normal(9, 7))
    assert (many[:9] != uniform(9, 8)).all()
    assert 0 <= many.min() < many.max() < 1
    assert (abs(many.mean() - 0.5), abs(many.var() - 1 / 12)) < (0.005, 0.001)
    assert abs(normals.mean()) < 0.01
    assert abs(normals.var() - 1) < 0.02


@pytest.mark.parametrize("shape", [(5, 20), (6, 6), (7, 3)])
def test_the_shorter_side_of_an_orthogonal_matrix_is_orthonormal(shape):
    matrix = orthogonal(shape, 3)
    short = matrix if shape[0] <= shape[1] else matrix.T
    np.testing.assert_allclose(short @ short.T, np.eye(len(short)), atol=1e-6)


def test_kernels_keep_to_glorot_s_limit():
    kernel = glorot_uniform((12, 36), 5)
    limit = np.sqrt(6 / 48)
    assert 0.98 * limit < np.abs(kernel).max() <= limit


def test_numbers_of_a_seed_are_those_that_tensorflow_drew():
    np.testing.assert_array_equal(glorot_uniform((2, 2), 1003), np.array(KERNEL, np.float32))
    np.testing.assert_allclose(orthogonal((2, 2), 1003), MATRIX, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("segment", [1, 2])
@pytest.mark.parametrize("cell", [*CELLS, LINEAR])
def test_networks_begin_with_the_weights_that_keras_gives_them(cell, segment, layers):
    from forecast.models.networks.keras_networks import build_network, get_weights

    spec = tiny_spec(cell, segment=segment, layers=layers)
    for seed in (0, 3, LARGEST_SEED - 1):
        known = get_weights(build_network(spec, seed))
        drawn = start_weights(spec, weight_shapes(spec), seed)
        assert drawn.keys() == known.keys()
        for name, array in known.items():
            np.testing.assert_allclose(drawn[name], array, rtol=0, atol=1e-6 if "recurrent" in name else 0)


def test_no_draw_of_the_largest_seed_is_beyond_31_bits():
    assert LARGEST_SEED * SEEDS_OF_A_NETWORK < 2**31 - 2
