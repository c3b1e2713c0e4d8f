"""From a summary and a picture of the forecast to a report: which sections it has, and what its verdict is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from forecast.data.covariates import KINDS, Kind
from forecast.data.frequency import ROW
from forecast.evaluation.summary import Summary, SummaryRow
from forecast.evaluation.verdict import NAIVE, simplest
from forecast.experiment.covariate_effects import calendar_words
from forecast.experiment.summary import libraries
from forecast.production.store.json_document import utc
from forecast.report.html import sections
from forecast.report.html.folds import FoldSpan, fold_gallery
from forecast.report.html.levels import levels_section
from forecast.report.html.page import Fact, Page, Section, Term, render_page
from forecast.report.html.steps import step_gallery
from forecast.wording import counted, percent, short_number, signed_gap

SHOWN_DIGITS = 12
"""Of the data's fingerprint, enough to tell two files apart."""
NOT_KEPT = (
    "nothing of it is kept with this version: a warm start has no backtest of its own, and early programs kept less"
)


@dataclass(frozen=True)
class ReportIntro:
    """What a report says first.

    Attributes:
        title: what it is about.
        about: which run and when.
        lead: sentences that come first; none where the verdict of the account does.
        caveats: what a reader must know before the numbers are used.
        facts: numbers before those of the account.
        model: that the facts are about; None for the best.
        home: address of the page that leads to it; empty for none.
    """

    title: str
    about: str
    lead: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    model: str | None = None
    home: str = ""


@dataclass(frozen=True)
class RetrainSections:
    """What became of a model: the fight that a version came from, and all runs; empty where there were none."""

    decision: tuple[Section, ...] = ()
    runs: tuple[Section, ...] = ()


def page_of(
    cover: ReportIntro,
    summary: Summary,
    forecast: tuple[Section, ...],
    life: RetrainSections,
    now: datetime,
    errors: tuple[Section, ...] = (),
    write: Callable[[Page], bytes] = render_page,
) -> bytes:
    """Returns a report as the content of a file.

    Args:
        cover: what it says first.
        summary: of the backtest; of an earlier program's version, what there is of it.
        forecast: the forecast, in pictures and tables.
        life: of the model.
        now: aware time; stands at the foot.
        errors: where they are.
        write: makes a file of it.
    """
    parts: list[Section | LeftOutPart] = [
        *forecast,
        *life.decision,
        _leaderboard(summary, cover),
        *_levels(summary),
        _steps(summary),
        *errors,
    ]
    parts += [_coverage(summary), _folds(summary), *life.runs]
    parts += _covariates(summary)
    parts += [_inferred(summary), _findings(summary), _settings(summary), _reproduce(summary)]
    reasons = {part.name: part.why for part in parts if isinstance(part, LeftOutPart)}
    present = [part for part in parts if isinstance(part, Section)]
    if reasons:
        present.append(sections.left_out_section(reasons))
    made = f"Made by forecast {libraries()['forecast']} on {utc(now):%Y-%m-%d %H:%M} UTC. "
    page = Page(
        title=cover.title,
        about=cover.about,
        verdict=cover.lead or tuple(filter(None, (summary.plain_verdict, summary.verdict))),
        facts=(*cover.facts, *_facts(summary, cover.model)),
        sections=tuple(present),
        foot=f"{made}This file needs no network: all of it is in it.",
        caveats=cover.caveats,
        home=cover.home,
    )
    return write(page)


@dataclass(frozen=True)
class LeftOutPart:
    """A section that there is nothing for."""

    name: str
    why: str = NOT_KEPT


def _facts(summary: Summary, model: str | None) -> list[Fact]:
    row = (summary.row(model) if model else None) or summary.leaderboard[0]
    facts = _errors(summary, row)
    if row.coverage_80 is not None:
        facts.append(Fact("80 % intervals held", percent(row.coverage_80), "of the truths; 80 % is right"))
    if summary.scored_on is not None:
        facts.append(Fact("Scored on", f"{summary.scored_on.points:,}", f"points: {_stands_on(summary)}"))
    return facts


def _errors(summary: Summary, row: SummaryRow) -> list[Fact]:
    """Returns how far off a model was, and beside which simple rule, by the metric and the rule of the plain verdict.

    What an early program did not tell of its mean error is told by its RMSE.
    """
    target = summary.target or ""
    if row.mae is None:
        facts = [Fact(f"RMSE of {row.model}", short_number(row.rmse), f"{target}: the size of a typical error")]
        if row.skill is not None:
            facts.append(Fact("Skill", percent(row.skill, signed=True), "lower RMSE than seasonal naive"))
        return facts if row.rmse is not None else facts[1:]
    facts = [Fact(f"Mean error of {row.model}", short_number(row.mae), f"{target}: MAE, how far it was off on average")]
    simple = simplest([each for each in summary.leaderboard if each.mae is not None])
    if simple is not None and row.model not in NAIVE and simple.mae:
        gap = signed_gap(row.mae / simple.mae - 1)
        facts.append(Fact(f"Beside {NAIVE[simple.model]}", gap, "mean error (MAE); less is better"))
    return facts


def _leaderboard(summary: Summary, cover: ReportIntro) -> Section:
    target = "the target" if summary.target is None else summary.target
    return sections.leaderboard_section(
        summary.leaderboard,
        target=target,
        stands_on=_stands_on(summary),
        verdict=(summary.verdict or "") if cover.lead else "",
        saved=cover.model or "",
    )


def _levels(summary: Summary) -> list[Section]:
    """Returns how well a hierarchy adds up; nothing where no series is a sum."""
    found = summary.reconciliation
    return [levels_section(found, summary.target or "the target")] if found else []


def _stands_on(summary: Summary) -> str:
    """Returns what scores stand on, such as ``3 folds × 12 steps``."""
    on = summary.scored_on
    if on is None:
        return "points"
    return f"{counted(on.folds, 'fold')} × {counted(on.horizon, 'step')}"


def _steps(summary: Summary) -> Section | LeftOutPart:
    told = {row.model: row.rmse_by_step for row in summary.leaderboard if row.rmse_by_step is not None}
    if not told or summary.target is None or summary.step is None:
        return LeftOutPart("Error by step")
    errors = {model: np.array(by_step, dtype=float) for model, by_step in told.items()}
    if all(each.size == 1 for each in errors.values()):
        return LeftOutPart("Error by step", "one step is forecast, so that the leaderboard says it all")
    return sections.step_section(step_gallery(errors, target=summary.target, frequency=summary.step))


def _coverage(summary: Summary) -> Section | LeftOutPart:
    if summary.coverage is None or summary.scored_on is None:
        return LeftOutPart("Intervals")
    if not summary.coverage:
        return LeftOutPart("Intervals", "no fold had enough past errors to calibrate intervals on")
    return sections.coverage_section(summary.coverage, summary.scored_on.folds, summary.leaderboard)


def _folds(summary: Summary) -> Section | LeftOutPart:
    calendar, data, folds = summary.calendar, summary.data, summary.folds
    if calendar is None or data is None or folds is None:
        return LeftOutPart("Folds on the calendar")
    origins = [_stamp(fold.origin, data.is_row) for fold in folds]
    ends = [*origins[1:], _stamp(calendar.last, data.is_row)]  # folds are one horizon apart, and the last ends the data
    spans = [FoldSpan(fold.number, origin, end) for fold, origin, end in zip(folds, origins, ends, strict=True)]
    first = _stamp(calendar.first, data.is_row)
    return sections.fold_section(fold_gallery(spans, first, refit=calendar.refit, together=calendar.together))


def _stamp(text: str, is_row: bool) -> np.datetime64:
    return np.datetime64(ROW.timestamps(np.array([int(text)]))[0]) if is_row else np.datetime64(text, "s")


def _covariates(summary: Summary) -> list[Section]:
    """Returns what was used beside the target; an early version says nothing of that."""
    use = summary.beside
    if use is None:
        return []
    kinds: dict[Kind, tuple[str, ...]] = {kind: getattr(use, kind) for kind in KINDS}
    if not any((*kinds.values(), use.calendar)):
        return []
    columns = []
    for kind, names in kinds.items():
        for name in names:
            own = [(label, effect.words) for label, effect in use.effects.items() if effect.column == name]
            texts = [words if label == name else f"{label.removeprefix(name).strip()} {words}" for label, words in own]
            texts += ["not used"] if name in use.idle else []
            columns.append(sections.CovariateRow(name, kind, use.levels.get(name), ", ".join(texts)))
    return [sections.covariate_section(columns, calendar_words(use.calendar, use.country))]


def _inferred(summary: Summary) -> Section | LeftOutPart:
    if summary.inferred is None:
        return LeftOutPart("What was inferred")
    given = summary.given or {}
    terms = [
        Term(
            one.label,
            one.text,
            tuple(flag for flag in one.flags if flag not in given),
            tuple(f"{flag} {given[flag]}".strip() for flag in one.flags if flag in given),
        )
        for one in summary.inferred
    ]
    return sections.inferred_section(terms)


def _findings(summary: Summary) -> Section | LeftOutPart:
    if summary.data is None:
        return LeftOutPart("Data findings")
    return sections.finding_section(summary.data.findings)


def _settings(summary: Summary) -> Section | LeftOutPart:
    if summary.networks is None:
        return LeftOutPart("Settings")
    asked = " ".join(f"{flag} {value}".strip() for flag, value in (summary.given or {}).items())
    return sections.setting_section(summary.networks, asked)


def _reproduce(summary: Summary) -> Section | LeftOutPart:
    data = summary.data
    if summary.command is None or data is None or summary.fingerprint is None or summary.libraries is None:
        return LeftOutPart("How to reproduce")
    text = f"{data.source}: {data.rows:,} rows, SHA-256 {summary.fingerprint[:SHOWN_DIGITS]}…"
    return sections.reproduce_section(summary.command, summary.libraries, text)
