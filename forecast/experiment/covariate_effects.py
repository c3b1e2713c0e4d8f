"""Effects of the covariates that a run used, in numbers and in a sentence.

Effects are those that the networks are relieved of before they see a series: see ``models.covariates.effects``.

Shapes: ``S`` series, ``K`` steps of the known columns, ``F`` regressors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Kind
from forecast.data.panel import FloatArray, Panel, even_choice, places_of
from forecast.evaluation.summary import CovariateEffect, CovariatesUsed, UsualChange
from forecast.experiment.experiment import Experiment
from forecast.models.covariates.covariate_model import CovariateModel
from forecast.models.covariates.effects import Effects
from forecast.models.covariates.encoding import Input
from forecast.models.covariates.regressors import COVARIATES
from forecast.wording import listed

BoolArray = NDArray[np.bool_]

MOST_SERIES = 200
"""Effects are averaged over at most so many series."""
MOST_NAMED = 6
MOST_CHANGE = 0.1
"""A change of a number that is never below 0, as a share of what is usual: ten per cent."""
SPAN = 3.0
"""Standard deviations within which a column has been seen to vary: 10 % is told of where 3 % is one of them."""
CALENDAR = {
    "day": "time of day",
    "week": "weekday",
    "month": "time of the month",
    "year": "time of year",
    "length": "number of days",
    "easter": "Easter",
    "holiday": "holidays",
}


@dataclass(frozen=True)
class CovariateUse:
    """All that was used.

    Attributes:
        columns: the covariates.
        effects: of the known ones, by what they are called: the column, and of a text its value.
        calendar: groups of dates that paid, see ``data.dates.calendar_features``.
        seen: columns that only enter the networks.
        idle: columns that nothing looks at.
        country: whose holidays are used.
    """

    columns: tuple[Column, ...]
    effects: dict[str, CovariateEffect]
    calendar: tuple[str, ...]
    seen: tuple[str, ...]
    idle: tuple[str, ...]
    country: str | None

    def summary(self) -> CovariatesUsed:
        """Returns what a summary tells of it."""
        return CovariatesUsed(
            **{kind: self._names(kind) for kind in KINDS},
            levels={column.name: len(column.levels) for column in self.columns if column.levels is not None},
            effects=self.effects,
            calendar=self.calendar,
            country=self.country,
            seen=self.seen,
            idle=self.idle,
        )

    def _names(self, kind: Kind) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.kind == kind)

    @property
    def sentence(self) -> str:
        """What was used and what each does; empty where there is nothing."""
        largest = sorted(self.effects, key=lambda name: -abs(self.effects[name].share))[:MOST_NAMED]
        parts = [", ".join(f"{name} {self.effects[name].words}" for name in self.effects if name in largest)]
        if len(self.effects) > MOST_NAMED:
            parts[0] += f" and {len(self.effects) - MOST_NAMED} smaller ones"
        parts.append(f"{listed(list(self.seen), MOST_NAMED)} as the networks see fit" if self.seen else "")
        parts.append(f"calendar: {', '.join(calendar_words(self.calendar, self.country))}" if self.calendar else "")
        parts.append(f"not used: {listed(list(self.idle), MOST_NAMED)}" if self.idle else "")
        return "; ".join(filter(None, parts))


def calendar_words(groups: Sequence[str], country: str | None) -> list[str]:
    """Returns groups of dates as a person calls them."""
    return [
        f"{CALENDAR[group]} of {country}" if group == "holiday" and country else CALENDAR[group] for group in groups
    ]


def covariate_use(experiment: Experiment) -> CovariateUse:
    """Returns what the networks of an experiment used beside the target."""
    panel, covariate_model = experiment.reading.panel, experiment.covariate_model
    columns = panel.covariates.columns if panel.covariates else ()
    effects = _effects(covariate_model, panel) if covariate_model else {}
    moving = {effect.column for effect in effects.values()}
    has_cells = any(spec.is_recurrent for spec, _ in experiment.memory)
    learned = (
        {each.column for each in covariate_model.encoding.inputs}
        if covariate_model and covariate_model.encoding
        else set()
    )
    rest = [column.name for column in columns if column.name not in moving]
    regressors = covariate_model.effects.regressors if covariate_model and covariate_model.effects else None
    groups = (
        dict.fromkeys(regressor.group for regressor in regressors.used if regressor.group != COVARIATES)
        if regressors
        else {}
    )
    return CovariateUse(
        columns=columns,
        effects=effects,
        calendar=tuple(groups),
        seen=tuple(name for name in rest if has_cells and name in learned),
        idle=tuple(name for name in rest if experiment.memory and not (has_cells and name in learned)),
        country=regressors.country if regressors else None,
    )


def _effects(covariate_model: CovariateModel, panel: Panel) -> dict[str, CovariateEffect]:
    """Returns the effects of the known inputs, in the order of the encoding."""
    encoding, effects = covariate_model.encoding, covariate_model.effects
    if encoding is None or effects is None:
        return {}
    some = panel.select(even_choice(len(panel), MOST_SERIES))
    found = {each.label: _effect(each, effects, some) for each in encoding.of("known")}
    return {label: effect for label, effect in found.items() if effect}


def _effect(each: Input, effects: Effects, panel: Panel) -> CovariateEffect | None:
    """Returns what one input does; of an event, on its own steps, whatever the month."""
    names = [regressor.name for regressor in effects.regressors.used if regressor.group == COVARIATES]
    own = [f for f, name in enumerate(names) if name == each.label or name.startswith(f"{each.label} in month ")]
    told = effects.regressors.of_covariates(panel)
    if not own or told is None:
        return None
    index = places_of(panel.series_ids, effects.series_ids)
    strength = np.where(index[:, None] >= 0, effects.own[index], effects.common)[:, own]  # (S, F)
    is_added = (index >= 0) & (effects.sizes[index] > 0)
    if each.is_binary:
        totals = _on_own_steps(told.known[:, own], strength, told.known_offsets)
        found = _shares(totals, is_added)
        return CovariateEffect(each.column, *found, "set") if found else None
    found = _shares(strength[:, 0], is_added)
    change = _change(each, strength[:, 0], is_added)
    return CovariateEffect(each.column, *found, "deviation", change) if found else None


def _change(each: Input, strength: FloatArray, is_added: BoolArray) -> UsualChange | None:
    """Returns what a round change of a number does, no larger than the changes that effects were measured on.

    Of a column that is never below 0, effects are of its ratio to the series' own mean: the change is a share of that.
    """
    is_share = each.way == "ratio"
    usual = MOST_CHANGE if is_share else np.inf
    size = min(usual, 10.0 ** np.floor(np.log10(each.unit * (SPAN if is_share else 1.0))))
    size *= np.sign(strength.mean()) or 1.0
    found = _shares(strength * size / each.unit, is_added)
    return UsualChange(float(size), is_share, *found) if found else None


def _shares(totals: FloatArray, is_added: BoolArray) -> tuple[float, float, float] | None:
    """Returns by what share effects (S,) raise the target: on average, at least and at most; None of no series."""
    shares = np.where(is_added, totals, np.expm1(totals))
    shares = shares[~np.isnan(shares)]
    if not shares.size:
        return None
    low, high = np.quantile(shares, [0.05, 0.95])
    return float(shares.mean()), float(low), float(high)


def _on_own_steps(regressors: FloatArray, strength: FloatArray, offsets: Any) -> FloatArray:
    """Returns the mean effect of some regressors (K, F) on each series over the steps where any is set, (S,)."""
    series = np.repeat(np.arange(len(strength)), np.diff(offsets))
    is_set = (np.nan_to_num(regressors) > 0).any(axis=1)
    totals = np.einsum("kf,kf->k", np.nan_to_num(regressors), strength[series])[is_set]
    counts = np.bincount(series[is_set], minlength=len(strength))
    sums = np.bincount(series[is_set], totals, len(strength))
    return np.asarray(np.divide(sums, counts, out=np.full(len(strength), np.nan), where=counts > 0))
