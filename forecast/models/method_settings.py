"""Every number by which a model forecasts, in one frozen record: a version keeps that of the program that trained it.

What is recomputed at each forecast (anchors, normalised windows) takes its numbers from here and reads no constant of
its module, so that a default that is tuned later changes no version that somebody uses. Its weights are stored anyway.
"""

from dataclasses import dataclass, field

from forecast.models.classical.baselines import ClassicalSettings
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.views import ViewSettings

DECODER_UNITS = 32  # measured by benchmarks/tuning/descent.py
"""Units by which the covariates of a step to forecast are judged, ``D``."""


@dataclass(frozen=True)
class MethodSettings:
    """The numbers of all methods.

    Attributes:
        classical: of what networks are trusted against, and of the rules that forecast by themselves.
        views: of how windows are normalised.
        covariates: of inputs and effects.
        decoder_units: by which networks judge the covariates of a step to forecast.
    """

    classical: ClassicalSettings = field(default_factory=ClassicalSettings)
    views: ViewSettings = field(default_factory=ViewSettings)
    covariates: CovariateSettings = field(default_factory=CovariateSettings)
    decoder_units: int = DECODER_UNITS


CURRENT = MethodSettings()
"""What new models are trained with."""
