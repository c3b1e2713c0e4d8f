"""From an experiment to its summary, see ``evaluation.summary``."""

import platform
from dataclasses import replace
from typing import Any

import numpy as np

import forecast
from forecast.data.frequency import iso_text
from forecast.decoding import encode
from forecast.evaluation.fold_forecast import FoldForecast
from forecast.evaluation.fold_forecasts import fold_forecasts
from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary, summary_of_levels
from forecast.evaluation.leaderboard import Leaderboard
from forecast.evaluation.metrics import coverage
from forecast.evaluation.splits import Fold, ends_together
from forecast.evaluation.summary import (
    CoverageRow,
    FoldCalendar,
    ScoredOn,
    Summary,
    SummaryData,
    SummaryFold,
    SummaryRow,
    TotalRow,
)
from forecast.evaluation.total_scores import total_rows
from forecast.evaluation.verdict import ForecastTerms, plain_verdict
from forecast.experiment.covariate_effects import covariate_use
from forecast.experiment.decisions.headline import manner_of
from forecast.experiment.experiment import Experiment
from forecast.experiment.inferred import decided_for_run, inferred_from_file
from forecast.experiment.versions.stored_model import LIBRARIES, package_version
from forecast.models.registry import is_learned, spec_names
from forecast.report.tables import leaderboard_rows
from forecast.specs import Match, ModelSpec
from forecast.wording import rounded

DIGITS = 6
"""Of the numbers in a summary that are drawn, not read."""

Document = dict[str, Any]


def summary_of(
    experiment: Experiment,
    command: str,
    given: dict[str, str],
    *,
    match: Match = "steps",
    reason: str | None = None,
    chosen: str | None = None,
) -> Summary:
    """Returns the summary.

    Args:
        experiment: that was held.
        command: that would hold it again.
        given: the flags that were asked for.
        match: what the cells shared.
        reason: why the model was taken; None where none was.
        chosen: that model, whose totals are scored; None for the best.
    """
    reading, plan, board = experiment.reading, experiment.plan, experiment.board
    panel = reading.panel
    networks = {cell: experiment.specs[cell] for cell in _trained(board) if cell in experiment.specs}
    is_limited = experiment.timing is not None and experiment.timing.deadline is not None
    ends = panel.frequency.timestamps(np.array([panel.first.min(), panel.last.max()]))
    return Summary(
        leaderboard=tuple(map(_shortened, _rows(board))),
        scored_on=_scored_on(board),
        verdict=board.verdict,
        plain_verdict=plain_words(experiment, chosen),
        data=_data(experiment),
        beside=covariate_use(experiment).summary(),
        folds=_folds(experiment),
        target=panel.target,
        step=panel.frequency.name,
        calendar=FoldCalendar(
            first=iso_text(ends[0]), last=iso_text(ends[1]), refit=plan.refit, together=ends_together(panel)
        ),
        coverage=_coverage(experiment),
        totals=totals_of(experiment, chosen or board.rows[0].model),
        backtest=backtest_of(experiment, chosen or board.rows[0].model),
        inferred=(
            *inferred_from_file(reading),
            *decided_for_run(plan, networks, match=match, is_limited=is_limited),
        ),
        given=given,
        networks={cell: _describe_network(spec) for cell, spec in networks.items()},
        command=command,
        fingerprint=reading.fingerprint,
        libraries=libraries(),
        reason=reason,
        reconciliation=reconciliation_of(experiment, chosen or board.rows[0].model),
    )


def reconciliation_of(experiment: Experiment, model: str) -> ReconciliationSummary | None:
    """Returns how the forecasts of a model were made to add up on the folds; None where no series is a sum."""
    backtest = experiment.backtest
    tested = backtest.model(model)
    if tested.reconciled is None:
        return None
    scales = backtest.scales, backtest.rms_scales
    return summary_of_levels(model, tested.reconciled, tested.forecasts, backtest.truths, scales)


def libraries() -> dict[str, str]:
    """Returns the versions of this program and of what its numbers depend on."""
    own = {"forecast": forecast.__version__, "python": platform.python_version()}
    return own | {name: package_version(name) for name in (*LIBRARIES, "scikit-learn")}


def plain_words(experiment: Experiment, model: str | None = None) -> str:
    """Returns how far off the forecasts of a model are, in a sentence for whoever orders by them; None for the best."""
    panel, board = experiment.reading.panel, experiment.board
    told = ForecastTerms(panel.target, panel.frequency, experiment.plan.naive_season, len(panel))
    return plain_verdict(board.rows, model or board.rows[0].model, told)


def describe_board(board: Leaderboard) -> Document:
    """Returns the scores, and what they stand on, for JSON."""
    return {
        "leaderboard": [_flat(encode(row)) for row in _rows(board)],
        "scored_on": encode(_scored_on(board)),
        "verdict": board.verdict,
    }


def describe_experiment(experiment: Experiment) -> Document:
    """Returns the data, what was used beside the target, the plan and the folds, for JSON."""
    beside = covariate_use(experiment).summary()
    return {"data": encode(_data(experiment)), "beside": encode(beside), "folds": encode(_folds(experiment))}


def describe_levels(experiment: Experiment, model: str) -> Document:
    """Returns how the forecasts of a model were made to add up, for JSON; nothing where no series is a sum."""
    found = reconciliation_of(experiment, model)
    return {} if found is None else {"reconciliation": encode(found)}


def _flat(row: Document) -> Document:
    """Returns a row as CSV has it, no score apart from others."""
    scores = row.pop("scores", None) or {}
    return {**row, **scores}


def _rows(board: Leaderboard) -> tuple[SummaryRow, ...]:
    by_step = {model: tuple(float(value) for value in errors) for model, errors in board.by_step.items()}
    made = []
    for row, scored in zip(leaderboard_rows(board), board.rows, strict=True):
        own: dict[str, Any] = {name: value for name, value in row.items() if name not in dict(scored.scores)}
        made.append(SummaryRow(**own, rmse_by_step=by_step[scored.model], scores=dict(scored.scores) or None))
    return tuple(made)


def _shortened(row: SummaryRow) -> SummaryRow:
    return replace(row, rmse_by_step=tuple(rounded(value, DIGITS) for value in row.rmse_by_step or ()))


def _scored_on(board: Leaderboard) -> ScoredOn:
    return ScoredOn(folds=board.folds, seeds=board.seeds, points=board.points, horizon=board.horizon)


def _data(experiment: Experiment) -> SummaryData:
    reading, plan = experiment.reading, experiment.plan
    panel = reading.panel
    return SummaryData(
        source=reading.source,
        rows=reading.rows,
        time=reading.columns.time,
        target=reading.columns.target,
        id=reading.columns.ids,
        series=len(panel),
        frequency=panel.frequency.code,
        seasons=plan.seasons,
        horizon=plan.horizon,
        window=plan.window,
        kind=plan.kind,
        findings=reading.findings,
    )


def _folds(experiment: Experiment) -> tuple[SummaryFold, ...]:
    def summary_fold(fold: Fold) -> SummaryFold:
        return SummaryFold(
            number=fold.number,
            origin=iso_text(fold.origin(experiment.reading.panel)),
            steps=fold.horizon,
            series=int(fold.scored.sum()),
            scored=fold.number > 0,
        )

    return tuple(map(summary_fold, experiment.backtest.folds))


def _trained(board: Leaderboard) -> tuple[str, ...]:
    """Returns the cells of which networks were trained."""
    names = [cell for row in board.rows if is_learned(row.model) for cell in spec_names(row.model)]
    return tuple(dict.fromkeys(names))


def _coverage(experiment: Experiment) -> tuple[CoverageRow, ...]:
    """Returns how many truths the intervals of each model held, those with the best forecasts first."""
    truths, order = experiment.backtest.truths, [row.model for row in experiment.board.rows]
    found = []
    listed = [tested for tested in experiment.backtest.models if tested.name in order]  # naive twice is one row
    for tested in sorted(listed, key=lambda tested: order.index(tested.name)):
        for interval in sorted(tested.intervals, key=lambda interval: interval.level):
            points = int((~np.isnan(truths) & ~np.isnan(interval.lower)).sum())
            if points:
                each = [coverage(*fold) for fold in zip(truths, interval.lower, interval.upper, strict=True)]
                share = coverage(truths, interval.lower, interval.upper)
                by_fold = tuple(rounded(value, DIGITS) for value in each)
                found.append(CoverageRow(tested.name, interval.level, share, points, by_fold))
    return tuple(found)


def totals_of(experiment: Experiment, model: str) -> tuple[TotalRow, ...]:
    """Returns how many totals the intervals of a model held; none of panels whose paths would fill the memory."""
    tested = experiment.backtest.model(model)
    return (
        tuple(total_rows(model, experiment.backtest.truths, tested.distributed, tested.levels))
        if tested.distributed
        else ()
    )


def backtest_of(experiment: Experiment, model: str) -> tuple[FoldForecast, ...]:
    """Returns what a model forecast on the folds, of all series together and of the largest."""
    reading, plan, backtest = experiment.reading, experiment.plan, experiment.backtest
    season = plan.seasons[0] if plan.seasons else 1
    manner = manner_of(reading.panel, plan.horizon, season, plan.kind, reading.settled.aggregate)
    return fold_forecasts(reading.panel, backtest, backtest.model(model), manner)


def _describe_network(spec: ModelSpec) -> Document:
    """Returns the settings of a network by the flag that changes them, or where there is none, by their name."""
    return {
        "--window": spec.window,
        "--horizon": spec.horizon,
        "--segment": spec.segment,
        "--units": spec.units,
        "--layers": spec.layers,
        "--dropout": spec.dropout,
        "--recurrent-dropout": spec.recurrent_dropout,
        "--loss": spec.loss,
        "--steps": spec.steps,
        "--batch-size": spec.batch_size,
        "--learning-rate": spec.learning_rate,
        **({"--weight-decay": spec.weight_decay} if spec.weight_decay is not None else {}),
        "learning rate falls": "no" if spec.schedule == "constant" else spec.schedule,
        "linear highway": "yes" if spec.highway else "no",
        "seeds": ", ".join(map(str, spec.seeds)),
        "views": "; ".join(view.label for view in spec.views),
        "dates may have effects": "yes" if spec.calendar else "no",
        "--country": spec.country or "none",
        "--preset": spec.preset,
    }
