"""How well the forecasts of a hierarchy add up, in a page: a row a level, a column a way."""

from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary
from forecast.evaluation.hierarchies.level_words import reconciled_words
from forecast.report.html.page import PageCell, PageColumn, PageTable, Section
from forecast.wording import percent, short_number

ALONE, ISSUED = "unreconciled", "issued"


def levels_section(found: ReconciliationSummary, target: str) -> Section:
    """Returns the errors of each level: of each series by itself, of the way that is taken, and of the others.

    Args:
        found: of the model that makes the forecast.
        target: the unit of the errors.
    """
    names = [name for name in dict.fromkeys(row.method for row in found.levels) if name not in {ALONE, ISSUED}]
    others = [name for name in names if name != found.method]
    rmse = {(row.level, row.method): row.rmse for row in found.levels}
    lines = []
    for level, series in {row.level: row.series for row in found.levels}.items():
        alone, taken = (rmse.get((level, name)) for name in (ALONE, found.method))
        gap = percent(taken / alone - 1, 1, signed=True) if alone and taken is not None else ""
        cells = [PageCell(short_number(rmse.get((level, name)))) for name in others]
        first = (PageCell(level), PageCell(f"{series:,}"), PageCell(short_number(alone)))
        lines.append((*first, PageCell(short_number(taken), note=gap), *cells))
    columns = (
        *(PageColumn("level"), PageColumn("series", True, True), PageColumn("each by itself", True)),
        *(PageColumn(f"{found.method}, taken", True), *(PageColumn(name, True, True) for name in others)),
    )
    intro = (
        f"RMSE of {found.model} at each level of {found.hierarchy} on the folds, in the unit of {target}: of each "
        f"series forecast by itself, and of the ways to make forecasts add up. Taken is {reconciled_words(found)}."
    )
    return Section("levels", "Error by level", (PageTable(columns, tuple(lines)),), intro)
