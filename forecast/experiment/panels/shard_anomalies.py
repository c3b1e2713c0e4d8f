"""What was not expected in one shard: what a worker does, told by paths, a version and a few numbers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.decoding import Document, decode
from forecast.errors import DataError
from forecast.evaluation.anomalies.detector import AnomalyKind
from forecast.evaluation.anomalies.search import search
from forecast.experiment.panels.episode_table import EPISODE_COLUMNS, episodes_of
from forecast.experiment.panels.shard_forecast import ShardSpec, read_shard
from forecast.experiment.versions.anomaly_input import first_judged, input_of_version
from forecast.production.store.disk import atomic_write
from forecast.report.tables import ResultTable
from forecast.run import Run

FUNCTION = "forecast.experiment.panels.shard_anomalies:shard_anomalies"


@dataclass(frozen=True)
class AnomalySpec(Document):
    """What a worker is told.

    Attributes:
        shard: which one, by which model.
        since: the first date that is judged; None for all.
    """

    shard: ShardSpec
    kind: AnomalyKind
    rate: float
    since: str | None


def shard_anomalies(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Writes the episodes of a shard into a file, whole or not at all, and returns how much was judged.

    Raises:
        ForecastError: the shard is damaged, another one than the manifest says, or not like the model's data.
    """
    told = decode(AnomalySpec, dict(spec))
    stored, _, panel, notes = read_shard(told.shard, run)
    since = first_judged(panel, told.since, is_part=True) if told.since else None
    judged = by_model = 0
    table = ResultTable(EPISODE_COLUMNS, ())
    if since is None or since <= panel.last.max():
        try:
            found = search(
                input_of_version(stored, panel, run), told.kind, told.rate, since, threads=run.machine.threads
            )
        except DataError as error:  # too little history in all series of this shard
            notes += (error.message,)
        else:
            table, notes, by_model = episodes_of(panel, found), (*notes, *found.notes), found.by_model
            judged = int((found.judged & panel.observed).sum())
    data = table.csv().encode()
    atomic_write(Path(told.shard.output), data)
    return {
        "series": len(panel),
        "steps": 0,
        "judged": judged,
        "by_model": by_model,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "notes": list(dict.fromkeys(notes)),
    }
