"""What was not expected in a model's data, for its page and its pictures."""

from collections.abc import Sequence
from contextlib import suppress

from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.errors import ForecastError
from forecast.evaluation.anomalies.episodes import SURE, Episode
from forecast.evaluation.anomalies.flagged import RATE
from forecast.evaluation.anomalies.reasons import reason_of
from forecast.evaluation.anomalies.search import Anomalies, search
from forecast.experiment.versions.anomaly_input import input_of_version
from forecast.experiment.versions.stored_model import StoredModel
from forecast.report.figures.episodes.episodes import Excerpt
from forecast.report.html.episodes import EpisodeRow, episode_section
from forecast.report.html.page import Section
from forecast.run import ALONE, Run
from forecast.wording import counted

DRAWN, LISTED = 3, 10
LEAST_AROUND = 40
"""Steps around each episode that are drawn, at least."""
MOST_SERIES, MOST_VALUES = 100, 20_000
"""A page looks at no more: it is read to see a forecast, and must not take minutes."""


def excerpts_of(panel: Panel, found: Anomalies, episodes: Sequence[Episode]) -> list[Excerpt]:
    """Returns the values around each of some episodes, and what was expected of them."""
    excerpts = []
    for episode in episodes:
        begin, end = int(panel.offsets[episode.series]), int(panel.offsets[episode.series + 1])
        room = max(LEAST_AROUND, episode.end - episode.onset + 1)
        own = slice(max(begin, episode.onset - room), min(end, episode.end + 1 + room // 2))
        several = f"{panel.series_ids[episode.series]}: " if len(panel) > 1 else ""
        excerpts.append(
            Excerpt(
                f"{several}{episode.kind}, {reason_of(episode, panel)}",
                panel.timestamps(episode.series)[own.start - begin : own.stop - begin],
                panel.values[own],
                found.told.lower[own],
                found.told.upper[own],
                (episode.onset - own.start, episode.end - own.start),
            )
        )
    return excerpts


def episode_sections(stored: StoredModel, panel: Panel, run: Run = ALONE) -> tuple[Section, ...]:
    """Returns the section of what was not expected of late; none where nothing is beyond chance, or there is too much.

    Args:
        stored: the model that judges what came after its training.
        panel: its data.
        run: what to forecast with.
    """
    if panel.hierarchy is not None or not 0 < len(panel) <= MOST_SERIES:
        return ()
    panel = panel.tail(MOST_VALUES // len(panel))
    with suppress(ForecastError):  # too little history, or a column that is gone: the page tells of a forecast
        found = search(input_of_version(stored, panel, run), "auto", RATE, threads=run.machine.threads)
        sure = sorted(
            (one for one in found.episodes if one.false_discoveries <= SURE), key=lambda one: (one.rarity, one.onset)
        )
        if sure:
            return (_section(panel, found, sure),)
    return ()


def _section(panel: Panel, found: Anomalies, sure: Sequence[Episode]) -> Section:
    rows = [_row(panel, one) for one in sure[:LISTED]]
    judged = int((found.judged & panel.observed).sum())
    what = "1 episode is" if len(sure) == 1 else f"{len(sure):,} episodes are"
    shown = f" The {LISTED} rarest are listed." if len(sure) > LISTED else ""
    intro = (
        f"Of the newest {counted(judged, 'value')} {what} too far from what was expected to be chance: a "
        f"mistake in the data, or something that happened.{shown} forecast anomalies tells of all."
    )
    return episode_section(excerpts_of(panel, found, sure[:DRAWN]), rows, panel.target, intro)


def _row(panel: Panel, episode: Episode) -> EpisodeRow:
    stamps = panel.timestamps(episode.series)
    begins, ends = (readable(stamps[place - panel.offsets[episode.series]]) for place in (episode.onset, episode.end))
    return EpisodeRow(panel.series_ids[episode.series], begins, ends, episode.kind, reason_of(episode, panel))
