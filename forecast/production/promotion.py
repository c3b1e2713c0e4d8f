"""The promotion gate: may a challenger take the champion's place? Scores in, one frozen decision out."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from forecast.wording import gap_percent

LEAST_COVERAGE = 0.5  # measured by benchmarks/tuning/drift.py
"""80 % intervals that hold less than this share of the truths are no intervals, unless the champion's are worse."""
FEW_POINTS = 10  # measured by benchmarks/tuning/drift.py
"""Coverage over fewer points than this says nothing."""

Outcome = Literal["promoted", "kept", "candidate"]


@dataclass(frozen=True)
class ModelScore:
    """How one model did on the points that decide.

    Attributes:
        rmse: in the target's unit; NaN where a forecast was not a number.
        coverage: share of truths inside the 80 % intervals; None where it has none.
    """

    rmse: float
    coverage: float | None = None


@dataclass(frozen=True)
class Gate:
    """What the person asked of the gate.

    Attributes:
        min_gain: by what share the challenger's RMSE must lie below the champion's.
        force: promote whatever the scores are, as long as they are numbers.
        candidate_only: never promote; a challenger that works is kept as a candidate.
        is_lesson: the challenger's recipe is one that is only to be learned from: likewise, unless it is forced.
    """

    min_gain: float = 0.0
    force: bool = False
    candidate_only: bool = False
    is_lesson: bool = False


@dataclass(frozen=True)
class Decision:
    """What became of the challenger, and why in one sentence."""

    outcome: Outcome
    reason: str

    @property
    def is_published(self) -> bool:
        """Whether the challenger enters the store."""
        return self.outcome != "kept"


def decide(
    champion: ModelScore,
    challenger: ModelScore,
    naive_rmse: float,
    points: int,
    gate: Gate,
    *,
    is_same: bool = False,
    tie: str = "",
) -> Decision:
    """Returns what becomes of a challenger.

    Args:
        champion: the version in use, on the points that decide.
        challenger: on the same points.
        naive_rmse: of the seasonal naive forecast on the same points.
        points: how many they are.
        gate: what was asked for.
        is_same: both are one recipe, trained anew: too few rows came to score one against the other.
        tie: why their difference may be chance; then what knows newer data wins. Empty where it is none.
    """
    if not isfinite(challenger.rmse):
        return Decision("kept", "the challenger's forecasts are not all numbers")
    if gate.candidate_only:
        return Decision("candidate", "only a candidate was asked for (--candidate-only)")
    if gate.is_lesson and not gate.force:
        return Decision("candidate", "--preset tutorial is a lesson, and takes over only by --force or models promote")
    refusal = _refusal(champion, challenger, naive_rmse, points, gate, is_tie=bool(tie))
    if refusal:
        return Decision("promoted", f"forced, though {refusal}") if gate.force else Decision("kept", refusal)
    if is_same:
        return Decision(
            "promoted", "it is the champion's recipe on all rows: too few newer ones yet to tell them apart"
        )
    return Decision("promoted", _praise(champion, challenger, tie))


def rules(gate: Gate) -> tuple[str, ...]:
    """Returns what a challenger has to prove to ``decide``, in sentences."""
    if gate.candidate_only:
        return ("Only a candidate was asked for (--candidate-only): nothing is put in use.",)
    if gate.is_lesson and not gate.force:
        return ("Its recipe is a lesson (--preset tutorial): nothing is put in use.",)
    gain = f"at least {gap_percent(gate.min_gain)} lower than the champion's (--min-gain)"
    level = gain if gate.min_gain else "no higher than the champion's, or the difference is a tie as compare has it"
    coverage = f"at least {gap_percent(LEAST_COVERAGE)} of the truths there, or no fewer than the champion's"
    proofs = (
        "All its forecasts are numbers.",
        f"Its RMSE is {level}, on the same newest points, which neither was trained on.",
        "It is no worse than the seasonal naive there, unless it is better than the champion.",
        f"Its 80 % intervals hold {coverage}.",
    )
    return (proofs[0], "Whatever else it scores, it is put in use (--force).") if gate.force else proofs


def _praise(champion: ModelScore, challenger: ModelScore, tie: str) -> str:
    """Returns why the challenger takes over."""
    if not isfinite(champion.rmse):
        return "the champion's forecasts are not all numbers, the challenger's are"
    if challenger.rmse == champion.rmse:
        return "both do equally well, and the challenger will know the newest data"
    if challenger.rmse > champion.rmse:
        gap = gap_percent(challenger.rmse / champion.rmse - 1)
        return f"a tie, and the challenger knows newer data: its error is {gap} higher, {tie}"
    return f"the challenger's error is {gap_percent(1 - challenger.rmse / champion.rmse)} lower"


def _refusal(
    champion: ModelScore, challenger: ModelScore, naive_rmse: float, points: int, gate: Gate, *, is_tie: bool
) -> str:
    """Returns why the champion stays, or an empty string."""
    if not isfinite(champion.rmse):
        return ""
    is_near = is_tie and not gate.min_gain and champion.rmse > 0
    if challenger.rmse > champion.rmse and not is_near:
        gap = gap_percent(challenger.rmse / champion.rmse - 1) if champion.rmse > 0 else "infinitely"
        return f"the challenger's error is {gap} higher"
    if challenger.rmse > champion.rmse * (1 - gate.min_gain) and not is_near:
        gain = gap_percent(1 - challenger.rmse / champion.rmse)
        return (
            f"the challenger's error is only {gain} lower, and {gap_percent(gate.min_gain)} is the least (--min-gain)"
        )
    if challenger.rmse > naive_rmse and challenger.rmse >= champion.rmse:  # of two bad ones the better may win
        return "the challenger is worse than seasonal naive, and no better than the champion"
    return _loose_intervals(champion, challenger, points)


def _loose_intervals(champion: ModelScore, challenger: ModelScore, points: int) -> str:
    """Returns why the challenger's intervals are no good, or an empty string."""
    held, before = challenger.coverage, champion.coverage
    if held is None:
        return "the challenger has no intervals, and the champion has" if before is not None else ""
    if points >= FEW_POINTS and held < LEAST_COVERAGE and held < (before if before is not None else 1.0):
        return f"the challenger's 80 % intervals held only {gap_percent(held)} of the truths"
    return ""
