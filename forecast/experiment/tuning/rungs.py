"""The rungs of a search: all trials are trained cheaply, the best few of them in full, and the winner is confirmed.

    many   ·····················    one cell in place of all together, a part of the steps, one seed
    few    ····                     the default and the best of them, as the recipe has it, on the same folds
    two    ··                       the default and the best of those, on the span that no trial saw, with fresh seeds

On each rung the default is trained as the others are, so that what is compared is paired. Why: a trial in full costs
as much as a train, and in ten minutes of two cores there is time for a handful of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from forecast.experiment.final_fit import AUTO
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.search_space import Rung, changes_of
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.networks.cells import REFERENCE
from forecast.models.networks.presets import EFFORT
from forecast.specs import Plan, Preset, Settings

FINALISTS = 3
"""Trials that are trained in full after the search, beside the default."""


def search_settings(entry: TuningEntry) -> Settings:
    """Returns the settings of each trial: one seed, unless somebody gave a number, horizon and window of the end."""
    return replace(entry.settings, horizon=entry.horizon, window=entry.window, seeds=entry.settings.seeds or 1)


def rung_of(plan: Plan, preset: Preset, model: str, *, asks_for_steps: bool) -> Rung | None:
    """Returns how cheaply trials are trained; None where they are trained in full.

    Args:
        plan: of the search.
        preset: of the recipe.
        model: that is tuned.
        asks_for_steps: somebody wants the number of steps searched, of which a part would say something else.
    """
    is_short = plan.refit or asks_for_steps or preset == "tutorial"  # small data, which trains in a few seconds
    effort = 1.0 if is_short else min(1.0, EFFORT["fast"] / EFFORT[preset])
    cell = REFERENCE if model == AUTO else AUTO
    return None if effort == 1.0 and cell == AUTO else Rung(cell, effort)


def finalists(
    entry: TuningEntry, trials: Sequence[TriedSettings], most: int | None = FINALISTS
) -> tuple[TriedSettings, ...]:
    """Returns the trials that err least, and less than the default, best first; none does twice what another does.

    Args:
        entry: what is tuned.
        trials: by number.
        most: so many of them; None for all.
    """
    default, found = trials[0].error, dict[str, TriedSettings]()
    done = [trial for trial in trials if trial.state == "whole" and trial.error is not None and default is not None]
    for trial in sorted(done, key=lambda each: (each.error, each.number)):
        if trial.error >= default:  # type: ignore[operator] # neither is None
            break
        found.setdefault(repr(sorted(changes_of(trial.values, entry.space, entry.window).items())), trial)
    return tuple(found.values())[:most]


def chosen(trials: Sequence[TriedSettings], full: Mapping[int, TriedSettings]) -> TriedSettings | None:
    """Returns the trial whose settings meet the default: of those trained in full the best, if there are any.

    Args:
        trials: of the search, by number.
        full: those of them that were trained in full, by number; the default among them, or it tells nothing.
    """
    told = [each for each in full.values() if each.state == "whole" and each.error is not None]
    if len(told) > 1 and any(each.number == 0 for each in told):
        return min(told, key=lambda each: (each.error, each.number))
    failed = {each.number for each in full.values() if each.error is None}
    return best_of([trial for trial in trials if trial.number not in failed])


def best_of(trials: Sequence[TriedSettings], before: int | None = None) -> TriedSettings | None:
    """Returns the trial with the lowest error that came to its last fold; of equals, the first."""
    done = [
        trial
        for trial in trials
        if trial.state == "whole" and trial.error is not None and (before is None or trial.number < before)
    ]
    return min(done, key=lambda trial: (trial.error, trial.number), default=None)
