"""Quality rules: from where on live accuracy, or the age of the champion, is an alarm (standard library only).

skill<0    rmse>200    coverage<60%    bias>10    age>30d
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from forecast.durations import parse_duration
from forecast.errors import ExitCode, ForecastError, UsageError, did_you_mean
from forecast.name_lists import split_names
from forecast.production.store.run_record import RunRecord
from forecast.wording import counted, gap_percent, percent, short

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt}
_RULE = re.compile(r"\s*([A-Za-z_][\w -]*?)\s*(<=|>=|==|!=|<|>|=)\s*(.*?)\s*")
SHARES, NUMBERS, AGE = ("skill", "coverage"), ("rmse", "bias"), "age"
FIGURES = (SHARES[0], NUMBERS[0], SHARES[1], NUMBERS[1], AGE)
EXAMPLE = "--fail-if 'skill<0'"
LEAST_POINTS = 10
"""Points that have come true, from which on a champion below the naive is said to be so unasked."""


class QualityError(ForecastError):
    """A quality gate that the user asked for failed."""

    exit_code = ExitCode.QUALITY_GATE


@dataclass(frozen=True)
class LiveFigures:
    """What rules are about; None where it is not known.

    Attributes:
        skill: 1 − RMSE / RMSE of seasonal naive, of the forecasts that came true of late.
        rmse: of the same, in the target's unit, as is ``bias``.
        coverage: share of the truths in their 80 % intervals.
        bias: mean of forecast − truth.
        points: so many points that is.
        age: of the champion, in seconds.
    """

    skill: float | None = None
    rmse: float | None = None
    coverage: float | None = None
    bias: float | None = None
    points: int = 0
    age: float | None = None

    def facts(self) -> dict[str, Any]:
        """Returns them as the record of a run keeps them."""
        return {f"live_{name}": getattr(self, name) for name in ("skill", "rmse", "coverage", "bias", "points")}

    @property
    def is_below_naive(self) -> bool:
        """Whether enough came true to say that the seasonal naive would have been better."""
        return self.skill is not None and self.skill < 0 and self.points >= LEAST_POINTS


@dataclass(frozen=True)
class QualityRule:
    """A figure, and from where on it is an alarm.

    Attributes:
        text: as it was given.
        limit: a share, a number in the target's unit, or seconds.
    """

    text: str
    figure: str
    sign: str
    limit: float

    def is_broken(self, figures: LiveFigures) -> bool:
        """Returns whether it is an alarm; never where the figure is not known."""
        value: float | None = getattr(figures, self.figure)
        return value is not None and _COMPARE[self.sign](value, self.limit)

    def said(self, figures: LiveFigures) -> str:
        """Returns how it is broken: ``skill is -9 % (skill<0)``."""
        value: float | None = getattr(figures, self.figure)
        if self.figure == AGE:
            words = counted(int((value or 0) // 86_400), "day") if (value or 0) >= 86_400 else "less than a day"
            words = f"the champion's age is {words}"
        else:
            words = f"{self.figure} is {percent(value, 1) if self.figure in SHARES else short(value)}"
        return f"{words} ({self.text})"


def figures_of(record: RunRecord, age: float | None = None) -> LiveFigures:
    """Returns the figures as far as a run knew them; the champion's age in seconds is known."""
    known = (record.live_skill, record.live_rmse, record.live_coverage, record.live_bias, record.live_points or 0)
    return LiveFigures(*known, age)


def read_rules(texts: Iterable[str]) -> tuple[QualityRule, ...]:
    """Returns rules, each text one or a list with commas.

    Raises:
        UsageError: one is none.
    """
    return tuple(_rule(text.strip()) for given in texts for text in split_names(given) or ("",))


def broken(rules: Iterable[QualityRule], figures: LiveFigures) -> tuple[str, ...]:
    """Returns in words which rules are broken."""
    return tuple(rule.said(figures) for rule in rules if rule.is_broken(figures))


def unjudged(rules: Iterable[QualityRule], figures: LiveFigures) -> tuple[str, ...]:
    """Returns the rules about what is not known yet."""
    return tuple(rule.text for rule in rules if getattr(figures, rule.figure) is None)


def gate_error(name: str, said: Iterable[str]) -> QualityError:
    """Returns the error of a gate that failed."""
    return QualityError(f"{name}: {', '.join(said)}.", f"forecast score {name}, forecast history {name}")


def below_naive(figures: LiveFigures) -> str:
    """Returns in a sentence that the seasonal naive would have been better, or an empty string."""
    if not figures.is_below_naive or figures.skill is None:
        return ""
    share = gap_percent(-figures.skill)
    points = counted(figures.points, "point")
    return f"Live, the champion is worse than seasonal naive: its error is {share} higher ({points} of late)"


def _rule(text: str) -> QualityRule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise UsageError(f"--fail-if '{text}' is no rule: it takes a figure, < or >, and a limit.", EXAMPLE)
    figure, sign, limit = found[1].lower().replace("-", "_"), found[2], found[3]
    if figure not in FIGURES:
        known = f"'rmse>200', 'coverage<60%', 'bias>10' or 'age>30d'; the figures are {', '.join(FIGURES)}"
        raise UsageError(f"--fail-if '{text}': '{found[1]}' is no figure.{did_you_mean(figure, FIGURES)}", known)
    if sign not in _COMPARE:
        raise UsageError(f"--fail-if '{text}': a rule compares by <, <=, > or >=, not {sign}.", EXAMPLE)
    return QualityRule(text, figure, sign, _limit(text, figure, sign, limit))


def _limit(text: str, figure: str, sign: str, word: str) -> float:
    """Returns what stands behind the sign of a rule."""
    if figure == AGE:
        try:
            return parse_duration("--fail-if", word, bare_seconds=False, is_long=True).total_seconds()
        except UsageError:
            hint = f"--fail-if '{figure}{sign}30d'"
            raise UsageError(f"--fail-if '{text}': '{word}' is not a length of time.", hint) from None
    is_percent = word.endswith("%")
    try:
        value = float(word.removesuffix("%").strip())
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise UsageError(f"--fail-if '{text}': '{word}' is no number.", EXAMPLE)
    if figure in NUMBERS and is_percent:
        raise UsageError(
            f"--fail-if '{text}': {figure} is in the target's unit, and no share.", f"--fail-if '{figure}{sign}10'"
        )
    value = value / 100 if is_percent else value
    if figure == "coverage" and not 0 <= value <= 1:
        raise UsageError(f"--fail-if '{text}': coverage goes from 0 to 1.", f"--fail-if 'coverage{sign}{word}%'")
    if figure == "skill" and value > 1:
        raise UsageError(f"--fail-if '{text}': skill is 1 at most.", f"--fail-if 'skill{sign}{word}%'")
    return value
