"""From a summary and a picture of the forecast to a report: which sections it has, and what its verdict is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from forecast.data.covariates import KINDS
from forecast.data.frequency import ROW
from forecast.experiment.covariate_effects import CovariateEffect, calendar_words
from forecast.experiment.summary import libraries
from forecast.production.store.manifest import utc
from forecast.report.html import sections
from forecast.report.html.folds import FoldSpan, fold_gallery
from forecast.report.html.page import Fact, Page, Section, Term, render_page
from forecast.report.html.steps import step_gallery
from forecast.wording import counted, percent, short_number

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
        before, after: sentences around the verdict of the account.
        model: that the facts are about; None for the best.
    """

    title: str
    about: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    model: str | None = None


@dataclass(frozen=True)
class RetrainSections:
    """What became of a model: the fight that a version came from, and all runs; empty where there were none."""

    decision: tuple[Section, ...] = ()
    runs: tuple[Section, ...] = ()


def page_of(
    cover: ReportIntro, summary: Mapping[str, Any], forecast: Section, life: RetrainSections, now: datetime
) -> bytes:
    """Returns a report as the content of a file.

    Args:
        cover: what it says first.
        summary: of the backtest; of an earlier program's version, what there is of it.
        forecast: the pictures of the forecast.
        life: of the model.
        now: aware time; stands at the foot.
    """
    parts: list[Section | LeftOutPart] = [*life.decision, _leaderboard(summary), forecast, _steps(summary)]
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
        verdict=tuple(filter(None, (*cover.before, summary.get("verdict"), *cover.after))),
        facts=tuple(_facts(summary, cover.model)),
        sections=tuple(present),
        foot=f"{made}This file needs no network: all of it is in it.",
    )
    return render_page(page)


@dataclass(frozen=True)
class LeftOutPart:
    """A section that there is nothing for."""

    name: str
    why: str = NOT_KEPT


def _facts(summary: Mapping[str, Any], model: str | None) -> list[Fact]:
    rows = summary["leaderboard"]
    row = next((row for row in rows if row["model"] == model), rows[0])
    name, target = row["model"], summary.get("target", "")
    facts = []
    if row.get("rmse") is not None:
        facts.append(Fact(f"RMSE of {name}", short_number(row["rmse"]), f"{target}: the size of a typical error"))
    if row.get("skill") is not None:
        facts.append(Fact("Skill", percent(row["skill"], signed=True), "lower RMSE than seasonal naive"))
    if row.get("coverage_80") is not None:
        facts.append(Fact("80 % intervals held", percent(row["coverage_80"]), "of the truths; 80 % is right"))
    if "scored_on" in summary:
        scored = summary["scored_on"]
        facts.append(Fact("Scored on", f"{scored['points']:,}", f"points: {_stands_on(summary)}"))
    return facts


def _leaderboard(summary: Mapping[str, Any]) -> Section:
    target = summary.get("target", "the target")
    return sections.leaderboard_section(summary["leaderboard"], target=target, stands_on=_stands_on(summary))


def _stands_on(summary: Mapping[str, Any]) -> str:
    """Returns what scores stand on, such as ``3 folds × 12 steps``."""
    scored = summary.get("scored_on")
    if scored is None:
        return "points"
    folds = scored["folds"]
    return f"{counted(folds, 'fold')} × {counted(scored['horizon'], 'step')}"


def _steps(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    rows = [row for row in summary["leaderboard"] if "rmse_by_step" in row]
    if not rows:
        return LeftOutPart("Error by step")
    errors = {row["model"]: np.array(row["rmse_by_step"], dtype=float) for row in rows}
    if all(each.size == 1 for each in errors.values()):
        return LeftOutPart("Error by step", "one step is forecast, so that the leaderboard says it all")
    return sections.step_section(step_gallery(errors, target=summary["target"], frequency=summary["step"]))


def _coverage(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "coverage" not in summary:
        return LeftOutPart("Intervals")
    held = [sections.CoverageRow(**{**one, "by_fold": tuple(one["by_fold"])}) for one in summary["coverage"]]
    if not held:
        return LeftOutPart("Intervals", "no fold had enough past errors to calibrate intervals on")
    return sections.coverage_section(held, summary["scored_on"]["folds"])


def _folds(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "calendar" not in summary:
        return LeftOutPart("Folds on the calendar")
    calendar, is_row = summary["calendar"], summary["data"]["frequency"] == ROW.code
    origins = [_stamp(fold["origin"], is_row) for fold in summary["folds"]]
    ends = [*origins[1:], _stamp(calendar["last"], is_row)]  # folds are one horizon apart, and the last ends the data
    spans = [
        FoldSpan(fold["number"], origin, end) for fold, origin, end in zip(summary["folds"], origins, ends, strict=True)
    ]
    first = _stamp(calendar["first"], is_row)
    return sections.fold_section(fold_gallery(spans, first, refit=calendar["refit"], together=calendar["together"]))


def _stamp(text: str, is_row: bool) -> np.datetime64:
    return np.datetime64(ROW.timestamps(np.array([int(text)]))[0]) if is_row else np.datetime64(text, "s")


def _covariates(summary: Mapping[str, Any]) -> list[Section]:
    """Returns what was used beside the target; an early version says nothing of that."""
    use = summary.get("beside")
    if not use or not any(use[kind] for kind in (*KINDS, "calendar")):
        return []
    effects = {name: CovariateEffect(**effect) for name, effect in use["effects"].items()}
    columns = []
    for kind in KINDS:
        for name in use[kind]:
            own = [(label, effect.words) for label, effect in effects.items() if effect.column == name]
            texts = [words if label == name else f"{label.removeprefix(name).strip()} {words}" for label, words in own]
            texts += ["not used"] if name in use["idle"] else []
            columns.append(sections.CovariateRow(name, kind, use["levels"].get(name), ", ".join(texts)))
    return [sections.covariate_section(columns, calendar_words(use["calendar"], use["country"]))]


def _inferred(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "inferred" not in summary:
        return LeftOutPart("What was inferred")
    given = summary["given"]
    terms = [
        Term(
            one["label"],
            one["text"],
            tuple(flag for flag in one["flags"] if flag not in given),
            tuple(f"{flag} {given[flag]}".strip() for flag in one["flags"] if flag in given),
        )
        for one in summary["inferred"]
    ]
    return sections.inferred_section(terms)


def _findings(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "data" not in summary:
        return LeftOutPart("Data findings")
    return sections.finding_section(summary["data"]["findings"])


def _settings(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "networks" not in summary:
        return LeftOutPart("Settings")
    asked = " ".join(f"{flag} {value}".strip() for flag, value in summary["given"].items())
    return sections.setting_section(summary["networks"], asked)


def _reproduce(summary: Mapping[str, Any]) -> Section | LeftOutPart:
    if "command" not in summary:
        return LeftOutPart("How to reproduce")
    data = summary["data"]
    text = f"{data['source']}: {data['rows']:,} rows, SHA-256 {summary['fingerprint'][:SHOWN_DIGITS]}…"
    return sections.reproduce_section(summary["command"], summary["libraries"], text)
