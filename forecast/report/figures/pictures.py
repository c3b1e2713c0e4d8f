"""What two pictures show, whoever draws them: matplotlib here, or the page. Lines, names, limits and captions.

Shapes: ``H`` horizon, ``N`` retrains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import CUT_OFF, sensible_top
from forecast.wording import short_number

CAPTION = "Each point is one retrain; all that stand above each other were scored on the same newest points."
FAR = " A line that leaves the picture at the top belongs to errors far above the others."


@dataclass(frozen=True)
class LineEnd:
    """The name at the end of a line, and the value that it stands at."""

    model: str
    value: float
    name: str


@dataclass(frozen=True, eq=False)
class ErrorsByStep:
    """How each model errs as it looks further ahead.

    Attributes:
        lines: by model, (H,): RMSE in the target's unit; NaN where a step was not scored.
        target: the unit of the errors.
        frequency: the word for a step, such as ``monthly``.
    """

    lines: Mapping[str, FloatArray]
    target: str
    frequency: str

    @property
    def is_cut(self) -> bool:
        """Some line leaves the picture at the top."""
        return sensible_top(self._highest) is not None

    @property
    def limit(self) -> float:
        """What the picture ends at, above 0."""
        return sensible_top(self._highest) or 1.08 * max(self._highest, default=0.0) or 1.0

    @property
    def steps(self) -> int:
        """Of the longest line."""
        return max((rmse.size for rmse in self.lines.values()), default=1)

    @property
    def ends(self) -> tuple[LineEnd, ...]:
        """A name for each line that has a value; one that left the picture tells its value."""
        found = []
        for model, rmse in self.lines.items():
            scored = rmse[np.isfinite(rmse)]
            if scored.size:
                end = float(scored[-1])
                name = model if end <= self.limit else f"{model} ↑ {short_number(end)}"
                found.append(LineEnd(model, end, name))
        return tuple(found)

    @property
    def below(self) -> str:
        """What runs across."""
        return f"steps ahead ({self.frequency})"

    @property
    def unit(self) -> str:
        """What runs up."""
        return f"RMSE ({self.target})"

    @property
    def caption(self) -> str:
        """What is to be known of the picture; may be empty."""
        return CUT_OFF if self.is_cut else ""

    @property
    def _highest(self) -> list[float]:
        return [float(np.nanmax(rmse, initial=0.0)) for rmse in self.lines.values()]


@dataclass(frozen=True, eq=False)
class Retrains:
    """The retrains of one model, oldest first; NaN where one was not scored."""

    times: Sequence[datetime]  # N, aware
    champion: FloatArray  # (N,), RMSE in the target's unit
    challenger: FloatArray  # (N,)
    naive: FloatArray  # (N,)
    promoted: NDArray[np.bool_]  # (N,)

    unit = "RMSE on the newest points"

    @property
    def limit(self) -> float:
        """What the picture ends at, above 0."""
        return sensible_top(self._heights) or 1.08 * float(np.nanmax(self._heights, initial=0.0)) or 1.0

    @property
    def challengers(self) -> dict[str, NDArray[np.bool_]]:
        """Which challengers were put in use, and which were left, by the words for it: (N,) each."""
        return {"challenger, put in use": self.promoted, "challenger, left": ~self.promoted}

    @property
    def caption(self) -> str:
        """What is to be known of the picture."""
        return CAPTION + (FAR if sensible_top(self._heights) is not None else "")

    @property
    def _heights(self) -> FloatArray:
        return np.concatenate([self.naive, self.champion, self.challenger])
