"""What was not expected in a panel of any size: shard by shard, then all episodes held against one another.

    panel/part-00003.parquet ──job──▶ out/part-00003.csv ─┐
    panel/part-00004.parquet ──job──▶ out/part-00004.csv ─┴─▶ out/episodes.csv, false discoveries among all of them

How rare an error is, is counted among the errors of its shard: whole series, chosen by a hash, so that each shard is a
sample of all. The share of false discoveries is counted among the episodes of all shards; of tasks that look at a part
each, the one that ends last writes them.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.decoding import encode
from forecast.errors import UsageError
from forecast.evaluation.anomalies.calibration import false_discovery_rates
from forecast.evaluation.anomalies.detector import AnomalyKind
from forecast.evaluation.anomalies.episodes import SURE
from forecast.execution.executor import Workplace, open_executor
from forecast.execution.job import JobOrder, this_program
from forecast.execution.run_folder import JournalLine, RunEntry, RunFolder
from forecast.experiment.panels.episode_table import EPISODE_COLUMNS
from forecast.experiment.panels.panel_forecast import PanelResult, Share, Tally, do_jobs
from forecast.experiment.panels.panel_shards import PanelShards, shards_of_panel
from forecast.experiment.panels.shard_anomalies import FUNCTION, AnomalySpec
from forecast.experiment.panels.shard_forecast import panel_spec
from forecast.experiment.versions.stored_model import StoredModel
from forecast.production.store.disk import atomic_write
from forecast.report.tables import csv_text
from forecast.run import Run

EPISODES = "episodes.csv"
SUMS = ("judged", "by_model")
"""Numbers of each shard that are kept in the journal, and added up."""


@dataclass(frozen=True)
class PanelSearch:
    """What is looked for, and where.

    Attributes:
        stored: the model.
        store: the folder that it is in.
        version_asked: a version was asked for, so that its intervals are its own.
        panel: the folder of the shards, by its path or its address.
        output: the folder for the episodes.
        since: the first date that is judged; None for all.
        share: of the shards that are looked at.
        force: begin anew where the folder holds another run's results.
    """

    stored: StoredModel
    store: Path
    version_asked: bool
    panel: str
    output: Path
    kind: AnomalyKind
    rate: float
    since: str | None = None
    place: Workplace = Workplace()
    share: Share = Share()
    force: bool = False


@dataclass(frozen=True)
class PanelEpisodes:
    """What became of the search.

    Attributes:
        work: what became of the shards.
        episodes: in them; in all of the panel where these were the last.
        sure: of these, beyond chance.
        series: that were looked at.
        judged: observed values that were judged.
        by_model: of these, by the model.
        csv: the episodes, the rarest first.
        left: shards of the panel that another task is still to look at.
    """

    work: PanelResult
    episodes: int
    sure: int
    series: int
    judged: int
    by_model: int
    csv: str
    left: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all shards are looked at, so that the episodes of all stand in one file."""
        return not self.left


def refuse_hierarchy(stored: StoredModel) -> None:
    """Refuses a hierarchy, whose sums are of series in all shards.

    Raises:
        UsageError: the model has one.
    """
    if stored.context.hierarchy is not None:
        message = f"{stored.version.name} forecasts sums of series, and a sum may be of series in several shards."
        raise UsageError(
            message, "the same command without -o, --workers, --cluster and --shard, which reads the whole folder"
        )


def search_panel(search: PanelSearch, run: Run) -> PanelEpisodes:
    """Finds what was not expected in all series of a panel, into a folder; run again, it goes on.

    Raises:
        UsageError: nothing was judged, since all data ends before ``since``.
        DataError: some shards could not be looked at.
        ForecastError: see ``forecast_panel``.
    """
    refuse_hierarchy(search.stored)
    panel = shards_of_panel(search.panel, search.stored)
    results = _results(search, panel)
    results.begin(force=search.force)
    files = {one.name: f"{Path(one.file).stem}.csv" for one in panel.shards}
    own = [one.name for one in panel.shards[search.share.number - 1 :: search.share.of]]
    before, jobs = results.done(), _jobs(search, panel, files, run)
    tally = Tally(run, results, {name: files[name] for name in own}, before, SUMS)
    where, left = "nobody: all is done", [job for job in jobs if job.key in own and job.key not in before]
    if left:
        with open_executor(search.place, run) as executor:
            where = executor.where
            do_jobs(executor, left, tally, search.output)
    work = tally.result(search.stored, search.panel, search.output, where)
    work.check()
    return _found(search, work, files, own, results.done())


def _found(
    search: PanelSearch, work: PanelResult, files: dict[str, str], own: list[str], done: dict[str, JournalLine]
) -> PanelEpisodes:
    """Returns what was found, in all shards where no task is left to look at others, and then writes it down.

    Raises:
        UsageError: nothing was judged, since all data ends before ``since``.
    """
    left = len(files.keys() - done.keys())
    names = own if left else list(files)
    sums = {key: sum(int(done[name].told.get(key, 0)) for name in names) for key in ("series", *SUMS)}
    if not sums["judged"] and not left and search.since:
        raise UsageError(f"--since {search.since} lies beyond all data in {search.panel}.", "an earlier --since")
    table, episodes, sure = _gathered(search.output, [files[name] for name in names], sums["judged"])
    if not left:
        atomic_write(search.output / EPISODES, table.encode())
    return PanelEpisodes(work, episodes, sure, sums["series"], sums["judged"], sums["by_model"], table, left)


def _jobs(search: PanelSearch, panel: PanelShards, files: dict[str, str], run: Run) -> list[JobOrder]:
    """Returns a job a shard."""
    now, asked = run.clock.now(), search.version_asked
    shards = panel_spec(search.stored, search.store, search.panel, now, version_asked=asked)
    told, jobs = encode(AnomalySpec(shards, search.kind, search.rate, search.since)), []
    for one in panel.shards:
        own = {"shard": one.name, "output": str((search.output / files[one.name]).absolute()), **one.told}
        jobs.append(JobOrder(one.name, FUNCTION, {**told, "shard": {**told["shard"], **own}}))
    return jobs


def _gathered(folder: Path, files: list[str], judged: int) -> tuple[str, int, int]:
    """Returns the episodes of some shards as one table, the rarest first, how many, and how many are sure."""
    rows: list[dict[str, str]] = []
    for file in files:
        rows += csv.DictReader(io.StringIO((folder / file).read_text()))
    rates = false_discovery_rates(np.array([float(row["p_value"]) for row in rows]), judged)
    for row, rate in zip(rows, rates.tolist(), strict=True):
        row["false_discovery_rate"] = repr(rate)
    rows.sort(key=lambda row: (float(row["p_value"]), row["series_id"], row["onset"]))
    table = csv_text(EPISODE_COLUMNS, (tuple(row[name] for name in EPISODE_COLUMNS) for row in rows))
    return table, len(rows), int((rates <= SURE).sum())


def _results(search: PanelSearch, panel: PanelShards) -> RunFolder:
    """Returns the folder of the results, which depend on nothing but what is said here."""
    version = search.stored.version
    facts = {
        "model": f"{version.name} {version.label} {version.id}",
        "width": 1.0 if search.version_asked else search.stored.widening.factor,
        "kind": search.kind,
        "rate": search.rate,
        "since": search.since,
        "panel": panel.digest,
        "program": str(this_program()),
    }
    return RunFolder(search.output, RunEntry("anomalies", facts), part=search.share.name)
