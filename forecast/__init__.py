"""From a CSV of sales or prices to forecasts you can trust.

>>> from forecast import compare, train
>>> compare("sales.csv", models="lstm,gru").leaderboard
>>> train("sales.csv", store=".forecast").predict(28)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecast.api.estimator import ForecastEstimator as Forecaster
    from forecast.api.own_cells import register_cell
    from forecast.api.verbs import Comparison, Model, compare, load, read_panel, train
    from forecast.errors import ForecastError

__version__ = "0.1.0"
__all__ = [
    "Comparison",
    "ForecastError",
    "Forecaster",
    "Model",
    "__version__",
    "compare",
    "load",
    "read_panel",
    "register_cell",
    "train",
]

_ROOMS = dict.fromkeys(("Comparison", "Model", "compare", "load", "read_panel", "train"), "forecast.api.verbs")
_ROOMS["ForecastError"] = "forecast.errors"


_ROOMS["register_cell"] = "forecast.api.own_cells"
_ROOMS["Forecaster"] = "forecast.api.estimator"
_NAMES = {"Forecaster": "ForecastEstimator"}
"""What is called otherwise inside, where a forecaster is whatever keeps the protocol of that name."""


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that the command line starts at once."""
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), _NAMES.get(name, name))
    raise AttributeError(f"module 'forecast' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
