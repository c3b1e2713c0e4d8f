"""Shrinkage (empirical Bayes): each series' own effects are drawn to those in common, as far as it says little itself.

How far is told by the rows of all series together (empirical Bayes): how large effects are, how much series differ in
each, and how noisy each series is. All of it is worked out from sums over the rows, which are kept block by block, so
that some blocks can judge what the others say.

Shapes: ``S`` series, ``F`` regressors, ``K`` blocks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

START, ROUNDS, FEWER_ROUNDS, LEAST = 0.2, 25, 10, 1e-9  # measured by benchmarks/tuning/covariate_effects.py
"""Effects are expected to be of this size before anything is known; so many rounds settle what is expected."""
DEAR = 5e7  # measured by benchmarks/tuning/covariate_effects.py
"""Multiply-adds of one round, series times regressors cubed, from which on there are fewer rounds."""


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What effects and errors are expected to be like."""

    common: float  # variance of the effects on all series together
    own: FloatArray  # (F,) variance of each regressor's effects on one series around those on all
    noise: FloatArray  # (S,) variance of each series' rows that is nobody's effect


@dataclass(frozen=True, eq=False)
class Sums:
    """What least squares needs of the rows of each block and series."""

    gram: FloatArray  # (K, S, F, F)
    moment: FloatArray  # (K, S, F)
    square: FloatArray  # (K, S)
    rows: FloatArray  # (K, S)

    def beliefs(self) -> Beliefs:
        """Returns the variances by which the rows are most likely (EM, Dempster et al. 1977; Laird & Ware 1982).

        An event that each series has seen once so tells how much series differ, which no other rows could.
        """
        gram, moment, square, rows = (each.sum(axis=0) for each in (self.gram, self.moment, self.square, self.rows))
        seen, count = np.maximum(rows, 1), moment.shape[1]
        is_panel = len(rows) > 1
        beliefs = Beliefs(START**2, np.full(count, START**2 if is_panel else 0.0), np.maximum(square / seen, LEAST))
        for _ in range(FEWER_ROUNDS if len(rows) * count**3 > DEAR else ROUNDS):
            joint, own, doubt = solved(gram, moment, beliefs)
            precision = np.tensordot(1 / beliefs.noise, gram, axes=1) + np.eye(count) / beliefs.common
            common = float(joint @ joint + np.trace(np.linalg.inv(precision))) / count
            left = square - 2 * np.einsum("si,si->s", own, moment) + np.einsum("si,sij,sj->s", own, gram, own)
            noise = (left + np.einsum("sij,sji->s", gram, doubt)) / seen
            variance = ((own - joint) ** 2 + np.einsum("sii->si", doubt)).mean(axis=0) if is_panel else beliefs.own
            beliefs = Beliefs(max(common, LEAST), np.maximum(variance, LEAST) * is_panel, np.maximum(noise, LEAST))
        return beliefs

    def left(self, own: FloatArray) -> float:
        """Returns the sum over series of the share of its squares that effects (S, F) leave."""
        gram, moment, square = self.gram.sum(axis=0), self.moment.sum(axis=0), self.square.sum(axis=0)
        rest = square - 2 * np.einsum("si,si->s", own, moment) + np.einsum("si,sij,sj->s", own, gram, own)
        some = square > 0
        return float((rest[some] / square[some]).sum())

    def some(self, blocks: BoolArray) -> "Sums":
        """Returns the sums of some blocks, (K,) true for these."""
        return Sums(self.gram[blocks], self.moment[blocks], self.square[blocks], self.rows[blocks])

    def error(self) -> float:
        """Returns the share of its squares that is left of every block by the effects that the other blocks tell."""
        left = total = 0.0
        for block in range(len(self.gram)):
            is_own = np.arange(len(self.gram)) == block
            own, others = self.some(is_own), self.some(~is_own)
            beliefs = others.beliefs()  # what they expect, too: a block that judges must not have had a say
            _, effects, _ = solved(others.gram.sum(axis=0), others.moment.sum(axis=0), beliefs)
            explained = 2 * np.einsum("si,si->s", effects, own.moment[0])
            explained -= np.einsum("si,sij,sj->s", effects, own.gram[0], effects)
            left += float(((own.square[0] - explained) / beliefs.noise).sum())
            total += float((own.square[0] / beliefs.noise).sum())
        return left / max(total, LEAST)


def solved(gram: FloatArray, moment: FloatArray, beliefs: Beliefs) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns the effects on all series together, (F,), those on each, (S, F), and the doubt in these, (S, F, F).

    Series' own effects are taken for noise where those in common are found: x (β + δ) + e has the variance x Δ x' + σ².
    With V = G/σ² + Δ⁻¹, the precision of β is Σ Δ⁻¹ − Δ⁻¹ V⁻¹ Δ⁻¹, and its target Σ Δ⁻¹ V⁻¹ b/σ².

    Args:
        gram: (S, F, F) of the rows, G.
        moment: (S, F) likewise, b.
        beliefs: the variances.
    """
    precise, target = gram / beliefs.noise[:, None, None], moment / beliefs.noise[:, None]
    count, prior = len(beliefs.own), np.eye(len(beliefs.own)) / beliefs.common
    if not beliefs.own.any():
        joint = np.asarray(np.linalg.solve(precise.sum(axis=0) + prior, target.sum(axis=0)), np.float64)
        return joint, np.repeat(joint[None], len(gram), axis=0), np.zeros((len(gram), count, count))
    inverse = np.diag(1 / beliefs.own)
    doubt = np.asarray(np.linalg.inv(precise + inverse), np.float64)
    told = inverse[None] - inverse @ doubt @ inverse
    target_told = np.einsum("ij,sjk,sk->i", inverse, doubt, target)
    joint = np.asarray(np.linalg.solve(told.sum(axis=0) + prior, target_told), np.float64)
    own = joint + np.einsum("sij,sj->si", doubt, target - precise @ joint)
    return joint, own, doubt
