"""What a person is told of how forecasts were made to add up."""

from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary
from forecast.models.reconciliation.methods import METHODS
from forecast.wording import percent


def reconciled_words(found: ReconciliationSummary) -> str:
    """Returns which method is taken, and why."""
    text = f"{found.method} ({METHODS[found.method].explained})"
    if found.best is None:
        return f"{text}: no fold told which method errs least"
    gap = percent(abs(1 - found.best), 1)
    side = "as large as" if gap == percent(0.0, 1) else f"{gap} {'below' if found.best < 1 else 'above'}"
    none = f"of {len(found.losses)} ways none errs clearly less on the folds without losing a level"
    return f"{text}: {none}; on average over levels its error is {side} that of each by itself"
