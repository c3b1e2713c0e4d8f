"""What `check` found, as a person reads it and as a program does."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from forecast.cli.output.console import Cell, table, with_flags, wrapped
from forecast.errors import shortened
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.data.reading.hierarchies.hierarchy_ids import LevelNodes
    from forecast.workflows.check import CheckResult

COLUMNS = ("grade", "topic", "text", "flag", "series", "steps")
CHOICES = {"time": "Time", "target": "Target", "ids": "Id"}
"""Findings that tell which column was chosen; a table tells them with the columns."""
BESIDE = "candidates"
"""Findings of columns that could serve as covariates; a table tells them with the columns, too."""
ENCODING = "encoding"
"""Told on the line of what was read."""
GRADES = ("error", "warning", "note")


def check_rows(result: "CheckResult") -> list[tuple[Cell, ...]]:
    """Returns one row a finding, in the order of COLUMNS; series and steps are how many it is about."""
    return [(*vars(spot.finding).values(), spot.series.size, spot.steps.size) for spot in result.spots]


def check_json(result: "CheckResult") -> dict[str, Any]:
    """Returns the document: what was read, what a run would do with it, and all findings."""
    from forecast.workflows.check import describe_spots

    reading, plan = result.reading, result.plan
    columns, panel = reading.columns, reading.panel
    data = {
        "source": reading.source,
        "rows": reading.rows,
        "time": columns.time,
        "target": list(columns.target),
        "id": list(columns.ids),
        "series": len(panel),
        "steps": panel.values.size,
        "frequency": panel.frequency.code,
        "first": result.first,
        "last": result.last,
        "seasons": [vars(season) for season in result.seasons],
        "covariates": list(result.covariates),
        "judged_by": result.judged_by or None,
    }
    words = None
    if plan is not None:
        words = {"horizon": plan.horizon, "window": plan.window, "folds": plan.folds, "seasons": list(plan.seasons)}
    counts = {f"{grade}s": result.count(grade) for grade in GRADES}
    findings = describe_spots(result)
    data["hierarchy"] = [{"level": one.level, "nodes": one.nodes, "such_as": list(one.such_as)} for one in result.tree]
    return {"data": data, "plan": words, **counts, "findings": findings, "files": [str(path) for path in result.files]}


def check_table(result: "CheckResult") -> str:
    """Returns what is in the file, then the findings, the worst first, and what to do next."""
    lines = [*_head(result), "\n"]
    shown = [spot.finding for spot in result.spots if spot.finding.topic not in {*CHOICES, BESIDE, ENCODING}]
    for finding in shown:
        lines.append(with_flags(finding.text, f"({finding.flag})" if finding.flag else "", finding.grade.capitalize()))
    if shown:
        lines.append("\n")
    counts = [counted(n, grade) for grade in GRADES if (n := sum(finding.grade == grade for finding in shown))]
    lines.append(wrapped((", ".join(counts) or "Nothing out of the ordinary") + "."))
    return "".join(lines)


def _head(result: "CheckResult") -> Iterator[str]:
    from forecast.data.checks.seasons import season_line
    from forecast.data.covariates import KINDS
    from forecast.experiment.inferred import form_of

    reading, plan = result.reading, result.plan
    panel, columns = reading.panel, reading.columns
    choices = {spot.finding.topic: spot.finding for spot in result.spots if spot.finding.topic in CHOICES}
    chosen = {"time": columns.time, "target": ", ".join(columns.target), "ids": ", ".join(columns.ids)}
    text, flag = form_of(reading)
    rows = counted(reading.rows, "row")
    yield with_flags(f"{reading.source}{text}: {rows}", f"({flag})" if flag else "", "Read")
    for topic, label in CHOICES.items():
        flag = "--id" if topic == "ids" else f"--{topic}"
        if topic in choices:
            yield with_flags(choices[topic].text, f"({flag})", label)
        elif chosen[topic]:
            yield with_flags(chosen[topic], f"({flag})", label)
    for kind in KINDS:
        if names := getattr(columns, kind):
            yield with_flags(", ".join(names), f"(--{kind})", kind.capitalize())
    many = counted(len(panel), "series")
    span = f"{many}, {panel.frequency.name} ({panel.frequency.code}), {result.first} … {result.last}"
    yield with_flags(span, "(--freq)", "Series")
    yield from _tree(result)
    yield with_flags(season_line(result.seasons), "(--season)", "Season")
    if plan is not None:
        needs = (
            f"{counted(plan.horizon, 'step')} from a window of {plan.window:,}, scored on {counted(plan.folds, 'fold')}"
        )
        yield with_flags(needs, "(--horizon, --window, --folds)", "Forecast")
        have = "there are" if len(panel) == 1 else "a typical series has"
        yield with_flags(f"{counted(result.needed, 'step')} for all of that; {have} {result.typical:,}", "", "Needs")
    yield from _judged(result)
    for spot in result.spots:
        if spot.finding.topic == BESIDE:
            yield with_flags(spot.finding.text, f"({spot.finding.flag})", "Beside")


def _judged(result: "CheckResult") -> Iterator[str]:
    """Yields which rule judged outliers and new levels, where that is of interest."""
    if result.judged_by:
        model = result.judged_by.split()[0]
        yield with_flags(f"outliers by forecasts of {result.judged_by}", f"(forecast anomalies {model})", "Judged")
    elif any(spot.finding.topic in ("outliers", "shifts") for spot in result.spots):
        yield with_flags("outliers by the values around, not by forecasts", "(forecast anomalies)", "Judged")


def _tree(result: "CheckResult") -> Iterator[str]:
    """Yields the levels of a hierarchy, a line each, with how many nodes each has."""
    if not result.tree:
        return
    total = sum(one.nodes for one in result.tree)
    sums = counted(total - result.tree[-1].nodes, "sum")
    asked = any(spot.finding.topic == "hierarchy" for spot in result.spots)
    head = f"{sums} of {result.tree[-1].nodes:,} series"
    yield with_flags(head if not asked else f"{head}, if they are asked for", "(--hierarchy)", "Tree")
    rows = [[one.level, f"{one.nodes:,}", _such_as(one)] for one in result.tree]
    yield table(["level", "nodes", "such as"], rows, left=3)


def _such_as(one: "LevelNodes") -> str:
    return (
        ""
        if one.nodes == 1
        else shortened(", ".join((*one.such_as, *(["…"] if one.nodes > len(one.such_as) else []))), 50)
    )


def next_commands(result: "CheckResult", source: str, flags: str) -> list[str]:
    """Returns the commands worth running after a check; flags are those that the source was read with."""
    question = result.reading.question
    if question is not None:
        told = f"forecast train {shlex.quote(source)}{flags}"
        return (
            [f"{told} {answer}   # {meaning}" for answer, meaning in question.answers.items()] if source != "-" else []
        )
    if result.count("error"):  # rows that are too few, which no table mends
        return []
    if result.fixed is not None:
        return [f"forecast train {shlex.quote(str(result.fixed))}{result.flags}"]
    if source == "-":
        return []
    return [f"forecast train {shlex.quote(source)}{flags}"]
