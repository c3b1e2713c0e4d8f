"""What each covariate is worth, and each part of a forecast, as a person reads it."""

from typing import TYPE_CHECKING, Any

from forecast.cli.output.console import fitted_table, wrapped
from forecast.wording import gap_percent, listed, percent, short

if TYPE_CHECKING:
    from forecast.evaluation.importance import Importance
    from forecast.evaluation.leaderboard import Leaderboard
    from forecast.experiment.ablation.ablation import Ablation

COLUMNS = ("without", "RMSE", "worth", "± folds", "share", "note")
FIRST_TO_GO = ("RMSE", "± folds")
MOST_NAMED = 6
PARTS = ("model", "naive bases", "cell alone", "highway", "anchor", "RMSE")
PARTS_FIRST_TO_GO = ("naive bases",)


def ablation_text(ablation: "Ablation") -> str:
    """Returns the table of what the forecasts lose without each covariate, and a line above that says to whom."""
    cells = [
        {
            "without": row.covariate,
            "RMSE": short(row.rmse),
            "worth": f"{row.worth:+.4g}",
            "± folds": short(row.spread) if row.spread else "–",
            "share": percent(row.share, 1, signed=True),
            "note": "a tie" if row.is_tie else "",
        }
        for row in ablation.rows
    ]
    head = f"What {ablation.model}, with an RMSE of {short(ablation.rmse)}, loses without each covariate:"
    return f"\n{wrapped(head)}{fitted_table(cells, COLUMNS, FIRST_TO_GO)}"


def ablation_json(ablation: "Ablation") -> dict[str, Any]:
    """Returns the part of a JSON document that tells it."""
    rows = [
        {
            "covariate": row.covariate,
            "rmse_without": row.rmse,
            "worth": row.worth,
            "worth_std": row.spread,
            "worth_share": row.share,
            "p": row.p,
        }
        for row in ablation.rows
    ]
    return {"model": ablation.model, "rmse": ablation.rmse, "covariates": rows}


def importance_text(importance: "tuple[Importance, ...]") -> str:
    """Returns what each covariate is worth in one sentence, the dearest first; empty where there is none."""
    worth = [one for one in importance if one.share > one.share_spread]
    rest = [one.covariate for one in importance if one not in worth]
    parts = [f"{gap_percent(one.share)} (± {gap_percent(one.share_spread)}) without {one.covariate}" for one in worth]
    said = f"errors grow by {', '.join(parts)}, each shuffled in turn" if parts else ""
    idle = f"no worth shown by {listed(rest, MOST_NAMED)}" if rest else ""
    return "; ".join(filter(None, (said, idle)))


def cells_text(board: "Leaderboard") -> str:
    """Returns the table, and a line above it that says how to read it; nothing where it was not asked for."""
    from forecast.experiment.ablation.cell_worth import parts_of

    rows = []
    for row in board.rows:
        if parts := parts_of(row):
            base, alone, highway, anchor = parts
            shown = (row.model, short(base), short(alone), f"{-highway:+.4g}", f"{-anchor:+.4g}", short(row.rmse))
            rows.append(dict(zip(PARTS, shown, strict=True)))
    if not rows:
        return ""
    head = (
        "The RMSE of each cell alone, and what its highway and its anchor change of it; beside them the naive bases "
        "that the cell corrects."
    )
    return f"\n{wrapped(head)}{fitted_table(rows, PARTS, PARTS_FIRST_TO_GO)}"
