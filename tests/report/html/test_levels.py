"""The section of a page that says how well a hierarchy adds up."""

from forecast.evaluation.hierarchies.level_scores import LevelScore, ReconciliationSummary
from forecast.report.html.levels import levels_section


def found(best):
    errors = {"unreconciled": (200.0, 50.0), "bottom-up": (220.0, 50.0), "ols": (190.0, None), "issued": (190.0, 51.0)}
    scores = [
        LevelScore(level=level, series=series, method=method, rmse=own[place], mase=None, rmsse=None)
        for place, (level, series) in enumerate([("total", 1), ("shop", 1200)])
        for method, own in errors.items()
    ]
    losses = {"bottom-up": 1.05, "ols": best}
    return ReconciliationSummary(
        hierarchy="region/shop", model="gru", method="ols", losses=losses, levels=tuple(scores)
    )


def test_each_level_has_the_error_of_what_is_taken_beside_each_by_itself_and_the_other_ways():
    section = levels_section(found(0.97), "sales")
    [table] = section.blocks
    assert [column.title for column in table.columns] == [
        *("level", "series", "each by itself", "ols, taken", "bottom-up"),
    ]
    assert [column.title for column in table.columns if not column.is_spare] == [
        "level",
        "each by itself",
        "ols, taken",
    ]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["total", "1", "200.0", "190.0", "220.0"],
        ["shop", "1,200", "50.00", "–", "50.00"],
    ]
    assert [row[3].note for row in table.rows] == ["-5.0 %", ""]
    assert "in the unit of sales" in section.intro
    assert "on average over levels its error is 3.0 % below that of each by itself." in section.intro


def test_without_a_fold_nothing_is_said_of_what_errs_least():
    assert "no fold told which method errs least." in levels_section(found(None), "sales").intro
