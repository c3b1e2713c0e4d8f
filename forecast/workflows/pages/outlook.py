"""The forecast in a report: all series together, step by step; every series; and the files beside the page."""

from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.decisions.headline import Earlier, Headline
from forecast.experiment.decisions.headline_words import as_percent
from forecast.experiment.outputs import Outlook
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.page import Block, FileLinks, Section, Words
from forecast.report.html.sections import forecast_section
from forecast.report.html.series_tables import (
    MOST_SERIES,
    SeriesTotal,
    series_details,
    series_table,
    step_table,
)
from forecast.wording import NO_NUMBER, about

IN_ORDER = 60
"""Of more series, the largest come first."""
TOTALS = {"total": "total", "mean": "average", "standing": "last step"}


def forecast_sections(
    outlook: Outlook, joint: Outlook | None, model: str, told: tuple[Headline, ...], intro: str, files: FileLinks | None
) -> tuple[Section, ...]:
    """Returns the forecast, and where there are several series, what each comes to and all of its steps.

    Args:
        outlook: of all series.
        joint: of their sum; None where it means nothing.
        model: that made it.
        told: what all series come to, and then each.
        intro: to the forecast.
        files: beside the page; None for none.
    """
    together, each = told[0], told[1:]
    drawn = forecast_gallery(outlook.history, {model: outlook.forecasts})
    first = joint or (outlook if len(each) == 1 else None)
    blocks: list[Block] = [forecast_gallery(joint.history, {model: joint.forecasts}) if joint else drawn]
    if first:
        row = _total(together if joint else each[0], TOTALS[together.manner])
        table, left = step_table(
            first.forecasts, first.history.frequency, first.forecasts.series_ids[0], None if _is_price(told) else row
        )
        blocks.append(table)
        if left:
            blocks.append(Words(f"{left:,} more steps follow{_where(files)}."))
    blocks += [files] if files else []
    sections = [forecast_section(tuple(blocks), intro)]
    if len(each) > 1:
        sections.append(_series_section(outlook, model, told, files, (drawn,) if joint else ()))
    return tuple(sections)


def _is_price(told: tuple[Headline, ...]) -> bool:
    return told[0].manner == "standing"


def _series_section(
    outlook: Outlook,
    model: str,
    told: tuple[Headline, ...],
    files: FileLinks | None,
    drawn: tuple[Block, ...],
) -> Section:
    together, each = told[0], list(told[1:])
    count, order = len(each), "in the order of the data"
    if count > IN_ORDER:
        each.sort(key=lambda own: -abs(own.value))
        order = "the largest first"
    rows = [_total(own, own.whose) for own in each]
    details = series_details(outlook.history, outlook.forecasts, model, rows)
    all_of_them = _total(together, f"all {len(outlook.history.summands):,} series") if drawn else None
    now, before = _columns(together)
    blocks: list[Block] = [*drawn, series_table(rows, all_of_them, now, before)]
    blocks += details
    intro = f"What each series comes to, {order}; a click on a name below the table opens its picture and its steps."
    if count > MOST_SERIES or len(details) < count:
        shown = f"{min(count, MOST_SERIES):,} of {count:,} series stand in the table" if count > MOST_SERIES else ""
        opened = f"{len(details):,} of {count:,} can be opened" if len(details) < count else ""
        parts = " and ".join(filter(None, (shown, opened)))
        intro += f" {parts}, so that the page stays small; all of them are{_where(files)}."
    return Section("series", "Every series", tuple(blocks), intro)


def _where(files: FileLinks | None) -> str:
    return f" in {files.files[0][0]}" if files and files.files else " in the CSV file of the forecast"


def _columns(headline: Headline) -> tuple[str, str]:
    """Returns what the columns of the forecast and of what came before are called."""
    names: dict[Manner, tuple[str, str]] = {
        "total": (f"next {headline.steps}", f"last {headline.steps}"),
        "mean": (f"average of the next {headline.steps}", f"of the last {headline.steps}"),
        "standing": (f"on {headline.last}", "last value"),
    }
    return names[headline.manner]


def _total(headline: Headline, name: str) -> SeriesTotal:
    least = 4 if headline.manner == "standing" else 3
    lower, upper, before = headline.lower, headline.upper, headline.before
    return SeriesTotal(
        name=name,
        value=about(headline.value, least),
        interval="" if lower is None else f"80 %: {about(lower, least)} to {about(upper, least)}",
        before=NO_NUMBER if before is None else about(before.value, least),
        change="" if before is None else _change(before, headline.manner),
    )


def _change(earlier: Earlier, manner: Manner) -> str:
    return f"{earlier.expected - earlier.value:+.3g}" if manner == "mean" else as_percent(earlier, manner)
