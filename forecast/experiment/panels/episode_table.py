"""Episodes of what was not expected as rows of a table, the rarest first."""

import numpy as np

from forecast.data.panel import Panel
from forecast.evaluation.anomalies.episodes import Episode
from forecast.evaluation.anomalies.reasons import reason_of
from forecast.evaluation.anomalies.search import Anomalies
from forecast.report.tables import ResultTable, timestamp_texts

EPISODE_COLUMNS = (
    *("series_id", "kind", "onset", "end", "steps", "peak", "value", "expected", "lower", "upper", "size"),
    *("score", "p_value", "false_discovery_rate", "reason"),
)


def episodes_of(panel: Panel, found: Anomalies) -> ResultTable:
    """Returns a row an episode, the rarest first."""
    ordered = sorted(found.episodes, key=lambda episode: episode.rarity)
    return ResultTable(EPISODE_COLUMNS, tuple(_row(panel, found, episode) for episode in ordered))


def _row(panel: Panel, found: Anomalies, episode: Episode) -> tuple[str | int | float | None, ...]:
    steps = np.array([episode.onset, episode.end, episode.peak]) - panel.offsets[episode.series]
    stamps = panel.frequency.timestamps(panel.first[episode.series] + steps)
    onset, end, peak = (str(text) for text in timestamp_texts(np.asarray(stamps)))
    numbers = (episode.value, episode.expected, episode.lower, episode.upper, episode.size)
    return (
        panel.series_ids[episode.series],
        episode.kind,
        onset,
        end,
        episode.end - episode.onset + 1,
        peak,
        *(None if np.isnan(number) else number for number in numbers),
        float(found.scores.score[episode.peak]),
        episode.rarity,
        episode.false_discoveries,
        reason_of(episode, panel),
    )
