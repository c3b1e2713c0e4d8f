"""The study of a tuning: what to try next, kept in a journal; the one file that knows Optuna.

The journal is a file of JSON lines, one an event, written and synced before anybody goes on; nothing of it is ever run.
A line that a crash tore is cut off. Trials are asked for by number, each from a generator of its own seed and number,
so that a study that goes on asks for what it would have asked for had it never stopped.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.errors import DataError, DependencyError
from forecast.experiment.tuning.search_space import COMBINED, SearchedSetting, Value, combined, neighbours
from forecast.production.store.disk import telling

FloatArray = NDArray[np.float64]
State = Literal["open", "whole", "stopped", "failed"]
EXTRA = "pip install 'optuna>=5.0'"
SEEDS_APART = 1_000_003
"""Between the seeds of two studies; the trials of one are numbered below."""
RANDOM_TRIALS = 10  # Optuna's own default
"""So many are drawn at random before others learn from them."""
DOUBT = 0.1  # Optuna's own default
"""A trial is stopped where the chance that it is no worse than the best one is below this."""
LEAST_FOR_IMPORTANCE = 12
"""Trials of fewer than this say nothing of which settings mattered."""
NAME = "tuning"
FULL = "in full "
"""Before the number of a trial whose settings were trained in full."""
MAKE_TRIAL, SET_VALUE, SET_STATE, RUNS, WAITS = 4, 5, 6, 0, 4
"""Numbers of events and states in the journal, which is a format of its own (optuna.storages.journal)."""


@dataclass(frozen=True)
class TriedSettings:
    """A trial as the journal has it.

    Attributes:
        number: from 0, the default.
        values: of each setting that is searched.
        state: ``open`` where it was begun and not ended; ``stopped`` where it was clearly behind before its last fold.
        error: over all scored blocks; of one that was stopped, foretold from those it has; None where there is none.
        blocks: errors of each fold and series that it came to.
        seconds: that it took.
        warm: those that it would have taken had its loop been compiled before.
        ended: seconds of tuning after which it ended, all sessions together.
        why: it failed; empty where it did not.
    """

    number: int
    values: dict[str, Value]
    state: State
    error: float | None = None
    blocks: tuple[float | None, ...] = ()
    seconds: float = 0.0
    warm: float = 0.0
    ended: float = 0.0
    why: str = ""


class TuningStudy:
    """The trials of one tuning; an object serves one thread, and one process at a time holds the lock."""

    def __init__(self, path: Path | None, space: Sequence[SearchedSetting], seed: int) -> None:
        """Opens a study, or begins one.

        Args:
            path: of its journal; None for one that is kept nowhere.
            space: what is searched.
            seed: of what is tried.

        Raises:
            DependencyError: Optuna is not installed.
            DataError: the journal is damaged, or the disk refused.
        """
        self._optuna, self._space, self._seed = _optuna(), tuple(space), seed
        self._path, self._ended = path, dict[int, TriedSettings]()
        with _said(path), _quiet():
            self._study = self._optuna.create_study(
                study_name=NAME, storage=self._storage(path), load_if_exists=True, direction="minimize"
            )
            self._first = ({each.name: each.default for each in space}, *neighbours(space))
            known = len(self._study.get_trials(deepcopy=False))
            for values in self._first[known:]:  # a crash may have left out the last
                self._study.enqueue_trial(self._encoded(values))

    def _storage(self, path: Path | None) -> Any:
        if path is None:
            return None
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        with telling(f"write {path}"):
            _cut_unfinished(path, len(self._space))
        return JournalStorage(JournalFileBackend(str(path), lock_obj=_Unlocked()))

    def trials(self) -> tuple[TriedSettings, ...]:
        """Returns all trials that were begun, by number.

        Raises:
            DataError: the journal says what no study of these settings could.
        """
        with _said(self._path):
            found = (self._read(trial) for trial in self._study.get_trials(deepcopy=False))
            return tuple(trial for trial in found if trial is not None)

    def ask(self) -> TriedSettings:
        """Returns the next settings to try, which the journal has from now on."""
        trials = self.trials()
        number = len(trials)
        with _said(self._path), _quiet():
            self._enqueue_combined(trials)
            seed = (self._seed * SEEDS_APART + number) % 2**32
            self._study.sampler = self._optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS)
            trial = self._study.ask({each.name: self._distribution(each) for each in self._space})
        return TriedSettings(trial.number, self._decoded(trial.params), "open")

    def _enqueue_combined(self, trials: Sequence[TriedSettings]) -> None:
        """Puts what is to be tried next before Optuna's proposals, where settings that gained alone are to meet."""
        place = len(trials) - len(self._first)
        if not 0 <= place < COMBINED or any(trial.state.name == "WAITING" for trial in self._study.get_trials(False)):
            return
        done = [(trial.values, trial.error) for trial in trials if trial.state == "whole" and trial.error is not None]
        together = combined(self._space, done)
        if place < len(together):
            self._study.enqueue_trial(self._encoded(together[place]))

    def tell(self, trial: TriedSettings) -> None:
        """Writes how a trial ended."""
        from optuna.trial import Trial, TrialState

        own = self._study.get_trials(deepcopy=False)[trial.number]
        with _said(self._path), _quiet():
            Trial(self._study, own._trial_id).set_user_attr("facts", _facts_of(trial))
            if trial.error is None or not isfinite(trial.error):
                self._study.tell(trial.number, state=TrialState.FAIL)
            else:
                self._study.tell(trial.number, trial.error)

    def tell_full(self, trial: TriedSettings) -> None:
        """Writes how the settings of a trial that ended did when they were trained in full."""
        with _said(self._path), _quiet():
            self._study.set_user_attr(f"{FULL}{trial.number}", {**_facts_of(trial), "error": trial.error})

    def full(self) -> dict[int, TriedSettings]:
        """Returns the trials whose settings were trained in full, and how they did, by number.

        Raises:
            DataError: see ``trials``.
        """
        with _said(self._path):
            told, found = self._study.user_attrs, dict[int, TriedSettings]()
            for trial in self.trials():
                if (facts := told.get(f"{FULL}{trial.number}")) is not None:
                    found[trial.number] = _with_facts(trial.number, trial.values, facts["error"], facts)
            return found

    def importances(self) -> dict[str, float]:
        """Returns which share of what differs between trials each setting explains (fANOVA); empty of too few."""
        done = [trial for trial in self.trials() if trial.state in {"whole", "stopped"}]
        if len(done) < LEAST_FOR_IMPORTANCE or len({trial.error for trial in done}) < 2:
            return {}
        from optuna.importance import FanovaImportanceEvaluator, get_param_importances

        with _said(self._path), _quiet():
            evaluator = FanovaImportanceEvaluator(seed=self._seed % 2**32)
            found = get_param_importances(self._study, evaluator=evaluator)
        return {name: round(float(share), 4) for name, share in found.items()}

    def _read(self, trial: Any) -> TriedSettings | None:
        """Returns a trial; None of one that waits. What has ended is read once."""
        if trial.number in self._ended:
            return self._ended[trial.number]
        found = self._decoded_trial(trial)
        if found is not None and found.state != "open":
            self._ended[trial.number] = found
        return found

    def _decoded_trial(self, trial: Any) -> TriedSettings | None:
        values = self._decoded(trial.params)
        if trial.state.name == "WAITING" or len(values) < len(self._space):
            return None
        if not trial.state.is_finished():
            return TriedSettings(trial.number, values, "open")
        error = trial.value if trial.state.name == "COMPLETE" else None
        return _with_facts(trial.number, values, error, trial.user_attrs["facts"])

    def _distribution(self, each: SearchedSetting) -> Any:
        """Returns how Optuna is to draw it: ordered values by their place, so that it knows which are neighbours."""
        of = self._optuna.distributions
        if each.is_range:
            return of.FloatDistribution(float(each.values[0]), float(each.values[-1]), log=True)
        if each.is_ordered:
            return of.IntDistribution(0, len(each.values) - 1)
        return of.CategoricalDistribution(each.values)

    def _encoded(self, values: Mapping[str, Value]) -> dict[str, Value]:
        by_name = {each.name: each for each in self._space}
        return {
            name: by_name[name].values.index(value)
            if by_name[name].is_ordered and not by_name[name].is_range
            else value
            for name, value in values.items()
        }

    def _decoded(self, params: Mapping[str, Any]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for each in self._space:
            if each.name not in params:
                continue
            value = params[each.name]
            if each.is_range:
                usual = float(each.default)
                found[each.name] = usual if value == usual else float(f"{float(value):.1e}")
            elif each.is_ordered:
                found[each.name] = each.values[int(value)]
            else:
                found[each.name] = value
        return found


def _facts_of(trial: TriedSettings) -> dict[str, Any]:
    """Returns what the journal keeps of a trial beside its values and its error."""
    facts = {"state": trial.state, "blocks": list(trial.blocks), "seconds": trial.seconds, "ended": trial.ended}
    return {**facts, "warm": trial.warm, "why": trial.why}


def _with_facts(number: int, values: dict[str, Value], error: float | None, facts: Mapping[str, Any]) -> TriedSettings:
    """Returns a trial that ended as the journal has it."""
    blocks = tuple(None if one is None else float(one) for one in facts["blocks"])
    told = float(facts["seconds"]), float(facts["warm"]), float(facts["ended"]), str(facts["why"])
    state: State = "failed" if error is None else "stopped" if facts["state"] == "stopped" else "whole"
    return TriedSettings(number, values, state, error, blocks, *told)


def is_behind(best: Sequence[float], mine: Sequence[float]) -> bool:
    """Returns whether a trial is clearly behind the best one, by Wilcoxon's signed ranks of their paired errors.

    Args:
        best: errors of the best trial, a block each.
        mine: of this one, in the same order; it may have come to the first few alone.
    """
    if _can_not_tell(np.subtract(mine, best[: len(mine)])):
        return False
    optuna = _optuna()
    with _quiet():
        study = optuna.create_study(direction="minimize", pruner=optuna.pruners.WilcoxonPruner(p_threshold=DOUBT))
        whole = optuna.trial.create_trial(
            value=sum(best) / len(best), intermediate_values=dict(enumerate(best)), params={}, distributions={}
        )
        study.add_trial(whole)
        trial = study.ask()
        for place, error in enumerate(mine):
            trial.report(error, place)
        return bool(trial.should_prune())


def _can_not_tell(differences: FloatArray) -> bool:
    """Returns whether differences are so few that even all of one sign are no rare chance; SciPy is slow to import."""
    sizes = np.abs(differences)
    is_exact = len(np.unique(sizes)) == len(sizes) and sizes.all()  # without ties and zeros, no p is below this
    return bool(is_exact and 0.5 ** len(sizes) > DOUBT)


def check_optuna(verb: str = "tune") -> None:
    """Refuses to begin where Optuna is missing.

    Args:
        verb: that needs it.

    Raises:
        DependencyError: it is.
    """
    _optuna(verb)


def _optuna(verb: str = "tune") -> Any:
    try:
        import optuna
    except ImportError:
        raise DependencyError(f"{verb} needs Optuna, which is not installed.", EXTRA) from None
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its pruner is still called experimental
        yield


@contextmanager
def _said(path: Path | None) -> Iterator[None]:
    """Turns what Optuna says of a journal that it can't follow into a sentence.

    Raises:
        DataError: there is such.
    """
    try:
        with telling(f"write {path}"):
            yield
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError, AssertionError) as error:
        reason = f"{type(error).__name__}: {error}"
        name = path.parents[1].name if path else "NAME"
        anew = f"forecast tune DATA --name {name} --force begins anew"
        raise DataError(f"The journal {path} can't be read: {reason}.", anew) from error


class _Unlocked:
    """The journal's own lock, which is none: the tuning holds one that ends with its process, even by kill -9."""

    def acquire(self) -> bool:
        """Holds nothing."""
        return True

    def release(self) -> None:
        """Likewise."""


def _cut_unfinished(path: Path, settings: int) -> None:
    """Removes what a process that was killed left at the end of a journal: half a line, or a trial half asked for.

    Args:
        path: of the journal.
        settings: that each trial has.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
    if lines and _event(lines[-1]) is None:
        lines.pop()
    values = 0
    for place, line in reversed(list(enumerate(lines))):
        event = _event(line) or {}
        values += event.get("op_code") == SET_VALUE
        if _begins(event):
            lines = lines if values >= settings else lines[:place]
            break
    whole = sum(map(len, lines))
    if whole != len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def _event(line: bytes) -> dict[str, Any] | None:
    """Returns what a line of the journal says; None where it is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _begins(event: Mapping[str, Any]) -> bool:
    """Returns whether a trial begins with an event: one that was made, or that had waited."""
    made, state = event.get("op_code"), event.get("state")
    return (made == MAKE_TRIAL and state != WAITS) or (made == SET_STATE and state == RUNS)
