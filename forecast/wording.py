"""How messages, tables and pictures name counts, numbers, shares, lists and cells: one wording on all floors (stdlib).

A number is written by one of six, which differ in what it stands beside:

    about            1,470,000   a number that is expected, in a headline: three digits
    digits           1,468,512   a value of the data within a sentence: as a person writes it
    score_text       26.834      an error within a sentence: five digits, or four as in the table above it
    short            28.000      a cell of a table of the terminal: as many decimals as the cells above it
    short_number     28.00       a picture or a page: four digits
    measure          28          a cell of a page whose rows have different units: four digits, no noughts at the end
"""

import math
import re
import shlex
from collections.abc import Iterable, Sequence

NO_NUMBER = "–"
_ADVERBS = {"day": "daily", "business-day": "business-daily", "row": "by row"}
WHOLE, TRILLION = 1e6, 1e12
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def counted(number: int, noun: str) -> str:
    """Returns the number with its noun: ``1 date``, ``1,461 dates``; ``series`` is its own plural."""
    return f"{number:,} {noun}" + ("" if number == 1 or noun.endswith("s") else "s")


def adverb(unit: str) -> str:
    """Returns how often steps of a unit come: ``daily``, ``monthly``, ``by row``."""
    return _ADVERBS.get(unit, f"{unit}ly")


def quoted(text: str, most: int = 40) -> str:
    """Returns what stands in a cell, in quotation marks; its beginning where it is long."""
    return f"'{text}'" if len(text) <= most else f"'{text[:most]}…'"


def python_line(code: str) -> str:
    """Returns a line for the shell that runs Python code."""
    return f"python -c {shlex.quote(code)}" if re.search(r'["$`\\!]', code) else f'python -c "{code}"'


def listed(names: Sequence[str], most: int = 5, of: int | None = None) -> str:
    """Returns the names with commas, the first few of them when they are many; ``of`` so many."""
    rest = (len(names) if of is None else of) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def joined(names: Sequence[str], last: str = "and") -> str:
    """Returns all names with commas and a word before the last: ``rnn, lstm and gru``."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]


def percent(share: float | None, decimals: int = 0, *, signed: bool = False) -> str:
    """Returns a share of 1: ``31 %``, or ``+31 %``; a dash where there is none."""
    return NO_NUMBER if share is None else f"{100 * share:{'+' if signed else ''}z.{decimals}f} %"


def gap_percent(share: float) -> str:
    """Returns a share by which two numbers differ: ``31 %``, ``3.1 %``, and never nought where they differ."""
    hundredths = 100 * share
    if hundredths < 0.05:
        return "less than 0.1 %"
    return percent(share, 1 if hundredths < 10 else 0)


def signed_gap(share: float) -> str:
    """Returns by what share a number is above or below another: ``+31 %``, ``−3.1 %``, ``within 0.1 %``."""
    if 100 * abs(share) < 0.05:
        return "within 0.1 %" if share else "0 %"
    return f"{'+' if share > 0 else '−'}{gap_percent(abs(share))}"


def rare_percent(share: float) -> str:
    """Returns a share of what is rare: ``31 %``, and below one in a hundred its first digit, ``0.04 %``."""
    return percent(share) if share >= 0.01 else f"{100 * share:.1g} %"


def digits(value: float, least: int = 6) -> str:
    """Returns a number as a person writes it, to so many digits at least and no power of ten: ``1,468,512``."""
    if not TRILLION > abs(value) > 1 / TRILLION:
        return f"{value:.{least}g}"
    return f"{value:,.0f}" if abs(value) >= WHOLE else _without_noughts(value, least)


def about(value: float | None, least: int = 3) -> str:
    """Returns a number as it is told of something uncertain, to three digits: ``611,000`` or ``41.2`` or ``0.057``."""
    if value is None or not math.isfinite(value):
        return NO_NUMBER
    if not TRILLION > abs(value) > 1 / WHOLE:
        return f"{value or 0.0:.{least}g}"
    decimals = least - 1 - math.floor(math.log10(abs(value)))
    return _trimmed(f"{round(value, decimals):,.{max(0, decimals)}f}")


def score_text(value: float, significant: int = 5) -> str:
    """Returns an error with at most so many significant digits and thousands separators; a power of ten if huge."""
    if value == 0 or not math.isfinite(value) or abs(value) < 1e-3:
        return f"{value:.{significant}g}"
    return f"{value:.{significant - 1}e}" if abs(value) >= TRILLION else _without_noughts(value, significant)


def decimals_that_matter(values: Iterable[float], forecasts: Iterable[float], widths: Iterable[float]) -> int:
    """Returns how many decimals of forecasts say anything: no more than the data has, unless these are small numbers.

    Args:
        values: of the data; NaN is none.
        forecasts: in the same unit; at least two digits of a usual one are shown.
        widths: of intervals; a tenth of half of a usual one is the last digit that says anything.
    """
    sizes, spans = (sorted(abs(x) for x in some if x) for some in (_finite(forecasts), _finite(widths)))
    least = _decimals(sizes[len(sizes) // 2], 2) if sizes else 0
    own = max(max(map(_decimals_of, _finite(values)), default=0), least)
    return min(own, _decimals(spans[len(spans) // 2] / 2, 2)) if spans else own


def decimals_of_errors(errors: Iterable[float]) -> int:
    """Returns how many decimals show four digits of the smallest error that is one, for a column of them."""
    return _decimals(min((error for error in _finite(errors) if error > 0), default=1.0), 4)


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _decimals(value: float, significant: int) -> int:
    return max(0, significant - 1 - math.floor(math.log10(value)))


def _decimals_of(value: float) -> int:
    """Returns how many decimals a number was written with; six where it was calculated."""
    return next((places for places in range(6) if abs(value - round(value, places)) <= 1e-9 * abs(value)), 6)


def _without_noughts(value: float, least: int) -> str:
    return _trimmed(f"{value:,.{max(0, least - 1 - math.floor(math.log10(abs(value))))}f}")


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(value: str | float | None) -> str:
    """Returns a number with at most five significant digits, or its whole part up to a trillion; others as text."""
    if value is None:
        return NO_NUMBER
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else value
    if not math.isfinite(value):
        return NO_NUMBER
    if value == 0:
        return "0"
    if abs(value) >= TRILLION:
        return f"{value:.4e}"
    decimals = max(0, 5 - len(f"{abs(value):.0f}")) if abs(value) >= 1 else 4
    return f"{value:,.{decimals}f}" if abs(value) >= 0.001 else f"{value:.3g}"


def plain(value: float, decimals: int) -> str:
    """Returns a number with so many decimals, fewer where it would have more than five digits; see ``short``."""
    if not math.isfinite(value) or abs(value) >= TRILLION or (value and abs(value) < 1e-3):
        return short(value)
    most = max(0, 5 - len(f"{abs(value):.0f}")) if abs(value) >= 1 else 5
    text = f"{value:,.{min(decimals, most)}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text  # no nought is below nought


def fixed(value: float, decimals: int) -> str:
    """Returns a ratio with so many decimals, and as ``short`` does where there is none or it is out of hand."""
    return f"{value:.{decimals}f}" if abs(value) < 10_000 else short(value)


def size_text(size: float) -> str:
    """Returns a number of bytes as a person reads it, in powers of ten: 0 bytes, 12 kB, 1.3 GB."""
    if size < 1_000:
        return counted(int(size), "byte")
    power = 1 if size < 999.5e3 else 2 if size < 999.5e6 else 3 if size < 999.5e9 else 4
    number = size / 1_000**power
    return f"{number:.{0 if number >= 9.95 else 1}f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def short_number(value: float | None, spread: float = 0.0) -> str:
    """Returns four significant digits with commas between thousands: 12,346 or 0.05679 or 41.21 ± 3.10."""
    if value is None or not math.isfinite(value):
        return NO_NUMBER
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    form = f",.{max(0, 3 - magnitude)}f" if -4 <= magnitude < 12 else ".3e"
    return f"{value:{form}} ± {spread:{form}}" if spread else f"{value:{form}}"


def measure(value: str | float | None) -> str:
    """Returns a number with at most four significant digits, a count with all: 12.5 or 5,121; others as text."""
    if value is None:
        return NO_NUMBER
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def rounded(value: float | None, most: int) -> float | None:
    """Returns a number of at most so many significant digits, as a document keeps it; None where there is none."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{most}g}")


def spelled(count: int) -> str:
    """Returns a small number as a word: ``three``; from ten on its digits."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def type_name(value: object) -> str:
    """Returns the type of a value as a reader of Python knows it: ``list``, ``numpy.ndarray``."""
    own = type(value)
    package = own.__module__.partition(".")[0]
    return own.__qualname__ if package == "builtins" else f"{package}.{own.__qualname__}"
