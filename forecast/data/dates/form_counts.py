"""How many texts of a sample each form of dates reads, and which forms their order rules out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from forecast.data.dates.date_forms import (
    BARE_WEEKS,
    BARE_YEAR,
    FORMS,
    IN_TURN,
    PAIRS,
    Parsed,
    likely_forms,
    parse,
)

SAMPLE = 200  # different texts that choose the forms worth trying on all
MOSTLY = 0.8


def sample_of(values: Any) -> Any:
    """Returns the first and the last of many texts."""
    half = SAMPLE // 2
    if len(values) <= SAMPLE:
        return values
    return pa.concat_arrays([values.slice(0, half), values.slice(len(values) - half)])


def counts_by_form(sample: Any) -> Mapping[str, int]:
    """Returns how many texts of the sample each form reads."""
    return _counts_of_few(_Few(tuple(sample.to_pylist()), sample)) if len(sample) <= SAMPLE else _count_forms(sample)


@dataclass(frozen=True)
class _Few:
    words: tuple[str, ...]  # by which alone they are told apart
    array: Any = field(compare=False)


@lru_cache(32)  # one sample tells that a column holds dates, that they are no ranges, and their form
def _counts_of_few(texts: _Few) -> Mapping[str, int]:
    return _count_forms(texts.array)


def _count_forms(sample: Any) -> Mapping[str, int]:
    likely = set(likely_forms(sample)) - (set() if _are_weeks(sample) else set(BARE_WEEKS))
    if len(sample) < 2 or _are_hours_of_a_day(sample):
        likely -= set(PAIRS)
    readings = {form: parse(sample, form) for form in FORMS if form in likely}
    in_turn = dict.fromkeys((IN_TURN, "%m-%y", "%y-%b"), _are_months_in_turn) | {BARE_YEAR: _are_years_in_turn}
    for form, is_in_turn in in_turn.items():
        if form in readings and not is_in_turn(readings[form]):
            del readings[form]
    counts = {form: int(readings[form].valid.sum()) if form in readings else 0 for form in FORMS}
    pairs = max(counts[form] for form in PAIRS)
    if pairs and pairs >= MOSTLY * max(counts.values()):  # no months go on like 2010-11, 2011-12
        return {form: count if form in PAIRS else 0 for form, count in counts.items()}
    return counts


def _are_years_in_turn(reading: Parsed) -> bool:
    """Returns whether each year is mostly the one after, or each the one before, that of the text above it."""
    years = reading.wall[reading.valid].astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    steps = np.diff(years) % 100
    return steps.size > 1 and max((steps == 1).mean(), (steps == 99).mean()) > MOSTLY


def _are_hours_of_a_day(sample: Any) -> bool:
    """Returns whether pairs such as 00-01 go from 0 to 24, as those of hours do."""
    first = {re.split(r"\D", text.strip(), maxsplit=1)[0] for text in sample.to_pylist()}
    return {f"{hour:02}" for hour in range(24)} <= first and len(first) <= 26


def _are_weeks(sample: Any) -> bool:
    """Returns whether most texts end with two digits that are too large for a month."""
    endings = [text.strip()[-2:] for text in sample.to_pylist()]
    return bool(2 * sum(ending.isdecimal() and int(ending) > 12 for ending in endings) > len(endings))


def _are_months_in_turn(reading: Parsed) -> bool:
    """Returns whether each month is mostly the one after, or each the one before, that of the text above it."""
    months = reading.wall[reading.valid].astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    steps = np.diff(months)
    return bool(len(steps)) and max((steps == 1).mean(), (steps == -1).mean()) > MOSTLY
