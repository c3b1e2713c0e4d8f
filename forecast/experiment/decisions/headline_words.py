"""The headline of a forecast in sentences, as a shop owner says it.

sales, next 28 days: 611,000 (80 %: 520,000 to 700,000), 6 % more than the last 28 days.
temperature, average of the next 7 days: 21.3 (80 %: 19.1 to 23.4), 1.2 higher than the last 7 days (20.1).
close on 2024-07-26: 182.4 (80 %: 170.1 to 195.2), 1.2 % higher than the last value (180.2).
"""

from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.decisions.headline import Earlier, Headline
from forecast.wording import about, gap_percent, listed, percent

ALIKE = 0.005
MANIFOLD = 1.995
"""Shares from which on two numbers differ, and from which on one is so many times the other."""
FEW = 3  # prices that are told one by one


def headline_sentences(together: Headline, each: tuple[Headline, ...]) -> tuple[str, ...]:
    """Returns the headline in sentences: what is expected of all series, and what came a year before.

    Args:
        together: of all series.
        each: of each; several prices are told one by one.
    """
    if together.manner == "standing":
        return (_prices_sentence(each),) if len(each) > 1 else _both(each[0])
    return _both(together)


def _both(headline: Headline) -> tuple[str, ...]:
    return tuple(filter(None, (lead_sentence(headline), year_sentence(headline))))


def lead_sentence(headline: Headline) -> str:
    """Returns the headline in one sentence: what is expected, how sure that is, and how it differs from before."""
    told = headline
    whose = f" of all {told.series:,} series" if told.series > 1 else f" of {told.whose}" if told.whose else ""
    if told.has_rests:
        whose = " of all series"
    elif told.ended:
        whose = f" of the {told.series:,} of {told.series + told.ended:,} series that go on"
    reach = ", as far as each is forecast" if told.is_ragged else ""
    when = {
        "total": f"next {told.steps}{reach}",
        "mean": f"average of the next {told.steps}{reach}",
        "standing": f"on {told.last}" if not told.last.isdigit() else f"at row {told.last}",
    }[told.manner]
    change = f", {compared(told.before, told.manner)}{_those(told.before, told)}" if told.before else ""
    return f"{told.target}{whose}, {when}: {amount(told)}{change}."


def outside_words(headline: Headline) -> str:
    """Returns what is to be said of a forecast that lies outside of its own interval; empty where it does not."""
    lower, upper, value = headline.lower, headline.upper, headline.value
    if lower is None or upper is None or lower <= value <= upper:
        return ""
    side = "below" if value < lower else "above"
    return (
        f"The forecast lies {side} its own interval: the errors in the tests were too few and too lopsided to tell how "
        "far it may be off. Trust neither far; more rows help."
    )


def amount(headline: Headline) -> str:
    """Returns what is expected with its interval, such as ``611,000 (80 %: 520,000 to 700,000)``."""
    told, least = headline, _digits(headline.manner)
    sure = f" (80 %: {about(told.lower, least)} to {about(told.upper, least)})" if told.lower is not None else ""
    return f"{about(told.value, least)}{sure}"


def _digits(manner: Manner) -> int:
    return 4 if manner == "standing" else 3  # a price moves little


def year_sentence(headline: Headline) -> str:
    """Returns what came a year before beside the forecast; empty where that is not known."""
    year = headline.year
    if year is None:
        return ""
    came = "came to" if headline.manner == "total" else "was on average" if headline.manner == "mean" else "was"
    name = year.name[0].upper() + year.name[1:]
    value, change = about(year.value, _digits(headline.manner)), _change(year, headline.manner)
    return f"{name} {came} {value}: the forecast is {change}{_those(year, headline)}."


def _prices_sentence(headlines: tuple[Headline, ...]) -> str:
    """Returns where several prices will stand, in one sentence; the first few one by one."""
    first = headlines[0]
    texts = [f"{each.whose} {about(each.value, 4)}{_signed(each)}" for each in headlines]
    return f"{first.target} on {max(each.last for each in headlines)}: {listed(texts, FEW)}."


def _signed(headline: Headline) -> str:
    share = as_percent(headline.before, headline.manner) if headline.before else ""
    return f" ({share})" if share else ""


def compared(earlier: Earlier, manner: Manner) -> str:
    """Returns how a forecast differs from what came before, such as ``6 % more than the last 28 days``."""
    came = "" if manner == "total" else f" ({about(earlier.value, _digits(manner))})"
    change = _change(earlier, manner)
    return f"{change} {'as' if change.endswith(('as much', 'the same')) else 'than'} {earlier.name}{came}"


def _change(earlier: Earlier, manner: Manner) -> str:
    share, more = earlier.share, earlier.expected - earlier.value
    side = ("more" if more > 0 else "less") if manner == "total" else ("higher" if more > 0 else "lower")
    if abs(more) < ALIKE * max(abs(earlier.value), abs(earlier.expected)) and manner != "standing":
        return "as much" if manner == "total" else "about the same"
    if share is None or manner == "mean":  # a share of what may be 0 or below says nothing
        return f"{about(abs(more))} {side}"
    if share + 1 >= MANIFOLD and manner == "total":
        return f"{share + 1:.1f} times as much"
    return f"{percent(abs(share)) if manner == 'total' else gap_percent(abs(share))} {side}"


def _those(earlier: Earlier, headline: Headline) -> str:
    if earlier.series == headline.series:
        return ""
    return f" for the {earlier.series:,} series that {'was' if earlier.series == 1 else 'were'} there then"


def as_percent(earlier: Earlier, manner: Manner) -> str:
    """Returns by which share a forecast is more than what came, such as ``+6 %``; empty where that is not known."""
    share = earlier.share
    if share is None:
        return ""
    decimals = 1 if manner == "standing" else 0
    return "unchanged" if abs(share) < ALIKE / 10**decimals else percent(share, decimals, signed=True)
