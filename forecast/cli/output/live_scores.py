"""The scores of issued forecasts as a person reads them, and as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.cli.output.console import fitted_table, wrapped
from forecast.interval_levels import MAIN, level_text
from forecast.widening import held_text, is_own_width, width_text
from forecast.wording import NO_NUMBER, counted, percent, short

if TYPE_CHECKING:
    from forecast.evaluation.live.scores import LiveScore
    from forecast.workflows.score import ScoreResult

LEGEND = "  bias: mean of forecast − truth · naive: RMSE of seasonal naive, from what was known\n"
WQL_LEGEND = "  WQL: of the bounds, and the forecast as the median; not of a leaderboard's nine quantiles\n"


def live_scores_json(result: "ScoreResult", files: Iterable[Path]) -> dict[str, Any]:
    """Returns the JSON document."""
    from forecast.report.tables import live_row

    champion = result.champion
    return {
        "name": champion.name,
        "champion": champion.label,
        "source": result.source,
        "season": result.season,
        "issued": result.points.steps.size,
        "come_true": result.come_true,
        "scores": [live_row(score) for score in result.scores],
        "drift": [asdict(signal) for signal in result.drift],
        "intervals": _intervals(result),
        "recent": live_row(result.recent) if result.recent else None,
        "age": result.age,
        "notes": list(result.notes),
        "files": [str(path) for path in files],
    }


def live_scores_table(result: "ScoreResult") -> str:
    """Returns the scores of each version over all steps, and by group of steps over all versions."""
    versions = [score for score in result.scores if score.steps == "all"]
    if len(versions) == 2:  # one version, and all versions, which are the same
        versions = versions[1:]
    steps = [score for score in result.scores if score.version == "all" and score.steps != "all"]
    issued = counted(result.points.steps.size, "forecast point")
    head = f"\n  {result.champion.name}: {result.come_true:,} of {issued} came true, in {result.source}\n"
    held = {level: f"in {level_text(level)} %" for level in result.points.levels}
    rows = [_cells(score, held) for score in (*versions, *steps)]
    columns = ("version", "steps", "points", "RMSE", "MAE", "bias", "WAPE", "WQL", *held.values(), "naive", "skill")
    # until the table fits; CSV and JSON always have all
    others = (held[level] for level in held if level != MAIN)
    text = fitted_table(rows, columns, ("WAPE", *others, "MAE", "WQL", "bias", held[MAIN], "naive"), left=2)
    legend = LEGEND + (WQL_LEGEND if "WQL" in text.partition("\n")[0] else "")
    return head + text + (legend if rows else "") + _next_width(result) + _of_late(result)


def _of_late(result: "ScoreResult") -> str:
    """Returns in a sentence how what came true of late was forecast, by which alarms are judged."""
    score = result.recent
    if score is None or score.skill is None:
        return ""
    held = f", in the 80 % intervals {percent(score.coverage[MAIN])}" if score.coverage.get(MAIN) is not None else ""
    text = f"Of late ({counted(score.points, 'point')}): skill {percent(score.skill, signed=True)}{held}."
    return wrapped(text, "  ", label_width=2)


def _intervals(result: "ScoreResult") -> dict[str, Any]:
    """Returns what was promised, what was held, and what `retrain` makes of it."""
    widening = result.widening
    return {
        "level": widening.level,
        "promised": widening.level / 100,
        "held": widening.held,
        "points": widening.points,
        "origins": widening.origins,
        "widened": result.in_use.factor,
        "next_widened": widening.factor,
    }


def _next_width(result: "ScoreResult") -> str:
    """Returns in a sentence what `retrain` makes of how intervals held; empty where nothing is known."""
    widening, label = result.widening, result.champion.label
    if widening.held is None:
        return ""
    held = held_text(widening)
    if is_own_width(widening.factor) and is_own_width(result.in_use.factor):
        verdict = f"{label}'s intervals stay as they are"
    elif is_own_width(widening.factor):
        verdict = f"the next retrain gives {label}'s intervals their own width again"
    else:
        when = "stay" if widening.factor == result.in_use.factor else "are from the next retrain on"
        verdict = f"intervals {when} {width_text(widening.factor)} than {label}'s own"
    return wrapped(f"{held[0].upper()}{held[1:]}: {verdict}.", "  ", label_width=2)


def _cells(score: "LiveScore", held: Mapping[float, str]) -> dict[str, str]:
    return {
        "version": score.version,
        "steps": score.steps,
        "points": short(score.points),
        "RMSE": short(score.rmse),
        "MAE": short(score.mae),
        "bias": short(score.bias),
        "WAPE": percent(score.wape, 1),
        "WQL": NO_NUMBER if score.wql_of_bounds is None else f"{score.wql_of_bounds:.4f}",
        **{column: percent(score.coverage[level]) for level, column in held.items()},
        "naive": short(score.naive_rmse),
        "skill": percent(score.skill, signed=True),
    }
