"""Who won, by how much, and whether that is more than luck: in plain words."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from forecast.evaluation.significance import LEVEL

REFERENCE = "seasonal-naive"
NAIVE = {"naive": "the last value repeated", REFERENCE: "the seasonal naive", "drift": "the straight line drawn on"}
WORTH = 0.01
"""A gain on the best naive forecast smaller than this share is not called one."""


class Scored(Protocol):
    """What the verdict reads of a row of the leaderboard."""

    @property
    def model(self) -> str:
        """Its name."""

    @property
    def rmse(self) -> float:
        """In the target's unit."""

    @property
    def rmse_std(self) -> float:
        """Over seeds."""

    @property
    def skill(self) -> float | None:
        """1 − rmse / rmse of seasonal naive."""

    @property
    def p_above(self) -> float | None:
        """That the difference to the row above is chance."""


def verdict(rows: Sequence[Scored], networks: Sequence[str]) -> str:
    """Returns the verdict on rows that stand best first.

    Args:
        rows: of the leaderboard.
        networks: the models that are to beat the naive forecasts.
    """
    nets = [row for row in rows if row.model in networks]
    naive = next((row for row in rows if row.model in NAIVE), None)
    if nets and naive and nets[0].rmse > (1 - WORTH) * naive.rmse:
        return _nothing_gained(rows[0], nets[0], naive)
    if len(rows) == 1:
        return f"{rows[0].model} has RMSE {short(rows[0].rmse)}; there is nothing to compare it with."
    best, second = rows[0], rows[1]
    sentence = f"{best.model} has the lowest RMSE, {short(best.rmse)}"
    if best.skill is not None and best.model != REFERENCE:
        sentence += f", {100 * best.skill:.0f} % below seasonal naive"
    gap = second.rmse - best.rmse
    behind = f"{100 * gap / best.rmse:.1f} %" if best.rmse > 0 else short(gap)
    if 0 < gap < 0.0005 * best.rmse:
        behind = "less than 0.1 %"
    return f"{sentence}. {second.model} is {behind} behind{_weight(gap, best, second)}."


def _nothing_gained(best: Scored, net: Scored, naive: Scored) -> str:
    """Returns the verdict where no network beats the best naive forecast by as much as is worth a word."""
    figures = f"{short(net.rmse)} against {short(naive.rmse)}"
    if net.rmse >= naive.rmse:
        sentence = f"No network beats {NAIVE[naive.model]} here: the best, {net.model}, has RMSE {figures}."
    else:
        sentence = f"Nothing is gained on {NAIVE[naive.model]} here: {net.model} has RMSE {figures}."
    if best.model not in {net.model, naive.model} and best.rmse < (1 - WORTH) * naive.rmse:
        sentence += f" {best.model} leads with {short(best.rmse)}."
    return sentence


def _weight(gap: float, best: Scored, second: Scored) -> str:
    """Returns what a gap is worth: against the spread between seeds, and against chance."""
    spread, p = max(best.rmse_std, second.rmse_std), second.p_above
    side = "more" if gap > spread else "less"
    words = f", which is {side} than the spread between seeds (±{short(spread)})" if spread else ""
    if p is None or np.isnan(p):
        return words + (": call it a tie" if spread and gap <= spread else "; too few points to say if that is chance")
    if p > LEVEL or (spread and gap <= spread):
        return f"{words}: a tie (p = {p:.2f})"
    return f"{words}, and not chance (p = {p:.2g})"


def short(value: float) -> str:
    """Returns a number with at most five significant digits and thousands separators; a power of ten if huge."""
    if value == 0 or not np.isfinite(value) or abs(value) < 1e-3:
        return f"{value:.5g}"
    if abs(value) >= 1e12:
        return f"{value:.4e}"
    decimals = max(0, 4 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
