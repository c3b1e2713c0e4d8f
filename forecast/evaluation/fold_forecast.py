"""A fold of the backtest as a summary keeps it: what was forecast, beside what came."""

from dataclasses import dataclass

from forecast.decoding import Document


@dataclass(frozen=True, kw_only=True)
class FoldForecast(Document):
    """What a model forecast at one origin of the backtest, of one series or of all together, beside what came.

    Attributes:
        series: its name.
        fold: its number.
        first: timestamp of the first step.
        truths, forecasts: of each step; None where nothing was observed.
        lower, upper: bounds of the 80 % interval; None where there is none.
        came, expected: what the steps come to, added up or averaged; None where a step was not observed.
        lowest, highest: bounds of the 80 % interval of that.
    """

    series: str
    fold: int
    first: str
    truths: tuple[float | None, ...]
    forecasts: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    came: float | None
    expected: float | None
    lowest: float | None
    highest: float | None

    @property
    def fits(self) -> bool:
        """Whether it tells as many truths as forecasts and bounds, and of some step."""
        lengths = set(map(len, (self.truths, self.forecasts, self.lower, self.upper)))
        return len(lengths) == 1 and lengths != {0}
