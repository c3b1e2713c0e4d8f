"""What a model knows beside the target, in the two ways it uses it: effects, and inputs of the network.

    dates   ─── effects ─┐
    known   ─┬─ effects ─┴── taken out of the lookback, put back on each step of the horizon
             ├─ inputs of each observed step, beside the target ─▶ cell
             └─ inputs of each step of the horizon ─▶ decoder
    past    ─── inputs of each observed step ─▶ cell
    static  ─── inputs of the series ─▶ decoder

Shapes: ``S`` series, ``N`` steps of the panel, ``L`` lookback, ``H`` horizon, ``F`` inputs.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import last_places
from forecast.errors import DataError
from forecast.models.causes import learn_causes
from forecast.models.effects import Effects
from forecast.models.encoding import Encoding, learn_encoding
from forecast.models.measuring import fit_effects
from forecast.specs import ModelSpec

Floats = NDArray[np.float32]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a network is given beside its windows."""

    observed: Floats  # (B, L, F), inputs of the observed steps
    ahead: Floats  # (B, H, F), inputs of the steps to forecast
    static: Floats  # (B, F), inputs of the series


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What was learned of covariates and dates from the training rows.

    Attributes:
        encoding: how covariates become inputs; None where there are none.
        effects: of the known ones and of dates; None where they explain nothing.
    """

    encoding: Encoding | None
    effects: Effects | None

    def sized(self, spec: ModelSpec) -> ModelSpec:
        """Returns the spec of networks that take these inputs."""
        if self.encoding is None:
            return spec
        known, past, static = (len(self.encoding.of(kind)) for kind in ("known", "past", "static"))
        return spec.with_(known=known, past=past, static=static)

    def remove(self, panel: Panel) -> Panel:
        """Returns the panel without the effects of its known covariates."""
        return self.effects.remove(panel) if self.effects else panel

    def restore(self, values: FloatArray, panel: Panel) -> FloatArray:
        """Returns forecasts of the steps after the panel's end with the effects on them, (..., S, H)."""
        return self.effects.restore(values, panel) if self.effects else values

    def observed(self, panel: Panel) -> Floats:
        """Returns the inputs of each step of the panel: the known ones, then the past ones, (N, F)."""
        covariates = panel.covariates
        assert covariates is not None
        assert self.encoding is not None
        known = self.encoding.known_of(panel).known_on(panel.offsets, panel.first)
        centers = np.repeat(self.encoding.centers_of(panel, "past"), panel.lengths, axis=0)
        past = self.encoding.encode("past", covariates.past, centers)
        return np.concatenate([np.nan_to_num(known), past], axis=1).astype(np.float32)

    def static(self, panel: Panel) -> Floats:
        """Returns the inputs of each series, (S, F)."""
        assert panel.covariates is not None
        assert self.encoding is not None
        values = self.encoding.encode("static", panel.covariates.static, self.encoding.centers_of(panel, "static"))
        return values.astype(np.float32)

    def at_end(self, panel: Panel, lookback: int, horizon: int, season: int) -> Surroundings:
        """Returns what networks are given to forecast the steps after the end of each series.

        Args:
            panel: with covariates.
            lookback: ``L``.
            horizon: ``H``.
            season: by which short series are padded.
        """
        assert self.encoding is not None
        places = last_places(panel, lookback, season)
        observed = self.observed(panel)
        shown = (
            np.where(places[..., None] >= 0, observed[places], 0)
            if len(observed)
            else np.zeros((*places.shape, observed.shape[1]))
        )
        ahead = self.encoding.known_of(panel).known_between(panel.last + 1, horizon)
        return Surroundings(shown.astype(np.float32), np.nan_to_num(ahead).astype(np.float32), self.static(panel))


def learn_knowledge(panel: Panel, spec: ModelSpec, encoding: Encoding | None = None) -> Knowledge | None:
    """Returns what a panel's covariates and dates teach; None where that is nothing.

    Args:
        panel: ends at the origin.
        spec: of the networks that are told.
        encoding: of networks that go on; None to learn one.
    """
    if panel.covariates is None and not spec.calendar and spec.country is None:
        return None
    if panel.covariates is not None and encoding is None:
        encoding = learn_encoding(panel)
    causes = learn_causes(panel, encoding, calendar=spec.calendar, country=spec.country)
    effects = fit_effects(panel, causes, spec.season, spec.horizon)
    return Knowledge(encoding, effects) if encoding or effects else None


def check_columns(knowledge: Knowledge | None, panel: Panel) -> Panel:
    """Returns the panel with those covariates that a model was trained with, in its order.

    Raises:
        DataError: the panel lacks one.
    """
    if knowledge is None or knowledge.encoding is None:
        return replace(panel, covariates=None) if panel.covariates else panel
    wanted = [(column.name, column.kind) for column in knowledge.encoding.columns]
    held = [(column.name, column.kind) for column in panel.covariates.columns] if panel.covariates else []
    lost = [name for name, kind in wanted if (name, kind) not in held]
    if lost:
        raise DataError(
            f"The model was trained with {', '.join(lost)}, which the data doesn't have.",
            "add the column, or train anew without it",
        )
    return panel
