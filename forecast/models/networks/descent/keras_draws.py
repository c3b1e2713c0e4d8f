"""The numbers that Keras draws from a seed, without Keras: what a network begins with needs no TensorFlow.

TensorFlow draws by Philox 4×32 with ten rounds (Salmon et al. 2011), its key and counter scrambled from the seed, and
makes them normal by Box and Muller. Uniform numbers are Keras' to the last bit, orthogonal matrices to its precision.
"""

from math import prod

import numpy as np
from numpy.typing import NDArray

from forecast.models.networks.cells import CELLS
from forecast.specs import ModelSpec

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]  # 32 bits each

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
"""Of Philox's round, as its authors chose them."""
WEYL = (0x9E3779B9, 0xBB67AE85)
"""What is added to the key from round to round."""
ROUNDS = 10
SCRAMBLE = (0x3EC8F720, 0x02461E29)
"""The key with which TensorFlow scrambles a seed."""
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
SEEDS_OF_A_NETWORK = 1000
"""So many draws lie between the seeds of two networks."""
LARGEST_SEED = 2_000_000
"""Of networks whose draws are Keras': beyond, it folds seeds into 31 bits."""


def start_weights(spec: ModelSpec, shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, Floats]:
    """Returns the weights that ``build_network`` gives a network: output layers at zero, the others drawn in turn.

    Args:
        spec: of the network; not the rolled one of the textbook, and without covariates.
        shapes: of its weights, by name; see ``weight_shapes``.
        seed: of the network.
    """
    first = seed * SEEDS_OF_A_NETWORK
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    if "embed/kernel" in weights:
        weights["embed/kernel"] = glorot_uniform(shapes["embed/kernel"], first)
        first += 1
    for layer in range(spec.layers if spec.is_recurrent else 0):
        own = f"cell{layer}/"
        weights[f"{own}kernel"] = glorot_uniform(shapes[f"{own}kernel"], first)
        weights[f"{own}recurrent"] = orthogonal(shapes[f"{own}recurrent"], first + 1)
        weights[f"{own}bias"] = CELLS[spec.cell].start_bias(shapes[f"{own}bias"], spec.units)
        first += 3  # the third is that of the dropout
    return weights


def glorot_uniform(shape: tuple[int, ...], seed: int) -> Floats:
    """Returns a kernel uniform within ± √(6 / (rows + columns)), Keras' ``GlorotUniform`` (Glorot & Bengio 2010)."""
    limit = np.float32(np.sqrt(3.0 * (1.0 / max(1.0, sum(shape) / 2.0))))
    return uniform(prod(shape), seed).reshape(shape) * (limit - -limit) + -limit


def orthogonal(shape: tuple[int, ...], seed: int) -> Floats:
    """Returns a kernel whose shorter side is orthonormal, Keras' ``Orthogonal`` (Saxe et al. 2014)."""
    rows, columns = shape
    tall = (max(shape), min(shape))
    square, triangle = np.linalg.qr(normal(prod(shape), seed).reshape(tall))
    square *= np.sign(np.diag(triangle))
    return np.ascontiguousarray(square.T if rows < columns else square)


def uniform(count: int, seed: int) -> Floats:
    """Returns numbers from 0 to below 1: the lowest 23 of 32 random bits."""
    return _to_unit(random_words(count, seed))


def normal(count: int, seed: int) -> Floats:
    """Returns standard normal numbers, two of each two uniform ones (Box & Muller 1958)."""
    units = _to_unit(random_words(count + count % 2, seed)).reshape(-1, 2)
    radius = np.sqrt(np.float32(-2) * np.log(np.maximum(units[:, 0], np.float32(1e-7))))
    angle = np.float32(2 * np.pi) * units[:, 1]
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1).reshape(-1)[:count]


def random_words(count: int, seed: int) -> Words:
    """Returns so many random numbers of 32 bits."""
    seeded = [np.array([part], np.uint64) for part in (seed, 0, 0, 0)]
    key_low, key_high, *counter = (part[0] for part in philox(seeded, SCRAMBLE))
    blocks = -(-count // 4)
    ahead = np.arange(blocks, dtype=np.uint64)  # added to the lowest word, which begins at zero
    nothing = np.zeros(blocks, np.uint64)
    drawn = philox([ahead, nothing, nothing + counter[0], nothing + counter[1]], (int(key_low), int(key_high)))
    return np.stack(drawn, axis=1).reshape(-1)[:count]


def philox(counter: list[Words], key: tuple[int, int]) -> list[Words]:
    """Returns the four words of each counter, enciphered."""
    first, second, third, fourth = counter
    for number in range(ROUNDS):
        low, high = ((part + number * step) & 0xFFFFFFFF for part, step in zip(key, WEYL, strict=True))
        one, two = first * np.uint64(MULTIPLIERS[0]), third * np.uint64(MULTIPLIERS[1])
        first, second, third, fourth = (
            (two >> HALF) ^ second ^ np.uint64(low),
            two & LOW,
            (one >> HALF) ^ fourth ^ np.uint64(high),
            one & LOW,
        )
    return [first, second, third, fourth]


def _to_unit(words: Words) -> Floats:
    mantissa = (words & np.uint64(0x7FFFFF)).astype(np.uint32) | np.uint32(127 << 23)
    return mantissa.view(np.float32) - np.float32(1)
