"""What a retrain decided and why, and what all runs of a model did: as sections of a report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.report.figures.retrains import CHALLENGER, CHAMPION
from forecast.report.html.page import (
    Bar,
    Gallery,
    PageCell,
    PageColumn,
    PageTable,
    PageTerms,
    Section,
    Term,
    Words,
    cells,
)
from forecast.wording import short_number

OUTCOMES = {
    "promoted": "The challenger is the champion now",
    "kept": "The champion stays",
    "candidate": "The challenger is saved as a candidate, and the champion stays",
    "nothing-new": "Nothing new, and the champion stays",
}
MOST_RUNS = 40


@dataclass(frozen=True)
class ChallengeSummary:
    """Champion against challenger on the same newest points.

    Attributes:
        outcome: promoted, kept, candidate or nothing-new.
        reason: why, in a sentence without its full stop.
        champion: label of the version that was challenged.
        scored_on: such as ``the newest 28 days``; empty where nothing was scored.
        rmse: of champion, challenger and seasonal naive there; None where one has none.
        trigger: what made it worth training.
        rules: what the challenger had to prove.
    """

    outcome: str
    reason: str
    champion: str
    scored_on: str
    rmse: tuple[float | None, float | None, float | None]
    trigger: str
    rules: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was decided, and why."""
        return f"{OUTCOMES.get(self.outcome, self.outcome)}: {self.reason.rstrip('.')}."


@dataclass(frozen=True)
class RunRow:
    """One run of a model, as text; its numbers None where it has none."""

    time: str
    decision: str
    champion_rmse: float | None
    challenger_rmse: float | None
    in_use: str
    reason: str

    @property
    def rmse(self) -> tuple[float | None, float | None]:
        """Of champion and challenger."""
        return self.champion_rmse, self.challenger_rmse


def decision_section(challenge: ChallengeSummary) -> Section:
    """Returns how champion and challenger did, what was decided, and by which rules."""
    longest = max((rmse for rmse in challenge.rmse if rmse is not None and math.isfinite(rmse)), default=0.0) or 1.0
    names = (f"champion {challenge.champion}", "challenger", "seasonal naive")
    rows = [
        (PageCell(name), PageCell(short_number(rmse), Bar(rmse / longest, colour, is_hollow=not colour)))
        for name, rmse, colour in zip(names, challenge.rmse, (CHAMPION, CHALLENGER, ""), strict=True)
        if rmse is not None
    ]
    terms = [Term("decided", challenge.sentence)]
    terms += [Term("why it was trained", challenge.trigger)] if challenge.trigger else []
    blocks: list[PageTerms | PageTable | Words] = [PageTerms(tuple(terms))]
    if rows:
        on = f"RMSE on {challenge.scored_on}" if challenge.scored_on else "RMSE"
        blocks.append(PageTable((PageColumn("model"), PageColumn(on, is_number=True)), tuple(rows)))
    proofs = tuple(Term(f"rule {number}", rule) for number, rule in enumerate(challenge.rules, start=1))
    blocks += [Words("A challenger takes over if all of this holds:"), PageTerms(proofs)] if proofs else []
    return Section("decision", "Champion and challenger", tuple(blocks))


def run_section(rows: Sequence[RunRow], gallery: Gallery | None, *, is_all: bool = True) -> Section:
    """Returns the runs of a model, the newest first, below their picture.

    Args:
        rows: of the newest runs, oldest first.
        gallery: the error at each retrain; None where too few were scored.
        is_all: they are all runs.
    """
    columns = ("time (UTC)", "decision", "champion", "challenger", "in use", "why")
    lines = [
        cells([run.time, run.decision, *map(short_number, run.rmse), run.in_use, run.reason])
        for run in reversed(rows[-MOST_RUNS:])
    ]
    table = PageTable(tuple(PageColumn(name, is_number=name in columns[2:4]) for name in columns), tuple(lines))
    intro = "Every run of this model, the newest first, with the RMSE of champion and challenger."
    if len(rows) > MOST_RUNS:
        intro += f" Shown are the last {MOST_RUNS}{f' of {len(rows):,}' if is_all else ''}; forecast history lists all."
    return Section("runs", "Runs", (*([gallery] if gallery else []), table), intro)
