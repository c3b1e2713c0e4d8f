"""The target column where nobody names it: by what names mean, then by how values behave.

    week,store,units,price,deal    units: a price that stays for weeks is a covariate of what is sold at it
    date,close,volume,open,high    close: days of a market
    date,visits,orders             neither: who knows? the person does, and is asked

Shapes: ``R`` rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.data.column_names import CLOCK_NAMES, ID_NAMES, TIME_NAMES, is_named, part_of
from forecast.data.files.table import Table
from forecast.data.findings import Finding
from forecast.data.panel import FloatArray, IntArray
from forecast.data.target_names import (
    CLOSE,
    COMPOUND,
    DERIVED,
    LISTED,
    NEVER,
    PRICE,
    UNKNOWN,
    VISITS,
    NameScore,
    role_in_market,
    score_name,
)
from forecast.errors import DataError, QuestionError
from forecast.wording import joined, listed, quoted

NEAR = 0.55  # two columns whose scores are no further apart may both be meant
SURE = 0.2  # of an explicit name: y, target
STAYS = 0.1  # share of steps at which a price that is set stays as it was
FEW_LEVELS, MOST_OF = 12, 0.6  # so few different prices, in so large a share of the rows, are set ones
FEW_KINDS = 5  # different numbers that are rather a class, a weekday or a rating than what is counted
WALKS = 0.9  # correlation of a market's price with the one before
MOST_EXAMPLES = 5
MOST_ASKED, MOST_SHOWN = 4, 3  # columns between which a person is to choose, and values of each


@dataclass(frozen=True)
class Rated:
    """A column of numbers, and how soon it is what is forecast."""

    name: str
    score: float
    name_score: NameScore


def choose_target(
    table: Table, taken: Sequence[str], order: Callable[[], IntArray] | None = None
) -> tuple[str, list[Finding]]:
    """Returns the column to forecast, when none was asked for.

    Args:
        table: The file.
        taken: The columns that are used already.
        order: Returns the rows by series and time, (R,), where that is known.

    Raises:
        DataError: No column holds numbers.
        QuestionError: Two columns may be meant.
    """
    free = [name for name in table.names if name not in taken]
    numeric = [name for name in free if table.kind(name) == "numbers" or table.is_mostly_numbers(name)]
    if not numeric:
        what = f": {examples(table, free)}." if free else "."
        raise DataError(f"No column of {table.source.name} holds numbers to forecast{what}", "--target COLUMN names it")
    if len(numeric) == 1:
        return numeric[0], []
    rows = order() if order else None
    values = {name: _numbers(table, name, rows) for name in numeric}
    chosen = _closing(table, numeric, values)
    if chosen is None:
        rated = sorted(
            (_rated(table, name, values) for name in numeric), key=lambda one: (one.score, not one.name_score.is_total)
        )
        rivals = _rivals(rated, values)
        if rivals:
            raise _undecided(table, [rated[0].name, *(one.name for one in rivals)])
        chosen = rated[0].name
    others = [name for name in numeric if name != chosen]
    return chosen, [Finding("note", "target", f"{chosen}; also numbers: {listed(others)}", "--target")]


def sounds_forecast(name: str) -> bool:
    """Returns whether a column is called like what is forecast, and not like what tells series apart."""
    scored = score_name(name)
    return scored.score <= LISTED and bool(scored.words) and scored.word != ""


def examples(table: Table, names: Sequence[str]) -> str:
    """Returns the columns with the first value of each: ``city ('Rome'), note (empty)``."""
    shown = []
    for name in names[:MOST_EXAMPLES]:  # each may have to be read again
        texts = table.texts(name)
        filled = texts.codes >= 0
        shown.append(f"{name} ({quoted(texts.value(int(filled.argmax())))})" if filled.any() else f"{name} (empty)")
    return listed(shown, len(shown), len(names))


def _undecided(table: Table, names: Sequence[str]) -> QuestionError:
    """Returns that each of some columns may be meant, the first few named with their first values."""
    shown = [quoted(name) for name in names]
    listing = joined(shown) if len(shown) <= MOST_ASKED else listed(shown, MOST_ASKED)
    count = {2: "two", 3: "three", 4: "four"}.get(len(names), str(len(names)))
    message = f"{table.source.name} has {count} columns that may be what is to be forecast: {listing}."
    return QuestionError(message, {name: _beginning(table, name) for name in names[:MOST_ASKED]}, flag="--target")


def _beginning(table: Table, name: str) -> str:
    """Returns the first values of a column: ``12, 15, 9 …``."""
    texts = table.texts(name)
    rows = np.flatnonzero(texts.codes >= 0)[:MOST_SHOWN]
    return ", ".join(texts.value(int(row)) for row in rows) + " …"


def _closing(table: Table, names: Sequence[str], values: Mapping[str, FloatArray | None]) -> str | None:
    """Returns the closing price of days of a market; None where the columns are none, or one is called ``y``.

    Raises:
        QuestionError: There are those of several, side by side.
    """
    roles = {name: role_in_market(name) for name in names if not _is_constant(values[name])}
    is_market = len({"open", "high", "low"} & set(roles.values())) >= 2 or _is_ticker(roles)
    if not is_market or any(score_name(name).score <= SURE for name in names):
        return None
    for role in ("close", "last", "price"):
        own = [name for name in roles if roles[name] == role]
        plain = [name for name in own if not {"adj", "adjusted", "vwap"} & set(score_name(name).words)] or own
        if not plain:
            continue
        least = min(len(score_name(name).words) for name in plain)
        shortest = [name for name in plain if len(score_name(name).words) == least]
        if (
            len(shortest) > 1
            and least > 1
            and len({score_name(name).words for name in shortest}) > 1
            and role == "close"
        ):
            raise _undecided(table, shortest)
        return shortest[0]
    return None


def _is_ticker(roles: Mapping[str, str]) -> bool:
    """Returns whether the columns are a last price with what was traded at it and by how much it changed."""
    others = [name for name, role in roles.items() if role != "last"]
    return 0 < len(others) < len(roles) and all(
        _is_traded(name) or score_name(name).score >= DERIVED for name in others
    )


def _is_traded(name: str) -> bool:
    words = set(score_name(name).words)
    return bool({"volume", "vol", "volumen", "volumes", "wolumen", "cap"} & words) and not words & {"sold", "sales"}


def _rated(table: Table, name: str, values: Mapping[str, FloatArray | None]) -> Rated:
    scored, numbers = score_name(name), values[name]
    score = scored.score
    is_named_so = score <= VISITS
    if _is_constant(numbers):
        score = NEVER
    elif _tells_rows_apart(name, score):
        score = NEVER - 0.5
    elif PRICE <= score < LISTED and scored.score - PRICE < NEAR and _is_price(scored):
        if scored.is_listed or _stays(numbers):
            score += LISTED - PRICE
        elif _walks(numbers) and _is_beside_volume_only(name, values):
            score = CLOSE
    elif not is_named_so and _is_flag(numbers):
        score = max(score, DERIVED)
    elif score >= UNKNOWN and _is_counter(numbers):
        score = NEVER
    if score >= UNKNOWN and not table.is_of_digits(name):
        score += 0.25
    return Rated(name, score, scored)


def _tells_rows_apart(name: str, score: float) -> bool:
    """Returns whether a column is called like a time or a series: a settlement period is no settlement."""
    is_named_so = LISTED < score < NEVER and is_named(name, (*TIME_NAMES, *CLOCK_NAMES, *ID_NAMES))
    return is_named_so or part_of(name) in {"slot", "hour"}


def _rivals(rated: Sequence[Rated], values: Mapping[str, FloatArray | None]) -> list[Rated]:
    """Returns the columns that may be meant as well as the first of them."""
    best = rated[0]
    if best.score > VISITS + NEAR:
        sold = [one for one in rated[1:] if one.score == UNKNOWN and _counts(values[one.name])]
        return sold if _is_price(best.name_score) else []
    limit = min(best.score + NEAR, VISITS + NEAR)
    return [one for one in rated[1:] if _bare_score(one) <= limit and not _is_part(one, best)]


def _bare_score(one: Rated) -> float:
    """Returns the score of a column, a price by what it is of (spot price, day-ahead price) like one of nothing."""
    return one.score - COMPOUND if _is_price(one.name_score) and len(one.name_score.words) > 1 else one.score


def _is_part(one: Rated, best: Rated) -> bool:
    """Returns whether a column tells a part or another form of what the best one does: sales, and online sales."""
    own, other = set(one.name_score.words), set(best.name_score.words)
    is_longer = other < own
    is_of_total = (
        best.name_score.is_total and not one.name_score.is_total and best.name_score.word == one.name_score.word
    )
    return is_longer or is_of_total


def _is_price(scored: NameScore) -> bool:
    return PRICE <= scored.score <= PRICE + NEAR and scored.score < VISITS


def _is_beside_volume_only(name: str, values: Mapping[str, FloatArray | None]) -> bool:
    """Returns whether nothing else but what is traded in a market stands beside a price."""
    rivals = [other for other in values if other != name and score_name(other).score <= VISITS + NEAR]
    return all(map(_is_traded, rivals))


def _numbers(table: Table, name: str, order: IntArray | None) -> FloatArray | None:
    """Returns the numbers that a column has, by series and time; None where a cell is none."""
    try:
        numbers = table.numbers(name)
    except DataError:
        return None
    numbers = numbers if order is None else numbers[order]
    return numbers[~np.isnan(numbers)]


def _counts(numbers: FloatArray | None) -> bool:
    """Returns whether numbers may count what is sold: whole, none below 0, more than a few of them."""
    if numbers is None or numbers.size == 0:
        return False
    return bool(numbers.min() >= 0 and (numbers == np.round(numbers)).all() and np.unique(numbers).size > FEW_KINDS)


def _is_constant(numbers: FloatArray | None) -> bool:
    return numbers is not None and (numbers.size == 0 or bool(numbers.size > 2 and numbers.min() == numbers.max()))


def _is_flag(numbers: FloatArray | None) -> bool:
    return numbers is not None and bool(np.isin(numbers, (0.0, 1.0)).all())


def _is_counter(numbers: FloatArray | None) -> bool:
    """Returns whether numbers count on by one, as those of rows do."""
    return numbers is not None and numbers.size > 2 and bool((np.abs(np.diff(numbers)) == 1).all())


def _stays(numbers: FloatArray | None) -> bool:
    """Returns whether a price is set and stays so for a while, or is one of a few."""
    if numbers is None or numbers.size < 3:
        return False
    counts = np.sort(np.unique(numbers, return_counts=True)[1])[::-1]
    few = numbers.size > 2 * FEW_LEVELS and counts[:FEW_LEVELS].sum() >= MOST_OF * numbers.size
    return bool(few or (np.diff(numbers) == 0).mean() >= STAYS)


def _walks(numbers: FloatArray | None) -> bool:
    """Returns whether each number is close to the one before, as prices of a market are."""
    if numbers is None or numbers.size < 20:
        return False
    centred = numbers - numbers.mean()
    return float((centred[1:] * centred[:-1]).sum() / (centred**2).sum()) > WALKS
