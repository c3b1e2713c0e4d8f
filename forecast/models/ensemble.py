"""An ensemble: several recurrent models as one, their members side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.panel import Panel
from forecast.models.covariates.covariate_model import CovariateModel
from forecast.models.forecaster import Curve, Forecaster, Members, Watcher
from forecast.models.networks.recurrent import RecurrentModel
from forecast.run import ALONE, Run
from forecast.specs import Anchor


@dataclass(frozen=True, eq=False)
class EnsembleModel:
    """One or more trained recurrent models whose members vote together."""

    parts: tuple[RecurrentModel, ...]

    @property
    def parameters(self) -> int:
        """Trainable numbers in one network of each part, together."""
        return sum(part.parameters for part in self.parts)

    @property
    def curve(self) -> Curve | None:
        """The curve of the only part; an ensemble of several has none of its own."""
        return self.parts[0].curve if len(self.parts) == 1 else None

    @property
    def train_seconds(self) -> float:
        """Seconds that all parts took, wherever they were trained."""
        return sum(part.train_seconds for part in self.parts)

    @property
    def horizon(self) -> int:
        """Steps that one direct forecast reaches."""
        return self.parts[0].spec.horizon

    @property
    def lookback(self) -> int:
        """Observed steps that decide what the networks forecast."""
        return max(part.spec.window for part in self.parts)

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season, and the longer ones that views look at."""
        return self.parts[0].spec.seasons

    @property
    def covariate_model(self) -> CovariateModel | None:
        """What was learned of covariates and dates."""
        return self.parts[0].covariate_model

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """What the networks are trusted against, as in ``Members.anchors``; nothing where they stand alone."""
        spec = self.parts[0].spec
        return () if spec.rolled else spec.anchors

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns the members of all parts; a view of one cell is another view than the same of another."""
        return self.joined([part.predict_members(panel, run) for part in self.parts])

    def joined(self, members: Sequence[Members]) -> Members:
        """Returns the members of all parts where those of each part are known."""
        if len(members) == 1:
            return members[0]
        views = [f"{part.spec.cell} {v}" for part, own in zip(self.parts, members, strict=True) for v in own.views]
        seeds = [seed for own in members for seed in own.seeds]
        values = np.concatenate([own.values for own in members])
        return Members(tuple(views), tuple(seeds), values, members[0].anchors, members[0].is_demand)


@dataclass(frozen=True, eq=False)
class EnsembleForecaster:
    """Trains several recurrent forecasters; those that share a ``memory`` with others are not trained twice."""

    name: str
    parts: tuple[Forecaster, ...]

    def fit(self, panel: Panel, watcher: Watcher) -> EnsembleModel:
        """Trains the parts in turn."""
        models = []
        for number, part in enumerate(self.parts):
            fitted = part.fit(panel, watcher.during(number, len(self.parts)))
            assert isinstance(fitted, RecurrentModel)
            models.append(fitted)
        return EnsembleModel(tuple(models))
