"""The values that a model of the same file did not expect: what `forecast anomalies NAME` tells, for `check`."""

from contextlib import suppress

import numpy as np

from forecast.data.checks.survey import Unexpected
from forecast.data.panel import IntArray, Panel, places_of
from forecast.data.reading.reader import Reading
from forecast.errors import ForecastError
from forecast.evaluation.anomalies.episodes import SURE
from forecast.evaluation.anomalies.flagged import POINTS, RATE
from forecast.evaluation.anomalies.search import search
from forecast.experiment.input_data import called_alike
from forecast.experiment.stored_forecast import data_of_forecast
from forecast.experiment.versions.anomaly_input import input_of_version
from forecast.experiment.versions.data_entry import data_of
from forecast.experiment.versions.stored_model import load_champion
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from forecast.run import Run

MOST = 500_000
"""Steps of a panel, from which on a check is to be quick."""


def unexpected_values(reading: Reading, store: Store, run: Run) -> Unexpected | None:
    """Returns what the newest model of the same file and target did not expect in it.

    None where there is no such model, the file is too large for a quick look, or it reads other series than the model.
    """
    models = _model_of(reading, store)
    if models is None or reading.path is None or len(reading.panel.values) > MOST:
        return None
    with suppress(ForecastError):  # who asks `forecast anomalies` hears why
        stored = models.with_widening(load_champion)
        panel = data_of_forecast(stored, str(reading.path), run.clock.now()).panel
        own = called_alike(reading.panel, stored.context)
        if own.frequency != panel.frequency or own.hierarchy != panel.hierarchy:
            return None
        episodes = search(input_of_version(stored, panel, run), "auto", RATE, threads=run.machine.threads).episodes
        alone = [one for one in episodes if one.kind in POINTS]
        shifts = [one for one in episodes if one.kind == "level shift"]
        return Unexpected(
            by=f"{stored.version.name} {stored.version.label}",
            alone=_moved(panel, own, [one.peak for one in alone]),
            sure=_moved(panel, own, [one.peak for one in alone if one.false_discoveries <= SURE]),
            shifts=_moved(panel, own, [one.onset for one in shifts]),
            courses=_moved(panel, own, [one.peak for one in episodes if one.kind in ("variance", "shape")]),
        )
    return None


def _model_of(reading: Reading, store: Store) -> ModelStore | None:
    """Returns the model whose champion was trained on the same file and target, the newest of several."""
    found = []
    for name in store.names():
        with suppress(ForecastError):
            champion = store.model(name).champion()
            entry = data_of(champion)
            if entry.source == str(reading.path) and entry.target == reading.panel.target:
                found.append((champion.created, name))
    return store.model(max(found)[1]) if found else None


def _moved(panel: Panel, other: Panel, places: list[int]) -> IntArray:
    """Returns positions in a panel's buffer as those in another's, ascending; without what that one lacks."""
    at = np.array(sorted(places), dtype=np.int64)
    series = panel.series_of(at)
    ordinals = panel.first[series] + at - panel.offsets[series]
    there = places_of([panel.series_ids[i] for i in series.tolist()], other.series_ids)
    inside = (there >= 0) & (ordinals >= other.first[there]) & (ordinals <= other.last[there])
    return np.sort((other.offsets[there] + ordinals - other.first[there])[inside])
