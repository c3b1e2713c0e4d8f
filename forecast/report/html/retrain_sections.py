"""What a retrain decided and why, and what all runs of a model did: as sections of a report."""

import math
from collections.abc import Sequence

from forecast.production.store.run_record import RunRecord
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


def decision_sentence(record: RunRecord) -> str:
    """Returns what was decided, and why."""
    outcome = record.outcome or ""
    return f"{OUTCOMES.get(outcome, outcome)}: {(record.reason or '').rstrip('.')}."


def decision_section(record: RunRecord, rules: Sequence[str]) -> Section:
    """Returns how champion and challenger did, what was decided, and by which rules.

    Args:
        record: of the run.
        rules: what the challenger had to prove.
    """
    errors = (record.champion_rmse, record.challenger_rmse, record.naive_rmse)
    longest = max((rmse for rmse in errors if rmse is not None and math.isfinite(rmse)), default=0.0) or 1.0
    names = (f"champion {record.challenged}", "challenger", "seasonal naive")
    rows = [
        (PageCell(name), PageCell(short_number(rmse), Bar(rmse / longest, colour, is_hollow=not colour)))
        for name, rmse, colour in zip(names, errors, (CHAMPION, CHALLENGER, ""), strict=True)
        if rmse is not None
    ]
    terms = [Term("decided", decision_sentence(record))]
    terms += [Term("why it was trained", record.trigger)] if record.trigger else []
    blocks: list[PageTerms | PageTable | Words] = [PageTerms(tuple(terms))]
    if rows:
        on = f"RMSE on {record.scored_on}" if record.scored_on else "RMSE"
        blocks.append(PageTable((PageColumn("model"), PageColumn(on, is_number=True)), tuple(rows)))
    proofs = tuple(Term(f"rule {number}", rule) for number, rule in enumerate(rules, start=1))
    blocks += [Words("A challenger takes over if all of this holds:"), PageTerms(proofs)] if proofs else []
    return Section("decision", "Champion and challenger", tuple(blocks))


def run_section(runs: Sequence[RunRecord], gallery: Gallery | None, *, is_all: bool = True) -> Section:
    """Returns the runs of a model, the newest first, below their picture.

    Args:
        runs: the newest, oldest first.
        gallery: the error at each retrain; None where too few were scored.
        is_all: they are all runs.
    """
    columns = ("time (UTC)", "decision", "champion", "challenger", "in use", "why")
    lines = [
        cells(
            [
                f"{run.ended:%Y-%m-%d %H:%M}" if run.ended else "–",
                run.outcome or run.command or "–",
                short_number(run.champion_rmse),
                short_number(run.challenger_rmse),
                run.champion or "–",
                run.reason or "",
            ]
        )
        for run in reversed(runs[-MOST_RUNS:])
    ]
    spare = ("champion", "challenger", "in use")
    kinds = (PageColumn(name, name in columns[2:4], name in spare) for name in columns)
    table = PageTable(tuple(kinds), tuple(lines))
    intro = "Every run of this model, the newest first, with the RMSE of champion and challenger."
    if len(runs) > MOST_RUNS:
        intro += f" Shown are the last {MOST_RUNS}{f' of {len(runs):,}' if is_all else ''}; forecast history lists all."
    return Section("runs", "Runs", (*([gallery] if gallery else []), table), intro)
