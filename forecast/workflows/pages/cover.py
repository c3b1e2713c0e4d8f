"""What a report of a version says first: what is expected, by which model, how good that was, and what to mind."""

from forecast.data.frequency import Frequency
from forecast.evaluation.summary import Summary
from forecast.evaluation.verdict import REFERENCE
from forecast.experiment.decisions.headline import Headline
from forecast.models.registry import ENSEMBLE
from forecast.report.html.page import Fact
from forecast.wording import about, counted, percent

MUCH = 2.0
"""An error of so many times what came is no share of it."""


def accuracy_sentence(summary: Summary, model: str, frequency: Frequency) -> str:
    """Returns by which model is forecast, and how far it was off in the backtest, as a person says it.

    Args:
        summary: of the backtest.
        model: that is in use.
        frequency: of the steps.
    """
    name = f"{model}, all networks together" if model == ENSEMBLE else model
    row, on = summary.row(model), summary.scored_on
    if row is None or on is None or (error := row.mae if row.mae is not None else row.rmse) is None:
        return f"Forecast by {name}."
    several = summary.data is not None and (summary.data.series or 1) > 1
    is_named = frequency.every == 1 and frequency.unit != "row"
    unit = frequency.unit.replace("-", " ") if is_named else "step"
    often = f"{'an' if unit[0] in 'aeiou' or unit == 'hour' else 'a'} {unit}"
    each = f"{summary.target or 'the target'} {often}{' and series' if several else ''}"
    wape = (row.scores or {}).get("wape")
    share = f", {percent(wape)} of what came" if wape is not None and wape < MUCH else ""
    tests = f"{counted(on.folds, 'test')} on the past, of {counted(on.horizon, unit)}{' each' if on.folds > 1 else ''}"
    if summary.plain_verdict:
        return f"{summary.plain_verdict.rstrip('.')}; measured in {tests}."
    off = f"{about(error)} {each} on average{share}"
    return f"Forecast by {name}: in {tests}, it was off by {off}{_naive(summary, model)}."


def _naive(summary: Summary, model: str) -> str:
    """Returns how far off the seasonal naive was in the same tests."""
    row = next((each for each in summary.leaderboard if REFERENCE in {each.model, each.same}), None)
    if row is None or row.mae is None or model in {row.model, REFERENCE}:
        return ""
    note = row.note or ""
    how = f", which {note}," if note.startswith("repeats") and ";" not in note else ""
    return f"; {row.model}{how} was off by {about(row.mae)}"


def headline_facts(headline: Headline) -> tuple[Fact, ...]:
    """Returns the headline in numbers."""
    if headline.manner == "standing" and headline.series > 1:
        return ()
    what = {"total": "Next", "mean": "Average of the next", "standing": ""}[headline.manner]
    name = f"{what} {headline.steps}" if what else f"On {headline.last}"
    least = 4 if headline.manner == "standing" else 3
    sure = "" if headline.lower is None else f"80 %: {about(headline.lower, least)} to {about(headline.upper, least)}"
    facts = [Fact(name, about(headline.value, least), sure)]
    for earlier in (headline.before, headline.year):
        if earlier is not None:
            share = earlier.share if headline.manner != "mean" else None
            note = "" if share is None else f"the forecast is {percent(share, 1 if least > 3 else 0, signed=True)}"
            facts.append(Fact(earlier.name[0].upper() + earlier.name[1:], about(earlier.value, least), note))
    return tuple(facts)
