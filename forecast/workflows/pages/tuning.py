"""The pictures of a tuning, errors against time, which settings mattered, and what each does; and its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from forecast.experiment.tuning.confirmation import Confirmation
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.search_space import changes_in_words
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.metric_records import METRICS
from forecast.production.store.json_document import utc
from forecast.specs import PlotKind
from forecast.wording import counted, percent, signed_gap

if TYPE_CHECKING:  # Jinja2 is for who asks for the page
    from forecast.report.html.page import Fact, PageTable, Term

SHOWN = 20
"""Trials that the page shows, and the default."""


def draw_tuning(
    entry: TuningEntry, trials: Sequence[TriedSettings], importances: Mapping[str, float], kind: PlotKind
) -> dict[str, bytes]:
    """Returns the pictures by file stem; none of the kind ``none``, nor of one trial, which compares with nothing."""
    rows = tuple(trial for trial in trials if trial.error is not None)
    if kind == "none" or len(rows) < 2:
        return {}
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.figures.tuning.parallel import parallel_figure
    from forecast.report.figures.tuning.search import importance_figure, search_figure, slices_figure

    label = f"{METRICS[entry.settings.metric].label} on the search folds, scaled by series"
    names = tuple(each.name for each in entry.space)
    logarithmic = {each.name for each in entry.space if each.is_range}
    each = f"{entry.name}: the settings of each trial"
    figures = {
        f"search.{kind}": search_figure(rows, label=label, title=f"{entry.name}: the search"),
        f"slices.{kind}": slices_figure(rows, names, logarithmic, label=label, title=f"{entry.name}: settings tried"),
        f"parallel.{kind}": parallel_figure(rows, names, logarithmic, title=each),
    }
    if importances:
        figures[f"importance.{kind}"] = importance_figure(importances, title=f"{entry.name}: which settings mattered")
    return {name: render(figure, kind) for name, figure in figures.items()}


@dataclass(frozen=True)
class TuningOutcome:
    """What the page of a tuning says beside its trials.

    Attributes:
        verdict: what the confirmation said.
        confirmation: None where there is none.
        settings: that won, a line each as forecast.toml has them; empty where the default stays.
        command: that tunes once more.
    """

    verdict: str
    confirmation: Confirmation | None
    settings: str
    command: str


def tuning_page(
    entry: TuningEntry,
    trials: Sequence[TriedSettings],
    importances: Mapping[str, float],
    told: TuningOutcome,
    now: datetime,
) -> bytes:
    """Returns the report of a tuning.

    Args:
        entry: what is tuned.
        trials: all of them.
        importances: share of each setting; empty of too few trials.
        told: what came out.
        now: aware time.
    """
    from forecast.report.html.page import Code, Page, PageTerms, Section, Words, render_page

    done = [trial for trial in trials if trial.error is not None]
    sections = [
        Section(
            "trials", "Trials", (_trial_table(entry, done),), "By their error on the search folds, scaled by series."
        ),
        Section("searched", "What was searched", (PageTerms(_searched_terms(entry)),)),
        Section("reproduce", "How to reproduce", (Code(told.command),)),
    ]
    if importances:
        intro = (
            "Share of what differs between trials that each setting explains (fANOVA): not whether a value is better."
        )
        sections.insert(1, Section("importance", "What mattered", (_importance_table(importances),), intro))
    won = (Code(f"[train]\n{told.settings}"),) if told.settings else (Words("None: the default stays."),)
    sections.insert(0, Section("settings", "Settings that won", won))
    return render_page(
        Page(
            title=f"{entry.name}: the tuning",
            about=f"forecast tune · {entry.source} · {utc(now):%Y-%m-%d %H:%M} UTC",
            verdict=(told.verdict,),
            facts=_facts(trials, told.confirmation),
            sections=tuple(sections),
            foot="This file needs no network: all of it is in it.",
        )
    )


def _facts(trials: Sequence[TriedSettings], confirmation: Confirmation | None) -> "tuple[Fact, ...]":
    """Returns what came out in numbers: how many trials, and what the confirmation measured, if there is one."""
    from forecast.report.html.page import Fact

    stopped = sum(trial.state == "stopped" for trial in trials if trial.error is not None)
    tried = Fact("trials", f"{len(trials)}", f"{stopped} stopped early")
    if confirmation is None:
        return (tried,)
    gain, p = signed_gap(-confirmation.gain), confirmation.p
    return (
        Fact("error, confirmed", gain, "of the best beside the default"),
        Fact("chance", "–" if p is None else f"p = {p:.2g}", "that it is none"),
        tried,
    )


def _searched_terms(entry: TuningEntry) -> "tuple[Term, ...]":
    """Returns which values of each setting were searched, and on which folds trials are scored and confirmed."""
    from forecast.report.html.page import Term

    searched = [
        Term(each.name, each.words.removeprefix(f"{each.name} "), (f"--fix {each.name}=…",)) for each in entry.space
    ]
    span = f"{counted(entry.folds, 'fold')} × {counted(entry.horizon, 'step')}, up to {entry.searched_to}"
    kept = f"{counted(entry.confirm, 'fold')} × {counted(entry.horizon, 'step')} after it, which no trial sees"
    scored = Term("trials are scored on", span, ("--folds",))
    return (*searched, scored, Term("what wins meets the default on", kept, ("--confirm",)))


def _trial_table(entry: TuningEntry, trials: Sequence[TriedSettings]) -> "PageTable":
    from forecast.report.html.page import Bar, PageCell, PageColumn, PageTable

    ranked = sorted(trials, key=lambda trial: (trial.state != "whole", trial.error or 0.0))
    ranked = [trial for place, trial in enumerate(ranked) if place < SHOWN or trial.number == 0]
    highest = max((trial.error or 0.0 for trial in ranked), default=0.0) or 1.0
    columns = [PageColumn("trial"), PageColumn("error", True), PageColumn("what it changes")]
    rows = []
    for trial in ranked:
        label = "default" if trial.number == 0 else f"{trial.number}"
        note = "" if trial.state == "whole" else "stopped early, foretold"
        error = trial.error or 0.0
        changes = PageCell(changes_in_words(entry.space, trial.values))
        rows.append((PageCell(label, note=note), PageCell(f"{error:.4f}", Bar(error / highest)), changes))
    return PageTable(tuple(columns), tuple(rows))


def _importance_table(importances: Mapping[str, float]) -> "PageTable":
    from forecast.report.html.page import Bar, PageCell, PageColumn, PageTable

    ranked = sorted(importances.items(), key=lambda pair: -pair[1])
    rows = tuple((PageCell(name), PageCell(percent(share), Bar(share))) for name, share in ranked)
    return PageTable((PageColumn("setting"), PageColumn("share", True)), rows)
