"""What the rest of a search will cost, by what was measured: trials in full, and the confirmation.

The default is trained in full first: it has to be anyway, and what it took, its loops compiled, tells what others will
take. A cheap trial tells how much dearer than the default its settings are, nothing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from forecast.experiment.final_fit import AUTO
from forecast.experiment.tuning.confirmation import fresh_seeds
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.rungs import FINALISTS, chosen, finalists, search_settings
from forecast.experiment.tuning.search_space import CELL, RATE, VIEWS, changes_of
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.networks.cells import CELLS

SHAPELESS = frozenset({RATE, VIEWS})
"""Settings that change no shape: what trains them is compiled already."""
MORE = 1.15
"""A confirmation knows more rows than the search, and takes about so many times as long."""


@dataclass(frozen=True)
class TuningCosts:
    """What trials in full and the confirmation will take, in seconds by the wall.

    Attributes:
        trials: all so far, by number; the default is the first.
        full: those that were trained in full, by number.
        workers: that work side by side.
    """

    entry: TuningEntry
    trials: Sequence[TriedSettings]
    full: Mapping[int, TriedSettings] = field(default_factory=dict)
    workers: int = 1

    def full_seconds(self, trial: TriedSettings) -> float:
        """Returns about how long settings take in full, one seed, where their loops are compiled."""
        if trial.number in self.full:
            return self.full[trial.number].warm
        default = self.trials[0]
        cheap, known = trial.warm * self._times(trial), self.full.get(0)
        if self.entry.rung is None or known is None or not default.warm:
            return cheap
        return known.warm * cheap / (default.warm * self._times(default))

    def _times(self, trial: TriedSettings) -> float:
        """Returns how many times as much there is to train in full."""
        rung = self.entry.rung
        if rung is None:
            return 1.0
        return (len(CELLS) if rung.cell != AUTO and CELL not in self._changed(trial) else 1) / rung.effort

    @property
    def leaders(self) -> tuple[TriedSettings, ...]:
        """The trial that would meet the default if the search ended now; none where none was trained in full yet."""
        best = chosen(self.trials, self.full)
        is_told = self.entry.rung is None or (best is not None and len(self.full) > 1)
        return (best,) if best is not None and is_told else ()

    def _changed(self, trial: TriedSettings) -> set[str]:
        return {*changes_of(trial.values, self.entry.space, self.entry.window)}

    @property
    def _compiling(self) -> float:
        """Seconds in which whoever begins imports, reads and compiles."""
        measured = self.full.get(0, self.trials[0])
        return max(measured.seconds - measured.warm, 0.0)

    def finals_seconds(self, limit: float) -> float:
        """Returns the seconds that are kept for trials in full, of a time limit; 0 where all are.

        The first time for the best few; where these were done and time is left, for one more. Never more than half of
        what the confirmation leaves: the best of cheap trials is worth a confirmation, too.
        """
        if self.entry.rung is None:
            return 0.0
        count = 1 + FINALISTS if 0 not in self.full else FINALISTS if len(self.full) == 1 else 1
        usual, most = self.full_seconds(self.trials[0]), self._half(limit)
        return next((each for each in (ceil(count / self.workers) * usual, usual) if each <= most), 0.0)

    def is_worth_measuring(self, limit: float) -> bool:
        """Returns whether the default is to be trained in full before anything else, for what that tells."""
        is_known = self.entry.rung is None or 0 in self.full or self.trials[0].state == "open"
        return not is_known and self.full_seconds(self.trials[0]) <= self._half(limit)

    def _half(self, limit: float) -> float:
        return (limit - self.confirmation_seconds(*self.leaders)) / 2

    def confirmation_seconds(self, *others: TriedSettings) -> float:
        """Returns about how long a confirmation takes, by what was measured with fewer seeds and fewer rows.

        Args:
            others: of which one meets the default; the dearest counts, and none is as dear as the default.
        """
        if not self.entry.confirm:  # somebody else confirms
            return 0.0
        usual = self.full_seconds(self.trials[0])
        own = max((self.full_seconds(other) for other in others if other.number), default=usual)
        seeds = (fresh_seeds(self.entry.settings).seeds or 1) / (search_settings(self.entry).seeds or 1)
        folds = max((self.entry.confirm + 1) / (self.entry.folds + 1), 1.0)
        both = max(usual, own) if self.workers > 1 else usual + own
        return MORE * seeds * folds * both + self._compiling  # at most: the end is mostly of the same shapes

    def affordable(self, left: float) -> tuple[TriedSettings, ...]:
        """Returns the trials that are worth training in full, best first, and that fit into a time.

        Args:
            left: seconds, in which whoever wins must be confirmed, too.
        """
        found: list[TriedSettings] = []
        for trial in finalists(self.entry, self.trials, None):
            if trial.number in self.full:
                continue
            more = [*found, trial]
            each = [self.full_seconds(one) + self._compiling * (not self._changed(one) <= SHAPELESS) for one in more]
            wall = max(*each, sum(each) / self.workers) if len(each) > 1 else each[0]
            if wall + self.confirmation_seconds(*self.leaders, *more) <= left:
                found = more
            if len(found) == FINALISTS:
                break
        return tuple(found)
