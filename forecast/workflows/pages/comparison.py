"""The page of a comparison: the leaderboard and all that its summary says, with charts of the last fold."""

from collections.abc import Sequence
from datetime import datetime

from forecast.evaluation.groups.error_words import ErrorsFound
from forecast.evaluation.summary import Summary
from forecast.experiment.decisions.headline import manner_of
from forecast.experiment.experiment import Experiment
from forecast.production.store.json_document import utc
from forecast.report.html.backtest import backtest_section
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.sections import errors_section, forecast_section
from forecast.workflows.pages.plots import last_fold
from forecast.workflows.pages.sections import ReportIntro, RetrainSections, page_of


def comparison_page(
    title: str, summary: Summary, experiment: Experiment, errors: Sequence[ErrorsFound], now: datetime
) -> bytes:
    """Returns the report of a comparison; its charts show the last fold.

    Args:
        title: of the page.
        summary: of the experiment.
        experiment: that was held.
        errors: by each kind of group that the page tells of.
        now: aware time.
    """
    panel = experiment.reading.panel
    history, forecasts = last_fold(experiment)
    intro = (
        "What the networks and the seasonal naive said at the last origin, beside what came. Intervals are those of "
        f"{next(iter(forecasts))}."
    )
    cover = ReportIntro(title, f"forecast compare · {panel.target} · {utc(now):%Y-%m-%d %H:%M} UTC")
    section = forecast_section((forecast_gallery(history, forecasts, panel),), intro, title="The last fold")
    sections = [section]
    if summary.backtest:
        season = experiment.plan.seasons[0] if experiment.plan.seasons else 1
        aggregate = experiment.reading.settled.aggregate
        manner = manner_of(panel, experiment.plan.horizon, season, experiment.plan.kind, aggregate)
        best = experiment.board.rows[0].model
        sections.append(backtest_section(summary.backtest, panel.frequency, panel.target, best, manner))
    where = tuple(errors_section(one.table, one.words, panel.target) for one in errors)
    return page_of(cover, summary, tuple(sections), RetrainSections(), now, where)
