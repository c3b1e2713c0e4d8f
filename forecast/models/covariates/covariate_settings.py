"""The numbers by which covariates and dates are turned into inputs and effects at each forecast."""

from dataclasses import dataclass, field

from forecast.data.dates.calendar_features import CalendarSettings


@dataclass(frozen=True)
class CovariateSettings:
    """What is recomputed at each forecast; a version keeps the numbers that it was trained with.

    Attributes:
        around: steps from each step to the events that may matter to it: the two to come and the last.
        edge: a number farther than so many standard deviations from its mean counts as so far.
        same: a number that is nearer to its mean than this share of a standard deviation is the mean: sums round.
        closed: where the effects leave less than an eighth, as on a closing day, the value says nothing of the rest.
        lowest, highest: no effects together are less, or more.
        most_cells: dates times series for which all effects of dates are laid out at once; they may round otherwise.
        usual: a value that a column has in a larger share of a series' rows is its usual one.
        calendar: of what dates say.
    """

    around: tuple[int, ...] = (1, 2, -1)  # measured by benchmarks/tuning/covariate_effects.py
    edge: float = 5.0  # measured by benchmarks/tuning/covariate_effects.py
    same: float = 1e-9
    closed: float = -2.0  # measured by benchmarks/tuning/covariate_effects.py
    lowest: float = -5.0  # measured by benchmarks/tuning/covariate_effects.py
    highest: float = 3.0  # measured by benchmarks/tuning/covariate_effects.py
    most_cells: int = 20_000_000
    usual: float = 0.5  # measured by benchmarks/tuning/usual_values.py
    calendar: CalendarSettings = field(default_factory=CalendarSettings)

    @property
    def most_made(self) -> int:
        """Regressors made of one known input, at most: itself, what comes around it, and that of each month."""
        return 1 + len(self.around) + 12


NEW = CovariateSettings()
"""What new models are trained with."""
