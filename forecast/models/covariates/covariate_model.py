"""The covariate model, in two parts: effects that are taken out, and inputs of the network.

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

from forecast.data.covariates import KINDS, Covariates
from forecast.data.panel import Panel
from forecast.data.windows import Windows, last_places
from forecast.errors import DataError
from forecast.models.covariates.covariate_settings import NEW, CovariateSettings
from forecast.models.covariates.effect_fit import fit_effects
from forecast.models.covariates.effects import Effects
from forecast.models.covariates.encoding import Encoding, learn_encoding
from forecast.models.covariates.regressors import find_regressors, without_cycles
from forecast.specs import ModelSpec

Floats = NDArray[np.float32]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NetworkCovariates:
    """What a network is given beside its windows."""

    observed: Floats  # (B, L, F), inputs of the observed steps
    ahead: Floats  # (B, H, F), inputs of the steps to forecast
    static: Floats  # (B, F), inputs of the series

    def of(self, some: slice) -> "NetworkCovariates":
        """Returns those of some windows."""
        return NetworkCovariates(self.observed[some], self.ahead[some], self.static[some])


@dataclass(frozen=True, eq=False)
class CovariateModel:
    """What was learned of covariates and dates from the training rows.

    Who asks several things of one panel hands along its covariates as ``encoding.known_of`` returns them: ``encoded``.
    Where that is None, each encodes them anew.

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
        return spec.with_(**{kind: len(self.encoding.of(kind)) for kind in KINDS})

    def remove(self, panel: Panel, encoded: Covariates | None = None) -> Panel:
        """Returns the panel without the effects of its known covariates."""
        return self.effects.remove(panel, encoded) if self.effects else panel

    def restore(self, values: FloatArray, panel: Panel, encoded: Covariates | None = None) -> FloatArray:
        """Returns forecasts of the steps after the panel's end with the effects on them, (..., S, H)."""
        return self.effects.restore(values, panel, encoded) if self.effects else values

    def observed(self, panel: Panel, encoded: Covariates | None = None) -> Floats:
        """Returns the inputs of each step of the panel: the known ones, then the past ones, (N, F)."""
        covariates = panel.covariates
        assert covariates is not None
        assert self.encoding is not None
        known = (encoded or self.encoding.known_of(panel)).known_on(panel.offsets, panel.first)
        centers = np.repeat(self.encoding.centers_of(panel, "past"), panel.lengths, axis=0)
        past = self.encoding.encode("past", covariates.past, centers)
        return np.concatenate([np.nan_to_num(known), past], axis=1).astype(np.float32)

    @property
    def drifting(self) -> Floats:
        """1 for each input of a step that is a number, and 0 for one that is a flag, (F,).

        Only how numbers differ from their mean over the lookback enters a network: they may drift to where they never
        were.
        """
        assert self.encoding is not None
        inputs = (*self.encoding.of("known"), *self.encoding.of("past"))
        return np.array([not each.is_binary for each in inputs], dtype=np.float32)

    def static(self, panel: Panel) -> Floats:
        """Returns the inputs of each series, (S, F)."""
        assert panel.covariates is not None
        assert self.encoding is not None
        values = self.encoding.encode("static", panel.covariates.static, self.encoding.centers_of(panel, "static"))
        return values.astype(np.float32)

    def at_end(
        self, panel: Panel, lookback: int, horizon: int, season: int, encoded: Covariates | None = None
    ) -> NetworkCovariates:
        """Returns what networks are given to forecast the steps after the end of each series.

        Args:
            panel: with covariates.
            lookback: ``L``.
            horizon: ``H``.
            season: by which short series are padded.
            encoded: the panel's covariates; see above.
        """
        assert self.encoding is not None
        encoded = encoded or self.encoding.known_of(panel)
        ahead = encoded.known_between(panel.last + 1, horizon)
        shown = self._rows(panel, encoded)[last_places(panel, lookback, season)]
        return self._seen(shown, np.nan_to_num(ahead).astype(np.float32), self.static(panel))

    def in_windows(self, panel: Panel, windows: Windows, which: IntArray) -> NetworkCovariates:
        """Returns what models are given in some windows of the panel, (B,) positions of them."""
        assert self.encoding is not None
        index = windows.starts[which, None] + np.arange(windows.lookback + windows.horizon)
        rows = self._rows(panel)[windows.places[index]]
        known = len(self.encoding.of("known"))
        ahead = rows[:, windows.lookback :, :known]
        return self._seen(rows[:, : windows.lookback], ahead, self.static(panel)[windows.series[which]])

    def _rows(self, panel: Panel, encoded: Covariates | None = None) -> Floats:
        """Returns the inputs of each step, and zeros as the last row: what position -1 shows, (N + 1, F)."""
        return np.concatenate([self.observed(panel, encoded), np.zeros((1, len(self.drifting)), np.float32)])

    def _seen(self, observed: Floats, ahead: Floats, static: Floats) -> NetworkCovariates:
        """Returns the inputs, numbers less their mean over the lookback."""
        means = observed.mean(axis=1, keepdims=True) * self.drifting  # (B, 1, F)
        return NetworkCovariates(observed - means, ahead - means[..., : ahead.shape[-1]], static)


def fit_covariate_model(
    panel: Panel, spec: ModelSpec, encoding: Encoding | None = None, settings: CovariateSettings = NEW
) -> CovariateModel | None:
    """Returns what a panel's covariates and dates teach, as ``learn_covariates`` does; None where that is nothing."""
    return learn_covariates(panel, spec, encoding, settings).model


@dataclass(frozen=True, eq=False)
class LearnedCovariates:
    """What a panel's covariates and dates taught, and what was made of the panel on the way.

    Attributes:
        model: None where they teach nothing.
        encoded: the panel's covariates by the model's encoding; None where it has none.
    """

    model: CovariateModel | None = None
    encoded: Covariates | None = None

    def remove(self, panel: Panel) -> Panel:
        """Returns the panel that it was learned from without the effects."""
        return self.model.remove(panel, self.encoded) if self.model else panel


def learn_covariates(
    panel: Panel, spec: ModelSpec, encoding: Encoding | None = None, settings: CovariateSettings = NEW
) -> LearnedCovariates:
    """Returns what a panel's covariates and dates teach; their known columns are encoded once.

    Args:
        panel: ends at the origin.
        spec: of the networks that are told.
        encoding: of networks that go on; None to learn one.
        settings: the numbers by which inputs and effects are made.
    """
    if panel.covariates is None and not spec.calendar and spec.country is None:
        return LearnedCovariates()
    is_new = encoding is None
    if panel.covariates is not None and encoding is None:
        encoding = learn_encoding(panel, settings)
    encoded = encoding.known_of(panel) if encoding else None
    effects = _fit(panel, spec, encoding, encoded, settings)
    if encoding and encoded and is_new:
        slim = _without_idle_numbers(encoding, effects)
        if len(slim.inputs) < len(encoding.inputs):
            encoding, encoded = slim, _only(encoded, encoding, slim)
            effects = _fit(panel, spec, encoding, encoded, settings)
    return LearnedCovariates(CovariateModel(encoding, effects), encoded) if encoding or effects else LearnedCovariates()


def _fit(
    panel: Panel,
    spec: ModelSpec,
    encoding: Encoding | None,
    encoded: Covariates | None,
    settings: CovariateSettings,
) -> Effects | None:
    regressors = find_regressors(
        panel, encoding, encoded, calendar=spec.calendar, country=spec.country, settings=settings
    )
    seasons = {spec.season, *(view.season for view in spec.views)}
    used = without_cycles(regressors, panel.frequency, seasons)
    return fit_effects(panel, used, spec.season, spec.horizon, encoded)


def _without_idle_numbers(encoding: Encoding, effects: Effects | None) -> Encoding:
    """Returns the encoding without the known numbers that have no effect: a network would find some by chance.

    Many series that share a few dates show a number's drift only once.
    """
    used = {regressor.name for regressor in effects.regressors.used} if effects else set()
    kept = [one for one in encoding.inputs if one.kind != "known" or one.is_binary or one.label in used]
    return replace(encoding, inputs=tuple(kept))


def _only(encoded: Covariates, encoding: Encoding, slim: Encoding) -> Covariates:
    """Returns encoded covariates with the known inputs that a slimmer encoding keeps, row after row in memory."""
    places = [place for place, each in enumerate(encoding.of("known")) if each in slim.inputs]
    return replace(encoded, known=np.ascontiguousarray(encoded.known[:, places]))


def check_columns(covariate_model: CovariateModel | None, panel: Panel) -> Panel:
    """Returns the panel with those covariates that a model was trained with, in its order.

    Raises:
        DataError: the panel lacks one.
    """
    if covariate_model is None or covariate_model.encoding is None:
        return replace(panel, covariates=None) if panel.covariates else panel
    covariates = panel.covariates
    held = {(column.name, column.kind): column for column in covariates.columns} if covariates else {}
    wanted = [(column.name, column.kind) for column in covariate_model.encoding.columns]
    lost = [name for name, kind in wanted if (name, kind) not in held]
    if lost or covariates is None:
        raise DataError(
            f"The model was trained with {', '.join(lost)}, which the data doesn't have.",
            "add the column, or train anew without it",
        )
    if wanted == list(held):
        return panel
    return replace(panel, covariates=covariates.only([held[one] for one in wanted]))
