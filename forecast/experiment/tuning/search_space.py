"""The search space: which settings of a network are searched, and which values of each, derived from the data.

A setting is called by its flag: ``learning-rate``. What is searched stands beside its default, the recipe's own value,
so that a trial says what it changes and nothing else; the recipe decides the rest, at the end of the data too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from math import lcm, sqrt
from typing import Any, get_args

from forecast.decoding import Document
from forecast.errors import UsageError, closest, did_you_mean
from forecast.experiment.final_fit import AUTO
from forecast.experiment.plan import LONGEST_WINDOW
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.models.networks.presets import MANY_WINDOWS, views_of
from forecast.models.registry import ENSEMBLE, OF_NETWORKS, check_settings, is_learned, settings_of
from forecast.specs import LESSONS, LINEAR, Loss, ModelSpec, Plan, Settings, ViewSet
from forecast.wording import listed

Value = str | int | float
Changes = Mapping[str, Value]
"""Settings by name that are not as the recipe has them."""

CELL, WINDOW, SEGMENT, RATE, DECAY, VIEWS = "cell", "window", "segment", "learning-rate", "weight-decay", "views"
SETTINGS = (*(WINDOW, VIEWS, "loss", RATE, CELL, SEGMENT, DECAY, "units", "steps", "dropout", "layers", "batch-size"),)
"""In the order in which they are worth a trial."""
OF_HIGHWAY = tuple(name for name in SETTINGS if name == WINDOW or name.replace("-", "_") in settings_of(LINEAR))
"""Settings that a network without a recurrent cell has, too."""
NUMBERS = (RATE, DECAY, "dropout")
"""Settings that are no whole numbers."""
DECAYS = (0.0, 0.1, 0.3, 1.0)
WORDS: Mapping[str, tuple[str, ...]] = {
    CELL: (AUTO, *CELLS, ENSEMBLE, LINEAR),
    "loss": get_args(Loss),
    VIEWS: get_args(ViewSet),
}
WINDOW_TIMES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Windows that are tried, in windows of the recipe."""
RATE_TIMES = 5.0
"""Learning rates are tried from the recipe's over this to the recipe's by this."""
SHORT_WINDOW = 60
"""A longer window is not cut into segments of one step: so many recurrent steps take too long to be tried."""


@dataclass(frozen=True)
class SearchedSetting(Document):
    """A setting, and what is tried of it.

    Attributes:
        name: of its flag.
        default: what the recipe has.
        values: that are tried, the default among them; of a range, its ends.
        is_ordered: they are numbers, of which near ones are alike.
        is_range: every number between the ends is tried, evenly by its logarithm.
    """

    name: str
    default: Value
    values: tuple[Value, ...]
    is_ordered: bool = True
    is_range: bool = False

    @property
    def words(self) -> str:
        """The setting and its values: ``units 16 to 64``."""
        if self.is_ordered:
            return f"{self.name} {self.values[0]:g} to {self.values[-1]:g}"
        return f"{self.name} {'|'.join(map(str, self.values))}"


@dataclass(frozen=True)
class Rung(Document):
    """How cheaply trials are trained; see ``rungs``.

    Attributes:
        cell: in place of all cells together; ``auto`` for what is tuned.
        effort: share of the recipe's training steps.
    """

    cell: str
    effort: float


FIRST = 24
"""So many trials at most change one setting alone, before others are proposed by what these taught."""


def neighbours(space: Sequence[SearchedSetting]) -> tuple[dict[str, Value], ...]:
    """Returns trials that change one setting each, the first of every setting before the second of any.

    A default that is good is seldom beaten by what differs from it in everything; what a setting does alone is also
    what proposing learns most from.
    """
    usual = {each.name: each.default for each in space}
    each_of = [[{**usual, each.name: value} for value in _tried_alone(each)] for each in space]
    rounds = zip_longest(*each_of)
    return tuple(trial for one in rounds for trial in one if trial is not None)[:FIRST]


def _tried_alone(each: SearchedSetting) -> tuple[Value, ...]:
    """Returns values of a setting worth a trial by themselves: a larger one, a smaller one, the largest; or all."""
    if not each.is_ordered:
        return tuple(value for value in each.values if value != each.default)
    usual = float(each.default)
    if each.is_range:
        return tuple(_two_digits(sqrt(usual * float(end))) for end in reversed(each.values) if float(end) != usual)
    above = [value for value in each.values if float(value) > usual]
    below = [value for value in each.values if float(value) < usual]
    picked = (*above[len(above) // 2 :][:1], *below[len(below) // 2 :][:1], *above[-1:])
    return tuple(dict.fromkeys(picked))


COMBINED = 4
"""So many trials then put together what was better alone."""


def combined(space: Sequence[SearchedSetting], tried: Sequence[tuple[Changes, float]]) -> tuple[dict[str, Value], ...]:
    """Returns trials that change the two settings together that gained most alone, the three, …, all that gained.

    Args:
        space: what is searched.
        tried: values and error of each trial that ended, the default among them.
    """
    usual = {each.name: each.default for each in space}
    default = next((error for values, error in tried if values == usual), None)
    if default is None:
        return ()
    best: dict[str, tuple[float, Value]] = {}
    for values, error in tried:
        changed = [name for name, value in values.items() if value != usual[name]]
        if len(changed) == 1 and error < best.get(changed[0], (default,))[0]:
            best[changed[0]] = error, values[changed[0]]
    order = sorted(best, key=lambda name: best[name][0])
    sizes = dict.fromkeys((*range(2, min(len(order), COMBINED) + 1), len(order)))
    return tuple({**usual, **{name: best[name][1] for name in order[:size]}} for size in sizes if size >= 2)


def search_space(
    plan: Plan, spec: ModelSpec, windows: int, known: int, model: str, segment: int | None = None
) -> tuple[SearchedSetting, ...]:
    """Returns all settings that can be searched, with the values that this data allows.

    Args:
        plan: of the search, its window the recipe's.
        spec: of the recipe.
        windows: that the data gives at its end.
        known: steps of a typical series at the earliest origin.
        model: that is tuned; its cell is searched where it is ``auto``.
        segment: that somebody gave, and that windows must be cut into.
    """
    many = windows >= MANY_WINDOWS
    units = (spec.units // 4, spec.units // 2, spec.units, 2 * spec.units, *((4 * spec.units,) if many else ()))
    rates = (_two_digits(spec.learning_rate / RATE_TIMES), _two_digits(spec.learning_rate * RATE_TIMES))
    batches = (spec.batch_size // 2, spec.batch_size, 2 * spec.batch_size)
    found = [
        SearchedSetting(WINDOW, spec.window, _windows(plan, spec.window, known, segment or 1)),
        SearchedSetting(SEGMENT, AUTO, _segments(spec), is_ordered=False),
        SearchedSetting(CELL, AUTO, (AUTO, LINEAR, *reversed(tuple(CELLS))), is_ordered=False),
        SearchedSetting("units", spec.units, units),
        SearchedSetting("layers", spec.layers, tuple(sorted({1, 2, spec.layers}))),
        SearchedSetting(RATE, spec.learning_rate, rates, is_range=True),
        SearchedSetting("steps", spec.steps, tuple(max(10, round(spec.steps * times)) for times in (0.5, 1, 2, 4))),
        SearchedSetting("loss", spec.loss, tuple(dict.fromkeys((spec.loss, "mae", "mse", "huber"))), is_ordered=False),
        SearchedSetting("dropout", spec.dropout, tuple(sorted({0.0, 0.1, 0.2, 0.3, spec.dropout}))),
        SearchedSetting("batch-size", spec.batch_size, tuple(sorted(set(batches)))),
    ]
    found += [
        SearchedSetting(VIEWS, AUTO, (AUTO, *_view_sets(plan, spec)), is_ordered=False),
        SearchedSetting(DECAY, spec.weight_decay or 0.0, tuple(sorted({*DECAYS, spec.weight_decay or 0.0}))),
    ]
    found.sort(key=lambda each: SETTINGS.index(each.name))
    if model != AUTO:
        found = [each for each in found if each.name != CELL]
    if model == LINEAR:
        found = [each for each in found if each.name in OF_HIGHWAY]
    return tuple(each for each in found if len(each.values) > 1)


def _view_sets(plan: Plan, spec: ModelSpec) -> tuple[ViewSet, ...]:
    """Returns the sets of views that are others than the recipe's; none where what is forecast has views of its own."""
    if plan.is_intermittent or plan.kind == "price":
        return ()
    allowed: tuple[ViewSet, ...] = tuple(name for name in get_args(ViewSet) if name != "log" or plan.nonnegative)
    return tuple(name for name in allowed if views_of(name, plan, spec.views) != spec.views)


def _windows(plan: Plan, usual: int, known: int, segment: int) -> tuple[int, ...]:
    """Returns windows of whole seasons, if the recipe's is, and of whole segments, that fit before the first origin."""
    season = lcm(plan.season if usual % plan.season == 0 else 1, segment)
    most = max(usual, min(known - plan.horizon, LONGEST_WINDOW))
    tried = {max(season, round(times * usual / season) * season) for times in WINDOW_TIMES}
    return tuple(sorted({usual, *(window for window in tried if window <= most)}))


def _segments(spec: ModelSpec) -> tuple[Value, ...]:
    """Returns how many observations may enter one recurrent step: as the recipe has it, or so many at most."""
    season = spec.season
    sizes = {1, 2, 4, 8} if season == 1 else {1, max(1, season // 2), season, 2 * season}
    least = 1 if spec.window <= SHORT_WINDOW else 2
    return (AUTO, *sorted(size for size in sizes if least <= size <= spec.window // 2))


def _two_digits(number: float) -> float:
    """Returns a number with two digits that count."""
    return float(f"{number:.1e}")


def narrowed(
    space: Sequence[SearchedSetting], names: Sequence[str] | None, settings: Settings, model: str
) -> tuple[SearchedSetting, ...]:
    """Returns what is searched of all that could be.

    Args:
        space: all of it.
        names: that were asked for; None for all that nobody gave a value.
        settings: of the run: what has a value is not searched.
        model: likewise.

    Raises:
        UsageError: a name is no setting, has a value already or none that could be tried; or nothing is left.
    """
    pinned, known = pinned_names(settings, model), {each.name: each for each in space}
    check_names(names or ())
    for name in names or ():
        if name in pinned:
            text = f"{name} is to be searched, and has a value already: {pinned[name]}."
            raise UsageError(text, f"--search without {name}, or no value for it")
        if name not in known:
            why = f"{model} has none" if model == LINEAR and name not in OF_HIGHWAY else "this data allows one value"
            raise UsageError(f"There is nothing to search of {name}: {why}.", f"--search {','.join(known)}")
    left = tuple(each for each in space if each.name not in pinned and (names is None or each.name in names))
    if not left:
        text = f"Nothing is left to search: {listed(tuple(pinned))} {'has' if len(pinned) == 1 else 'have'} values."
        raise UsageError(text, f"--search {','.join(known)} without values for all of them")
    return left


def check_names(names: Sequence[str]) -> None:
    """Refuses names of settings that are none.

    Raises:
        UsageError: there is one.
    """
    for name in names:
        if name not in SETTINGS:
            what = _no_setting(f"--search {name}", name)
            raise UsageError(what, f"--search {','.join(SETTINGS)}")


def _no_setting(words: str, name: str) -> str:
    """Returns that a word is no setting that is searched, with what may be meant."""
    if name.replace("-", "_") in OF_NETWORKS:
        return f"{words}: {name} is not searched."
    return f"{words} is no setting of a network.{did_you_mean(name, SETTINGS)}"


def pinned_names(settings: Settings, model: str) -> dict[str, Value]:
    """Returns the settings that a person gave, which are not searched."""
    given = {name.replace("_", "-"): value for name, value in settings.overrides.given().items()}
    given |= {WINDOW: settings.window} if settings.window is not None else {}
    given |= {CELL: model} if model != AUTO else {}
    return {name: value for name, value in given.items() if name in SETTINGS}


def check_model(settings: Settings, model: str) -> None:
    """Refuses what has no settings to search.

    Raises:
        UsageError: a model that is no network, a setting that it has not, or a recipe that is a lesson.
    """
    if model != AUTO and not is_learned(model):
        raise UsageError(f"tune searches settings of networks, and {model} has none.", f"--model {REFERENCE}, or none")
    if settings.preset in LESSONS:
        raise UsageError(f"--preset {settings.preset} is a recipe of its own to learn from.", "another --preset")
    if model != AUTO:
        check_settings(settings, (model,))


def with_fixed(settings: Settings, model: str, fixed: Mapping[str, str]) -> tuple[Settings, str]:
    """Returns settings and model with those that ``--fix`` gives a value, as their own flags would.

    Raises:
        UsageError: a name is no setting, has another value already, or the value is none that it could have.
    """
    pinned = pinned_names(settings, model)
    values: dict[str, Any] = {}
    for name, text in fixed.items():
        if name not in SETTINGS:
            near = closest(name, SETTINGS)
            hint = f"--fix {near}={text}" if near else f"--fix takes one of: {', '.join(SETTINGS)}"
            hint = f"--{name} {text}" if name.replace("-", "_") in OF_NETWORKS else hint
            raise UsageError(_no_setting(f"--fix {name}", name), hint)
        values[name] = _read(name, text)
        if name in pinned and pinned[name] != values[name]:
            message = f"{name} can't be both {pinned[name]} and {values[name]}."
            flag = "model" if name == CELL else name
            raise UsageError(message, f"--fix {name}={values[name]}, or --{flag} {pinned[name]}")
    lacks = [name for name in values if values.get(CELL, model) == LINEAR and name not in {CELL, *OF_HIGHWAY}]
    if lacks:
        raise UsageError(f"--fix {lacks[0]}: {LINEAR} has none.", f"--fix without {lacks[0]}, or another --model")
    return changed_settings(settings, model, values)


def _read(name: str, text: str) -> Value:
    """Returns the value that a word stands for."""
    if name in WORDS:
        words = WORDS[name]
        if text not in words:
            meant = closest(text, words) or words[1]
            raise UsageError(f"--fix {name}={text} is none.{did_you_mean(text, words)}", f"--fix {name}={meant}")
        return text
    try:
        return float(text) if name in NUMBERS else int(text)
    except ValueError:
        kind = "a number" if name in NUMBERS else "a whole number"
        example = {RATE: "0.003"}.get(name, "0.1") if name in NUMBERS else "32"
        raise UsageError(f"--fix {name}={text}: {text!r} is not {kind}.", f"--fix {name}={example}") from None


def changes_of(values: Changes, space: Sequence[SearchedSetting], window: int) -> dict[str, Value]:
    """Returns what a trial's values change of the recipe; of a network without a cell, none that it does not have.

    A segment is made shorter until it divides the window, which goes with it: the recipe's may be another at the end
    of the data.

    Args:
        values: of each setting that is searched.
        space: these settings.
        window: the recipe's.
    """
    usual = {each.name: each.default for each in space}
    changed = {name: value for name, value in values.items() if value != usual[name]}
    if changed.get(CELL) == LINEAR:
        return {name: value for name, value in changed.items() if name in {CELL, *OF_HIGHWAY}}
    if SEGMENT in changed:
        whole = int(changed.get(WINDOW, window))
        segment = max(size for size in range(1, int(changed[SEGMENT]) + 1) if whole % size == 0)
        changed |= {WINDOW: whole, SEGMENT: segment}
    return changed


def changes_in_words(space: Sequence[SearchedSetting], values: Changes) -> str:
    """Returns which settings of a trial are not the default's, with their values; ``nothing`` where all are."""
    changed = {one.name: values[one.name] for one in space if values.get(one.name, one.default) != one.default}
    if changed.get(CELL) == LINEAR:  # of a cell it has nothing
        changed = {name: value for name, value in changed.items() if name in {CELL, *OF_HIGHWAY}}
    words = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in changed.items()]
    return ", ".join(words) or "nothing"


def at_end(changes: Changes, window: int, end_window: int | None, season: int = 1) -> dict[str, Value]:
    """Returns changes as they are at the end of the data: a window is as many times the recipe's as it was before it.

    Args:
        changes: of the recipe before the confirmation span.
        window: that it had there.
        end_window: that it has at the end; None where that is not known.
        season: of the plan: windows are whole ones.
    """
    found = dict(changes)
    if WINDOW not in found or end_window in {None, window}:
        return found
    found[WINDOW] = max(1, round(int(found[WINDOW]) * int(end_window or window) / window / season)) * season
    if SEGMENT in found:
        found[SEGMENT] = max(size for size in range(1, int(found[SEGMENT]) + 1) if int(found[WINDOW]) % size == 0)
    return found


def changed_settings(settings: Settings, model: str, changes: Changes) -> tuple[Settings, str]:
    """Returns settings and model with some of them changed, by name."""
    own: dict[str, Any] = {
        name.replace("-", "_"): value for name, value in changes.items() if name not in {CELL, WINDOW}
    }
    changed = replace(settings, overrides=replace(settings.overrides, **own))
    if WINDOW in changes:
        changed = replace(changed, window=int(changes[WINDOW]))
    return changed, str(changes.get(CELL, model))


def trained_model(model: str) -> str:
    """Returns the model that stands for what is tuned in the scores: of ``auto``, all cells together."""
    return ENSEMBLE if model == AUTO else model


def toml_lines(changes: Changes) -> str:
    """Returns settings as a file of settings has them, a line each; the cell is what it calls the model."""
    own = {"model" if name == CELL else name: value for name, value in changes.items()}
    return "\n".join(
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}" for name, value in own.items()
    )
