"""How much each row counts where models learn: by age, as a person says it."""

import re
from dataclasses import replace
from datetime import timedelta

from forecast.data.findings import Finding
from forecast.data.frequency import Frequency
from forecast.data.panel import Panel
from forecast.durations import parse_duration
from forecast.errors import UsageError

HALF_LIFE = "--half-life"
AS_IT_IS = "smoothing, local-ridge and the models that learn nothing take each series as it is"
"""What can't be weighed, and so forecasts as it would without weights."""


def half_life_steps(text: str, frequency: Frequency) -> float:
    """Returns a half-life in steps of the data; of data without dates, it is a number of rows.

    Raises:
        UsageError: it is no length of time, or shorter than a step.
    """
    if frequency.unit == "row":
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()) or float(text) < 1:
            raise UsageError(f"{HALF_LIFE} '{text}' is not a number of rows.", f"{HALF_LIFE} 100")
        return float(text)
    length = parse_duration(HALF_LIFE, text, bare_seconds=False, is_long=True)
    steps = length / timedelta(days=frequency.days)
    if steps < 1:
        message = f"{HALF_LIFE} {text} is shorter than a step of {frequency.name} data."
        raise UsageError(message, f"{HALF_LIFE} {'1y' if frequency.days < 100 else '5y'} (m are minutes, mo months)")
    return steps


def aged(panel: Panel, text: str | None) -> tuple[Panel, list[Finding]]:
    """Returns the panel with a half-life, where one is asked for, and what is to be said of it.

    Raises:
        UsageError: see ``half_life_steps``.
    """
    if text is None:
        return panel, []
    steps = half_life_steps(text, panel.frequency)
    count = f"{steps:,.0f}" if steps >= 10 else f"{steps:.2g}"
    said = f"what is {text} ({count} steps) older counts half where networks, regressions and effects learn"
    return replace(panel, half_life=steps), [Finding("note", "weights", f"{said}; {AS_IT_IS}", HALF_LIFE)]
