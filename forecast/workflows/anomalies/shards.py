"""`forecast anomalies NAME --data DIR -o OUT`: a panel of any size, shard by shard."""

from dataclasses import dataclass
from pathlib import Path

from forecast.data.files.parquet_folder import is_folder
from forecast.errors import UsageError
from forecast.execution.executor import Workplace
from forecast.experiment.panels.panel_anomalies import EPISODES, PanelEpisodes, PanelSearch, search_panel
from forecast.experiment.panels.panel_forecast import Share
from forecast.experiment.versions.stored_model import load_champion, load_version
from forecast.production.store.store import Store
from forecast.run import Run
from forecast.wording import counted
from forecast.workflows.anomalies.anomalies import AnomaliesRequest, check_rate


@dataclass(frozen=True)
class ShardsResult:
    """What was found in a folder of shards, or in a part of them.

    Attributes:
        file: that holds the episodes of all shards; None while some are to be looked at by another task.
    """

    request: AnomaliesRequest
    found: PanelEpisodes
    file: Path | None

    @property
    def csv(self) -> str:
        """The episodes that were found here, the rarest first; of a part that was the last, those of all."""
        return self.found.csv

    @property
    def summary(self) -> str:
        """In a sentence, how many episodes there are, and how many chance alone would make."""
        found = self.found
        chance = found.judged * self.request.rate
        about = f"{chance:.1f}" if chance < 10 else f"{chance:,.0f}"
        among = f"{counted(found.judged, 'value')} of {found.series:,} series"
        return (
            f"{counted(found.episodes, 'episode')} in {among}, where chance alone makes about {about} (--rate); "
            f"{found.sure:,} beyond chance (at most 1 in 10 of such false)."
        )


def anomalies_of_shards(
    request: AnomaliesRequest,
    output: Path,
    place: Workplace,
    share: Share,
    store: Store,
    run: Run,
    *,
    force: bool = False,
) -> ShardsResult:
    """Finds what was not expected in a folder of shards.

    Raises:
        UsageError: the rate is none, or the data is no folder of shards.
        ForecastError: see ``search_panel``.
    """
    check_rate(request.rate)
    assert request.name is not None
    models = store.model(request.name)
    asked = request.version is not None
    stored = load_version(models.version(request.version)) if request.version else models.with_widening(load_champion)
    panel = request.source or stored.source
    if not is_folder(panel):
        message = f"-o is a folder for a folder of shards, and {panel} is none."
        raise UsageError(message, f"forecast shard {panel} DIR; then --data DIR; or leave out -o")
    search = PanelSearch(
        stored, store.root, asked, panel, output, request.kind, request.rate, request.since, place, share, force
    )
    found = search_panel(search, run)
    return ShardsResult(request, found, output / EPISODES if found.is_whole else None)
