"""The sections of a report, each out of one table of results."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.data.covariates import KINDS, Kind
from forecast.data.findings import Finding
from forecast.evaluation.groups.error_words import worst
from forecast.evaluation.groups.group_errors import ErrorTable
from forecast.evaluation.groups.grouping import SERIES
from forecast.evaluation.summary import CoverageRow, SummaryRow
from forecast.metric_records import CELL_PARTS, MEASURES, METRICS
from forecast.report.figures.figure import sensible_top
from forecast.report.figures.style import styles_of
from forecast.report.html.page import (
    Bar,
    Block,
    Code,
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
from forecast.wording import counted, percent, short_number

CHANCE = 1.96
"""Standard deviations that hold 95 % of what chance does."""
COVERAGE = "coverage_"
INTERVAL_SCORES = {"msis": "MSIS", "calibration_error": "calibration error"}
SCORES = (
    "model", "RMSE", "± seeds", "± folds", "MAE", "MASE", "sMAPE", "skill", "in 80 %", "params", "train s", "ms",
)  # fmt: skip

ON_A_PHONE, ON_A_NARROW_ONE = ("model", "RMSE", "skill"), 3
"""Columns of the leaderboard that a phone has room for, and the last place of those of errors."""


@dataclass(frozen=True)
class CovariateRow:
    """A column beside the target.

    Attributes:
        levels: how many different words it has; None of numbers.
        words: what it does to the target; empty where that is not known.
    """

    name: str
    kind: Kind
    levels: int | None
    words: str


def leaderboard_section(
    rows: Sequence[SummaryRow], *, target: str, stands_on: str, verdict: str = "", saved: str = ""
) -> Section:
    """Returns the table of scores.

    Args:
        rows: of the leaderboard, the best first.
        target: the unit of the errors.
        stands_on: what was scored, such as ``3 folds × 12 steps``.
        verdict: on them, where the page says it nowhere else.
        saved: the model that is in use.
    """
    styles = styles_of(row.model for row in rows)
    scores = _columns(rows)
    errors = [row.rmse for row in rows if row.rmse is not None]
    longest = sensible_top(errors) or max(errors, default=0.0) or 1.0
    lines = []
    for row in rows:
        style, rmse = styles[row.model], row.rmse
        bar = Bar(rmse / longest, style.colour, style.is_baseline) if rmse is not None else None
        in_use = "saved: it makes the forecast" if row.model == saved else ""
        first = PageCell(row.model, note="; ".join(filter(None, (in_use, row.note))))
        score = PageCell(short_number(rmse), bar)
        lines.append((first, score, *cells([_score(row, name) for name in scores[2:]])))
    shown = [place for place in range(len(scores)) if place < 2 or any(line[place].text != "–" for line in lines)]
    intro = (
        f"All models were scored on the same {stands_on}, which none of them had seen. RMSE is the size of a typical "
        f"error in the unit of {target}, large errors counted more; skill is by how much it is lower than that of the "
        "seasonal naive, which repeats the last season."
    )
    if METRICS["wql"].label in scores:
        intro += (
            " WQL scores the whole distribution: the losses of its nine deciles as a share of what came, 0 at best; of "
            "the middle alone it would be the WAPE."
        )
    columns = tuple(PageColumn(scores[place], place > 0, scores[place] not in ON_A_PHONE) for place in shown)
    table = PageTable(columns, tuple(tuple(line[place] for place in shown) for line in lines))
    blocks = (Words(verdict), table) if verdict else (table,)
    return Section("leaderboard", "Leaderboard", blocks, intro)


def _columns(rows: Sequence[SummaryRow]) -> tuple[str, ...]:
    """Returns the columns of the leaderboard, those of metrics without a column of their own before the skill."""
    names = (name for row in rows for name in row.scores or {})
    more = dict.fromkeys(_label(name) for name in names if _has_column(name))
    place = SCORES.index("skill")
    return (*SCORES[:place], *more, *SCORES[place:])


def _has_column(name: str) -> bool:
    """Returns whether a score stands on the leaderboard; of what another program scored by, too."""
    return METRICS[name].has_column if name in METRICS else name not in MEASURES and not name.startswith(COVERAGE)


def _label(metric: str) -> str:
    """Returns what a metric is called; by its name where another program scored by it."""
    return METRICS[metric].label if metric in METRICS else CELL_PARTS.get(metric, metric)


def _score(row: SummaryRow, column: str) -> str:
    """Returns what stands in a column of the leaderboard; a spread of 0 is none."""
    if column not in SCORES:
        name, value = next(
            ((name, value) for name, value in (row.scores or {}).items() if _label(name) == column), ("", None)
        )
        return "–" if value is None else f"{value:,.{METRICS[name].decimals if name in METRICS else 3}f}"
    key = {
        "± seeds": "rmse_std",
        "± folds": "rmse_fold_std",
        "in 80 %": "coverage_80",
        "train s": "train_seconds",
        "ms": "predict_ms",
    }.get(column, column.lower())
    value = getattr(row, key)
    if value is None or (column.startswith("±") and value == 0):
        return "–"
    if column in {"skill", "in 80 %"}:
        return percent(value, signed=column == "skill")
    forms = {"MASE": ".3f", "sMAPE": ".2f", "params": ",", "train s": ",.1f", "ms": ",.0f"}
    return format(value, forms[column]) if column in forms else short_number(float(value))


def errors_section(errors: ErrorTable, words: str, target: str) -> Section:
    """Returns where the errors of the best model are: by the worst groups of many, or by all.

    Args:
        errors: by one kind of group.
        words: what is to be said of them.
        target: the unit of the errors.
    """
    best = errors.models[0]
    style, own = styles_of(errors.models)[best], {row.group: row for row in errors.of(best)}
    lowest = {(row.group, row.model): row.rmse for row in errors.rows}
    groups = [group for group in worst(errors) if group in errors.best]
    longest = max((own[group].rmse or 0.0 for group in groups), default=0.0) or 1.0
    lines = []
    for group in groups:
        row, winner = own[group], errors.best[group]
        score = PageCell(short_number(row.rmse), Bar((row.rmse or 0.0) / longest, style.colour, style.is_baseline))
        share, side = percent(row.wape, 1), percent(row.relative_bias, 1, signed=True)
        other = f"{winner}, {short_number(lowest[group, winner])}"
        lines.append((PageCell(group), score, *cells([share, side, other, f"{row.points:,}"])))
    titles = (errors.by, f"RMSE of {best}", "WAPE", "bias", "lowest RMSE", "points")
    columns = tuple(PageColumn(title, place > 0, place > ON_A_NARROW_ONE) for place, title in enumerate(titles))
    shown = f"The {len(groups)} worst of {len(errors.best):,}" if len(groups) < len(errors.best) else "All"
    intro = (
        f"{words} {shown} are shown, in the unit of {target}. WAPE is the sum of absolute errors as a share of the sum "
        "of what came; bias, as such a share, is by how much forecasts are too high (+) or too low (−)."
    )
    anchor = "errors" if errors.by == SERIES else "errors-by"
    return Section(anchor, f"Errors by {errors.by}", (PageTable(columns, tuple(lines)),), intro.strip())


def coverage_section(held: Sequence[CoverageRow], folds: int, rows: Sequence[SummaryRow] = ()) -> Section:
    """Returns how many truths the intervals held, beside how many they should; and how good they are, as far as told.

    Args:
        held: by model and level.
        folds: that were scored.
        rows: of the leaderboard.
    """
    scores = {row.model: row.scores or {} for row in rows}
    told = [name for name in INTERVAL_SCORES if any(own.get(name) is not None for own in scores.values())]
    levels = sorted({one.level for one in held})
    columns = [
        PageColumn("model"),
        *(PageColumn(f"{level} % intervals held", True) for level in levels),
        *(PageColumn(INTERVAL_SCORES[name], True, True) for name in told),
        PageColumn("truths", True, True),
    ]
    lines = []
    for model in dict.fromkeys(one.model for one in held):
        own = {one.level: one for one in held if one.model == model}
        points = max(one.points for one in own.values())
        found = [_held_cell(own[level], folds) if level in own else PageCell("–") for level in levels]
        found += cells([_told(scores.get(model, {}).get(name), name) for name in told])
        lines.append((PageCell(model), *found, PageCell(f"{points:,}")))
    intro = (
        "An 80 % interval should hold 80 % of what comes. Counted here are truths on folds that the intervals were not "
        "calibrated on. The upright mark is where the bar should end, and the grey field is where it ends 95 times of "
        "100 by mere chance, if errors had nothing to do with each other; as they do, the field is rather too narrow."
    )
    if told:
        intro += (
            " MSIS is the mean width of the 95 % intervals in the series' usual seasonal differences, with what truths "
            "outside of them add; the calibration error is how far, on average, the shares of truths below the nine "
            "deciles are from 10, 20 … 90\xa0%: 0 is best of both."
        )
    return Section("coverage", "Intervals", (PageTable(tuple(columns), tuple(lines)),), intro)


def _told(value: float | None, name: str) -> str:
    return percent(value, 1) if name == "calibration_error" else short_number(value)


def _held_cell(one: CoverageRow, folds: int) -> PageCell:
    """Returns a share beside what it should be, and what chance does to it."""
    level = one.level / 100
    slack = CHANCE * math.sqrt(level * (1 - level) / one.points)
    bar = Bar(one.share, target=level, chance=(max(level - slack, 0.0), min(level + slack, 1.0)))
    each = ", ".join("–" if share is None else f"{100 * share:.0f}" for share in one.by_fold)
    return PageCell(percent(one.share), bar, f"by fold: {each}" if folds > 1 else "")


def forecast_section(blocks: tuple[Block, ...], intro: str, title: str = "Forecast") -> Section:
    """Returns the charts of forecasts, and what stands beside them."""
    return Section("forecast", title, blocks, intro)


def step_section(gallery: Gallery) -> Section:
    """Returns the error by step."""
    intro = "How fast a forecast goes bad as it looks further ahead: the RMSE of each step, over all folds and series."
    return Section("steps", "Error by step", (gallery,), intro)


def fold_section(gallery: Gallery) -> Section:
    """Returns the folds on the calendar."""
    intro = (
        "Each model was trained on what came before a date, the origin, and then forecast what came after it. Fold 0 "
        "is not scored: from it is learned how far to trust each network, and how wide an interval must be."
    )
    return Section("folds", "Folds on the calendar", (gallery,), intro)


def inferred_section(terms: Sequence[Term]) -> Section:
    """Returns what nobody had to say."""
    intro = (
        "What the program read from the data or decided by itself, each with the flag that overrides it. A flag in a "
        "frame was given."
    )
    return Section("inferred", "What was inferred", (PageTerms(tuple(terms)),), intro)


def covariate_section(columns: Sequence[CovariateRow], calendar: Sequence[str]) -> Section:
    """Returns which columns and which parts of the calendar were used beside the target, and what they do."""
    terms = []
    for one in columns:
        what = KINDS[one.kind].of_one + ("" if one.levels is None else f"; text, {counted(one.levels, 'word')}")
        terms.append(Term(one.name, f"{what}; {one.words}" if one.words else what, (f"--{one.kind}",)))
    if calendar:
        terms.append(Term("calendar", ", ".join(calendar), ("--no-calendar",)))
    intro = (
        "What each known column does to the target where it is set, or changes as is said: on "
        "average over the series and, where they differ, between which shares most of them lie."
    )
    has_words = any(one.words for one in columns)
    return Section("beside", "Used beside the target", (PageTerms(tuple(terms)),), intro if has_words else "")


def finding_section(findings: Sequence[Finding]) -> Section:
    """Returns what was noticed in the data and done about it."""
    terms = [
        Term(f.grade, f.text, (f.flag,) if f.flag else (), grade=f.grade)
        for f in sorted(findings, key=lambda f: ("error", "warning", "note").index(f.grade))
    ]
    intro = "What was noticed while the file was read, and what was done about it; forecast check looks closer."
    block = PageTerms(tuple(terms)) if terms else Words("Nothing out of the ordinary.")
    return Section("findings", "Data findings", (block,), intro)


def setting_section(networks: Mapping[str, Mapping[str, Any]], asked: str) -> Section:
    """Returns what the networks were made by; a value that differs between cells is told for each.

    Args:
        networks: by cell, the settings of each by their flag, or where there is none, by name.
        asked: all flags that were given.
    """
    terms = [Term("asked for", asked or "nothing: all is as inferred")]
    for name in dict.fromkeys(name for one in networks.values() for name in one):
        values = {cell: str(one[name]) for cell, one in networks.items() if name in one}
        same = len(set(values.values())) == 1
        text = next(iter(values.values())) if same else ", ".join(f"{cell} {value}" for cell, value in values.items())
        terms.append(Term(name.removeprefix("--").replace("-", " "), text, (name,) if name.startswith("--") else ()))
    intro = f"How each network was made: {', '.join(networks)}." if networks else "No network was trained."
    return Section("settings", "Settings", (PageTerms(tuple(terms)),), intro)


def reproduce_section(command: str, libraries: Mapping[str, str], data: str) -> Section:
    """Returns how to come by the same numbers: the command, the data and the versions of the libraries."""
    versions = Term("made with", ", ".join(f"{name} {version}" for name, version in libraries.items()))
    terms = PageTerms((Term("data", data), versions))
    intro = "The same data, command and versions give the same numbers on the same kind of machine."
    return Section("reproduce", "How to reproduce", (Code(command), terms), intro)


def left_out_section(reasons: Mapping[str, str]) -> Section:
    """Returns which parts the page has not, and why; those with one reason stand together."""
    lines = []
    for why in dict.fromkeys(reasons.values()):
        names = ", ".join(name for name, reason in reasons.items() if reason == why)
        lines.append(Words(f"{names}: {why}."))
    return Section("left-out", "Not on this page", tuple(lines))
