"""The numbers by which a version forecasts, as its manifest keeps them: one writer, one reader, one schema.

What is recomputed at each forecast reads these, never a default of the program: a version forecasts the same for ever.
The programs before this record (a984722 and b40b1ac) kept none; theirs stand here as they were, number by number, and
stand in for any number that a later record did not have yet. They never change.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from forecast.data.dates.calendar_features import CalendarSettings
from forecast.decoding import decode
from forecast.errors import UPGRADE
from forecast.evaluation.distribution.difficulty import DifficultySettings
from forecast.evaluation.scales import ScaleSettings
from forecast.models.classical.autoregression import AutoregressionSettings, SeasonlessSettings
from forecast.models.classical.baselines import BesideSmoothingSettings, ClassicalSettings
from forecast.models.classical.demand_traits import PooledSettings
from forecast.models.classical.intermittent import IntermittentSettings
from forecast.models.classical.local_ridge import LocalRidgeSettings
from forecast.models.classical.pretrained import PretrainedSettings
from forecast.models.classical.seasonality import SeasonalitySettings
from forecast.models.classical.similar_days import SimilarDaySettings
from forecast.models.classical.theta import ThetaSettings
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.method_settings import MethodSettings
from forecast.models.views import ViewSettings
from forecast.production.store.json_document import NewerStoreError

SCHEMA = 1
"""Of the record. It is raised where a number gets another meaning; a new number needs no other schema."""
MOST_COUNT = 10**9
MAY_BE_EMPTY = ("around", "easter")


@dataclass(frozen=True)
class ForecastSettings:
    """Every number by which a version forecasts.

    Attributes:
        methods: of the methods that are recomputed.
        scales: by which intervals are wide.
        difficulty: by which is measured what tells of errors.
    """

    methods: MethodSettings
    scales: ScaleSettings
    difficulty: DifficultySettings


AS_OF_A984722 = ForecastSettings(
    methods=MethodSettings(
        classical=ClassicalSettings(
            seasonality=SeasonalitySettings(
                kept=(0.9, 0.5),
                worth=0.6,
                steepest=10.0,
                differences=4.0,
                tie=1e-9,
                negligible=1e-18,
                block=1_000_000,
            ),
            theta=ThetaSettings(
                history=500,
                seasons=3,
                speeds=(0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0),
                levels=(0.05, 0.2, 0.5, 0.85),
                trends=(0.03, 0.1, 0.3),
                dampings=(0.85, 0.93, 0.98),
                level_priors=(1.0, 1.0, 1.0, 1.0),
                trend_priors=(1.0, 1.0, 1.0),
                damping_priors=(1.0, 1.0, 1.0),
                power_a_step=0.0,
                theta=0.4,
                power=0.0,
                negligible=1e-24,
                leads=4,
                steps_a_lead=20,
                tie=1e-9,
                first=6,
                first_line=10,
                least=3,
                block=1_000_000,
            ),
            local_ridge=LocalRidgeSettings(
                history=1200,
                rounds=4,
                lags=(3, 2),
                sizes=1,
                stride=11,
                prior=0.05,
                clip=10.0,
                negligible=1e-9,
                log_offset=0.02,
                largest_log=8.0,
                block=1_000_000,
            ),
            intermittent=IntermittentSettings(  # from here on, of methods that those programs did not have
                history=1000,
                speed=0.1,
                size_speed=0.2,
                chance_speed=0.2,
                debias=0.95,
                slowest=0.1,
                fastest=0.3,
                rounds=20,
                tie=1e-12,
            ),
            pooled=PooledSettings(
                history=400,
                half_lives=(1.0, 3.0, 8.0, 20.0, 1e6),
                belief=0.5,
                size_belief=1.0,
                scale_belief=2.0,
                share=0.75,
                floor=1e-4,
                season_floor=0.1,
                most_steps=60,
                block=2_000_000,
                traits=7,
                stretches=1,
            ),
            autoregression=AutoregressionSettings(
                share=0.0,
                longest=0.0,
                seasons=2,
                most=100,
                spread=0.5,
                fading=0.5,
                drift=0.1,
                unit_root=0.0,
                negligible=1e-9,
                block=100_000,
            ),
            seasonless=SeasonlessSettings(
                share=0.0,
                longest=0.0,
                seasons=11,
                most=100,
                spread=0.3,
                fading=0.5,
                drift=0.1,
                unit_root=100.0,
                negligible=1e-9,
                block=100_000,
            ),
            similar_days=SimilarDaySettings(share=0.0, power=4.0, other_day=2.0, negligible=1e-9, block=100_000),
            beside_smoothing=BesideSmoothingSettings(share=0.0, few=10.0, power=2.0),
            pretrained=PretrainedSettings(
                share=0.0,
                edition=1,
                units=128,
                horizon=12,
                window=48,
                recent=12,
                least=8,
                lags=4,
                spread=0.7,
                calm=1e-3,
                digits=6,
                least_error=1e-7,
                negligible=1e-12,
            ),
        ),
        views=ViewSettings(
            log_offset=0.02,
            largest_log=8.0,
            series_share=0.5,
            series_floor=0.1,
            size_floor=1e-5,
            floor=1e-12,
            block=4096,
        ),
        covariates=CovariateSettings(
            around=(1, 2, -1),
            edge=5.0,
            same=1e-9,
            closed=-2.0,
            lowest=-5.0,
            highest=3.0,
            most_cells=20_000_000,
            usual=0.5,
            calendar=CalendarSettings(year_days=365.2425, month_days=30.436875, easter=(-3, -2, -1, 0, 1)),
        ),
        decoder_units=32,
    ),
    scales=ScaleSettings(negligible=1e-5, few_differences=5, belief=4.0, rounding=1e-12),
    difficulty=DifficultySettings(floor=0.02, seasons=2, least=6, demand_steps=400),
)
"""What the programs of a984722 and b40b1ac forecast by."""


def write_forecast_settings(settings: ForecastSettings) -> dict[str, Any]:
    """Returns the record as a manifest's entry, JSON-ready."""
    return {"schema_version": SCHEMA, **asdict(settings)}


def read_forecast_settings(entry: Mapping[str, Any] | None) -> ForecastSettings:
    """Returns the record of a manifest's entry; that of a984722 where it has none, as versions of early programs.

    Raises:
        ValueError: it is none that a program wrote; the text says why.
        NewerStoreError: a newer program wrote it.
    """
    if entry is None:
        return AS_OF_A984722
    own = dict(entry)
    schema = decode(int, own.pop("schema_version", None), "forecast_settings.schema_version")
    if schema > SCHEMA:
        message = f"A newer forecast wrote the numbers that it forecasts by (schema {schema}; this one knows {SCHEMA})"
        raise NewerStoreError(f"{message}.", UPGRADE)
    settings = decode(ForecastSettings, _completed(asdict(AS_OF_A984722), own), "forecast_settings")
    _check(settings)
    return settings


def _completed(early: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a record with what it did not have yet as it was before there was a record."""
    both = {**early, **own}
    for name, value in early.items():
        if isinstance(value, dict) and isinstance(both[name], Mapping):
            both[name] = _completed(value, both[name])
    return both


def _check(record: Any) -> None:
    """Refuses numbers that no method can work with.

    Raises:
        ValueError: there is one.
    """
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            _check(value)
        elif isinstance(value, int) and not 1 <= value <= MOST_COUNT:
            raise ValueError(f"its setting '{field.name}' is no number of anything")
        elif value == () and field.name not in MAY_BE_EMPTY:
            raise ValueError(f"its setting '{field.name}' holds nothing")
        elif not all(abs(number) <= MOST_COUNT for number in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"its setting '{field.name}' is no number of anything")
