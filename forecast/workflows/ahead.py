"""What a model has to be told of the steps to come, and what is said where nobody told it."""

import numpy as np

from forecast.data.findings import listed
from forecast.data.future import steps_counted, untold, when
from forecast.data.panel import Panel
from forecast.evaluation.trained import TrainedModel


def columns_needed(trained: TrainedModel) -> frozenset[str]:
    """Returns the known columns that a model looks at; one that it found to tell nothing is not among them."""
    learned = [part.knowledge.encoding for part in trained.model.parts if part.knowledge]
    return frozenset(each.column for encoding in learned if encoding for each in encoding.of("known"))


def untold_note(
    trained: TrainedModel, panel: Panel, horizon: int, fix: str, *, is_both: bool = False
) -> tuple[str, ...]:
    """Returns in a sentence what a forecast had to guess; nothing where all that it needed was told.

    Args:
        trained: that forecasts.
        panel: from whose end.
        horizon: steps.
        fix: the command that tells it.
        is_both: it is said of two forecasts.
    """
    columns, missing = untold(panel, horizon, columns_needed(trained))
    names = [name for c, name in enumerate(columns) if missing[..., c].any()]
    if not names:
        return ()
    dark = missing.any(axis=(0, 2))  # (H,)
    told, end = int(np.argmax(dark)), when(panel, int(panel.last.max()))
    is_are = "is" if len(names) == 1 else "are"
    some = " in all series" if told == 0 and not missing[:, 0].any(axis=1).all() else ""
    what = f"{is_are} not known{some} beyond {end}"
    if told:
        what = f"{is_are} known for only {steps_counted(told, panel.frequency)} beyond {end}"
    usual = "its usual value" if len(names) == 1 else "their usual values"
    then = f"{'for the rest ' if told else ''}{'both forecasts take' if is_both else 'this forecast takes'}"
    it = "it" if len(names) == 1 else "them"
    return (f"{listed(names, 8)} {what}: {then} {usual} ({fix} tells {it}).",)
