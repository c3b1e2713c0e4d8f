"""What each cell is worth alone, as a person reads it: from the naive bases to the whole forecast, a row a cell."""

from typing import TYPE_CHECKING

from forecast.cli.output.console import fitted_table, wrapped
from forecast.wording import short

if TYPE_CHECKING:
    from forecast.evaluation.leaderboard import Leaderboard

TITLES = ("model", "naive bases", "cell alone", "highway", "anchor", "RMSE")
FIRST_TO_GO = ("naive bases",)


def cells_text(board: "Leaderboard") -> str:
    """Returns the table, and a line above it that says how to read it; nothing where it was not asked for."""
    from forecast.experiment.cell_worth import parts_of

    rows = []
    for row in board.rows:
        if parts := parts_of(row):
            base, alone, highway, anchor = parts
            shown = (row.model, short(base), short(alone), f"{-highway:+.4g}", f"{-anchor:+.4g}", short(row.rmse))
            rows.append(dict(zip(TITLES, shown, strict=True)))
    if not rows:
        return ""
    head = (
        "The RMSE of each cell alone, and what its highway and its anchor change of it; beside them the naive bases "
        "that the cell corrects."
    )
    return f"\n{wrapped(head)}{fitted_table(rows, TITLES, FIRST_TO_GO)}"
