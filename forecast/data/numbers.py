"""Numbers in whatever form a person wrote them: 1,234.50  1.234,50  €1'234  (12)  168.31K  0,5 %  12 kg  ١٢٣.

A column is read in the style that fits most of its cells; one with a single meaning proves it for the others.
1,234 alone proves nothing: it is a thousand to some and one and a bit to others.

Shapes: ``D`` different texts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.arrow import coded, flags, masked, memory
from forecast.data.panel import FloatArray
from forecast.errors import DataError

SAMPLE = 400  # different texts that tell whether a column holds numbers
MONEY = r"(?:us|r|a|c|hk|nz)?\p{Sc}|usd|eur|gbp|jpy|cny|chf|cad|aud|inr|sek|nok|dkk|pln|brl|zar|kr\.?|rs\.?|zł|kč"
UNITS = {"k": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "%": 1.0}
MEASURES = (
    r"kg|mg|lbs?|oz|tons?|tonnes?|pcs?\.?|pieces?|units?|items?|ea\.?|stk\.?|stück|[kmg]?wh|kw|°[cf]?|ml|hl|gal"
    r"|km(?:/h)?|hrs?|min|sec|orders?|visit(?:or)?s?|customers?|people|pax|bps|ppm|円|元|원|руб\.?"
)
"""What is counted or weighed, where one of them stands behind every number that has any."""
MINUS = "[-−–]"  # the hyphen, the minus and the dash that stands for one
BOUND = r"<=?|≤|>=?|≥|~|≈|ca\.?|approx\.?"  # below or above what can be counted, or about
FRAME = (
    rf"^\s*(?P<bound>{BOUND})?\s*(?P<opened>\()?\s*(?P<sign>{MINUS}|\+)?\s*(?P<before>{MONEY})?\s*(?P<late>{MINUS})?\s*"
    r"(?P<digits>[0-9.,'’ \x{a0}\x{202f}]*[0-9][.,]?)(?P<power>e[-+]?\d+)?"
    rf"\s*(?:(?P<measure>{MEASURES})|(?P<unit>k|mm|mn|mio\.?|m|bn|b|t|%)?\s*(?P<behind>{MONEY})?)"
    r"\s*(?P<trail>-)?\)?\s*$"
)
THOUSANDS = {".": (",", r"['’]", r"[ \x{a0}\x{202f}]"), ",": (r"\.", r"['’]", r"[ \x{a0}\x{202f}]")}
FOREIGN = tuple("".join(chr(ord(zero) + digit) for digit in range(10)) for zero in "٠۰०০０")
"""The digits of Arabic, Persian, Hindi, Bengali and of full width."""
FOREIGN_MARKS = {"٫": ".", "٬": ",", "．": ".", "，": ","}
MARKS = {",": ",", r"\.": ".", r"['’]": "'", r"[ \x{a0}\x{202f}]": " "}


@dataclass(frozen=True, eq=False)
class Numbers:
    """Texts as numbers."""

    values: FloatArray  # (D,) NaN where a text is no number
    valid: NDArray[np.bool_]  # (D,)
    decimal: str
    thousands: str  # the mark between them; empty where there is none
    is_unsure: bool = False  # the other decimal mark would read as many, but as other numbers
    example: int = 0  # position of a text that was not written plainly
    bounded: tuple[int, ...] = ()  # positions of texts that name a bound, or say about how much: <1, >100, ~5
    mixed: tuple[int, ...] = ()  # positions of texts in different measures: $5 and €5, or 0.3 and 31%; empty for one


def read_numbers(texts: Any, decimal: str | None = None) -> Numbers:
    """Returns texts, an Arrow array (D,), as numbers.

    Args:
        texts: The different texts of a column.
        decimal: What separates the decimals, if that is known.
    """
    found = pc.extract_regex(pc.utf8_lower(_western(texts)), FRAME)
    digits = pc.utf8_trim_whitespace(found.field("digits"))
    styles = [_fitting(digits, mark) for mark in ([decimal] if decimal else [".", ","])]
    best = max(styles, key=lambda style: int(style.valid.sum()))
    rivals = [style for style in styles if style is not best and style.valid.sum() == best.valid.sum()]
    differing = best.valid & np.logical_or.reduce([rival.values != best.values for rival in [best, *rivals]])
    differ = bool(differing.any())
    best = replace(
        best, valid=best.valid & ~(_has(found, "sign") & _has(found, "late")) & ~_several_measures(found, best)
    )
    opened, negative = _has(found, "opened"), _has(found, "sign", MINUS) | _has(found, "late") | _has(found, "trail")
    scale = _scales(found, "unit", lambda unit: UNITS[unit.rstrip(".")]) * _scales(found, "power", _power)
    below = _has(found, "bound", "[<≤]") & best.valid
    scale = np.where(below, 0.5, 1.0) * scale  # between 0 and the bound
    odd = _has(found, "unit") | _has(found, "measure") | opened | ~_has(found, "digits", r"^\d+([.]\d+)?$")
    return replace(
        best,
        values=np.where(best.valid, best.values * scale * np.where(opened | negative, -1.0, 1.0), np.nan),
        is_unsure=differ,
        bounded=tuple(np.flatnonzero(_has(found, "bound") & best.valid).tolist()),
        mixed=_mixed(found, best),
        example=int((differing if differ else odd & best.valid).argmax()),
    )


def _mixed(found: Any, numbers: Numbers) -> tuple[int, ...]:
    """Returns a text in each currency where there are several, or one with a percent sign and one without."""
    currencies: dict[str, int] = {}
    for field in ("before", "behind"):
        codes, words = coded(found.field(field))
        present, first = np.unique(np.where(numbers.valid, codes, -1), return_index=True)
        named = [
            (str(words[code].as_py()), place)
            for code, place in zip(present.tolist(), first.tolist(), strict=True)
            if code >= 0
        ]
        currencies |= {word.rstrip("."): place for word, place in named if word}
    percent = _has(found, "unit", "%") & numbers.valid
    plain = numbers.valid & ~percent & (numbers.values != 0)
    places = [int(percent.argmax()), int(plain.argmax())] if percent.any() and plain.any() else currencies.values()
    return tuple(sorted(places)) if len(places) > 1 else ()


def _several_measures(found: Any, numbers: Numbers) -> NDArray[np.bool_]:
    """Returns the texts with a measure where there are several, (D,): 1 kg and 500 g are no numbers of one series."""
    measured = _has(found, "measure") & numbers.valid
    words = pc.utf8_rtrim(found.field("measure").filter(masked(measured)), "s.")
    return measured & (len(pc.unique(words)) > 1)


def _western(texts: Any) -> Any:
    """Returns texts with the digits 0 to 9 in place of those of other scripts."""
    for digits in FOREIGN:
        if not flags(pc.fill_null(pc.match_substring_regex(texts, f"[{digits}]"), fill_value=False)).any():
            continue
        for sign, plain in {**dict(zip(digits, "0123456789", strict=True)), **FOREIGN_MARKS}.items():
            texts = pc.replace_substring(texts, sign, plain)
    return texts


def thousand_or_decimals(file: str, column: str, text: str) -> DataError:
    """Returns the question that only a person can answer: whether 1,234, or 1.234, is more than a thousand."""
    mark, other, called = (",", ".", "comma") if "," in text else (".", ",", "point")
    message = f"{file}: {text} in column {column} may be a thousand or have three decimals."
    return DataError(
        message, f"--decimal {other} if the {called} is before thousands, --decimal {mark} if before decimals"
    )


def are_numbers(texts: Any) -> bool:
    """Returns whether more than half of a sample of the texts are numbers."""
    half = SAMPLE // 2
    sample = texts if len(texts) <= SAMPLE else pa.concat_arrays([texts.slice(0, half), texts.slice(len(texts) - half)])
    return 2 * int(read_numbers(sample).valid.sum()) > len(sample)


def _fitting(digits: Any, decimal: str) -> Numbers:
    """Returns digits read with this decimal mark and the thousands mark that fits most of them."""
    point = r"\." if decimal == "." else ","
    plain = rf"^(\d+{point}?\d*|{point}\d+)$"
    marks = THOUSANDS[decimal]
    grouped = [rf"^[1-9]\d{{0,2}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?:{point}\d*)?$" for mark in marks]
    counts = [int(_matches(digits, form).sum()) for form in grouped]
    most = int(np.argmax(counts))
    valid = _matches(digits, f"{plain}|{grouped[most]}" if counts[most] else plain)
    bare = pc.replace_substring_regex(digits, rf"[^\d{point}]", "").filter(masked(valid))
    values = np.full(valid.size, np.nan)
    values[valid] = memory(pc.replace_substring(bare, decimal, ".").cast(pa.float64()), np.float64)
    return Numbers(values, valid, decimal, MARKS[marks[most]] if counts[most] else "")


def _scales(found: Any, field: str, scale: Callable[[str], float]) -> FloatArray:
    """Returns what one field of the frame multiplies a number by, (D,); each different text is looked at once."""
    codes, texts = coded(found.field(field))
    return np.array([scale(text) if text else 1.0 for text in [*texts.to_pylist(), ""]])[codes]


def _power(text: str) -> float:
    return float(f"1{text[:6]}")


def _has(found: Any, field: str, pattern: str = ".") -> NDArray[np.bool_]:
    """Returns where a field of the frame is there and fits a pattern."""
    return _matches(found.field(field), pattern)


def _matches(texts: Any, pattern: str) -> NDArray[np.bool_]:
    """Returns which texts a regular expression (RE2) finds; none that is missing."""
    found = pc.match_substring_regex(texts, pattern)
    return flags(found) & flags(found.is_valid())
