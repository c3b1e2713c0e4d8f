"""Spans of the calendar that a person says to ignore → steps of a panel, and what that leaves.

    2020-03..2020-05        in all series            shop 7@2024-11-29        in one of them

A version keeps the words, so that a retrain ignores the same days. By then the file may have lost them, which is no
mistake; whoever names days that the data never had has made one.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from forecast.data.dates.date_spans import RANGE, parse_span, periods_of
from forecast.data.findings import Finding
from forecast.data.frequency import MONTHS, iso_text, readable
from forecast.data.panel import Panel, places_of
from forecast.errors import DataError, UsageError
from forecast.wording import counted, listed

FLAG = "--ignore"
OF = "@"
"""Stands between a series and the span that is ignored in it alone."""


def ignoring(panel: Panel, texts: Sequence[str] | None, *, is_settled: bool) -> tuple[Panel, list[Finding]]:
    """Returns the panel with nothing observed in the spans that texts name, and what is to be said of that.

    A series that lies in them as a whole is left out; one that begins in them begins after them.

    Args:
        panel: as it was read.
        texts: dates, and ranges ``A..B``, ends included; an end that is left out is that of the data.
        is_settled: a version was trained so: days that the data no longer has are no mistake.

    Raises:
        UsageError: a text is no date or range, or names no step of the data.
        DataError: nothing is left.
    """
    if not texts:
        return panel, []
    everywhere = [text for text in texts if OF not in text]
    spans = [span for text in everywhere if (span := _steps(panel, text, is_settled=is_settled))]
    alone = [_places(panel, text, is_settled=is_settled) for text in texts if OF in text]
    hidden = panel.ignoring(spans).leaving_out([place for places in alone for place in places])
    if not hidden.is_ignored.any():
        return panel, []
    if not hidden.observed.any():
        raise DataError(
            f"{FLAG} {','.join(texts)} leaves no value to learn from: the data goes from {_days(panel)}.",
            f"{FLAG} {_example(panel)}, or another shorter span",
        )
    known = np.add.reduceat(hidden.observed, hidden.offsets[:-1], dtype=np.int64) > 0
    findings = [_told(hidden)]
    if not known.all():
        lost = [name for name, kept in zip(panel.series_ids, known.tolist(), strict=True) if not kept]
        verb = "lies" if len(lost) == 1 else "lie"
        text = f"{counted(len(lost), 'series')} that {verb} in it as a whole left out: {listed(lost, 3)}"
        findings.append(Finding("warning", "ignored-series", text, FLAG))
        hidden = hidden.select(np.flatnonzero(known))
    return _begun(hidden), findings


def closed(panel: Panel, texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """Returns spans with the end of the data for one that is left open: a retrain is not to ignore all newer rows."""
    if texts is None:
        return None
    end = readable(panel.frequency.timestamps(panel.last.max()[None])[0]).replace(" ", "T").removeprefix("row ")
    return tuple(f"{text}{end}" if text.strip().endswith(RANGE) else text for text in texts)


def _begun(panel: Panel) -> Panel:
    """Returns the panel whose series begin where something is not ignored: nobody looks back on what came before."""
    shown = np.flatnonzero(~panel.is_ignored)
    return panel.tail(panel.offsets[1:] - shown[np.searchsorted(shown, panel.offsets[:-1])])


def _told(panel: Panel) -> Finding:
    """Returns what is ignored, as a note."""
    ordinals = (np.arange(len(panel.values)) + np.repeat(panel.first - panel.offsets[:-1], panel.lengths))[
        panel.is_ignored
    ]
    parts = []
    for begin, end in panel.ignored:
        own = ordinals[(ordinals >= begin) & (ordinals <= end)]
        if own.size:
            first, last = (readable(stamp) for stamp in panel.frequency.timestamps(np.array([own.min(), own.max()])))
            parts.append(first if first == last else f"{first} to {last}")
    if panel.left_out is not None and (several := np.unique(panel.series_of(np.flatnonzero(panel.left_out)))).size:
        many = f"{int(panel.left_out.sum()):,} of them in " if parts else "in "
        parts.append(f"{many}{panel.series_ids[several[0]] if several.size == 1 else f'{several.size:,} series'} alone")
    verb = "is" if ordinals.size == 1 else "are"
    text = f"{counted(ordinals.size, 'step')}, {listed(parts, 5)}, {verb} neither learned from nor scored; "
    text += f"the level and the season around stand in for {'it' if ordinals.size == 1 else 'them'}"
    return Finding("note", "ignored", text, FLAG)


def _places(panel: Panel, text: str, *, is_settled: bool) -> range:
    """Returns the positions in the flat buffer that a text means which names a series and a span of it.

    Raises:
        UsageError: there is no such series, or no such step of it.
    """
    name, _, span = text.rpartition(OF)
    place = int(places_of([name.strip()], panel.series_ids)[0])
    if place < 0:
        if is_settled:
            return range(0)
        raise UsageError(
            f"{FLAG} {text} names no series: there is no '{name.strip()}' among {listed(list(panel.series_ids), 3)}.",
            f"{FLAG} {shlex.quote(f'{panel.series_ids[0]}{OF}{_example(panel)}')}",
        )
    found = _steps(panel.select([place]), span, is_settled=is_settled)
    begin = int(panel.offsets[place] - panel.first[place])
    return range(0) if found is None else range(begin + found[0], begin + found[1] + 1)


def words_of(panel: Panel, places: Iterable[int]) -> tuple[str, ...]:
    """Returns the words by which single values are ignored, positions of the flat buffer."""
    words = []
    for place in places:
        i = int(panel.series_of(np.array([place]))[0])
        stamp = panel.frequency.timestamps(panel.first[i : i + 1] + place - panel.offsets[i])[0]
        day = iso_text(stamp)
        if panel.frequency.unit not in ("hour", "minute", "second"):  # of these, a day alone would be all of it
            day = day.removesuffix("T00:00:00")
        words.append(day if len(panel) == 1 else f"{panel.series_ids[i]}{OF}{day}")
    return tuple(words)


def _steps(panel: Panel, text: str, *, is_settled: bool) -> tuple[int, int] | None:
    """Returns the first and the last step of the panel's calendar that a text means; None where there is none."""
    frequency, (low, high) = panel.frequency, (int(panel.first.min()), int(panel.last.max()))
    calendar = replace(frequency, is_closing=None)  # as versions of earlier programs read their spans
    first, separator, last = (part.strip() for part in text.partition(RANGE))
    if not (first or last):
        raise UsageError(f"{FLAG} '{text}' names no date.", f"{FLAG} {_example(panel)}")
    ordinals = np.arange(low, high + 1)
    stamps, (begins, ends) = frequency.timestamps(ordinals), periods_of(calendar, ordinals)
    within, touched = np.ones(len(ordinals), dtype=bool), np.ones(len(ordinals), dtype=bool)
    begin = parse_span(FLAG, first, frequency, _example(panel))[0] if first else None
    end = parse_span(FLAG, last or first, frequency, _example(panel))[1] if last or not separator else None
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"{FLAG} {text} ends before it begins.", f"{FLAG} {last}{RANGE}{first}")
    if begin is not None:
        within, touched = within & (stamps >= begin), touched & (ends > begin)
    if end is not None:
        within, touched = within & (stamps < end), touched & (begins < end)
    if frequency.unit in {"week", *MONTHS} or not within.any():  # a day in the middle of a step means the step
        within = touched
    if within.any():
        found = ordinals[within]
        return int(found[0]), int(found[-1])
    if is_settled:
        return None
    raise UsageError(f"{FLAG} {text} lies outside of the data, {_days(panel)}.", f"{FLAG} {_example(panel)}")


def _days(panel: Panel) -> str:
    first, last = panel.frequency.timestamps(np.array([panel.first.min(), panel.last.max()]))
    return f"{readable(first)} to {readable(last)}"


def _example(panel: Panel) -> str:
    """Returns a span of the data, in the middle of it."""
    low, high = int(panel.first.min()), int(panel.last.max())
    begin, end = (low + high) // 2, (low + high) // 2 + max((high - low) // 10, 1)
    first, last = (
        readable(stamp).removeprefix("row ") for stamp in panel.frequency.timestamps(np.array([begin, min(end, high)]))
    )
    return f"{first}{RANGE}{last}"
