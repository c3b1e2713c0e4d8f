"""Values that stand alone and were not expected: what nobody should learn from, and no forecast should lean on.

spike or dip                               flagged
new level, burst, shape                    not: that may be how things are now
the newest values, two or more in a row    not: nobody knows yet whether they stay
a day on which all series are off          flagged in each of them
"""

from collections.abc import Iterator

import numpy as np

from forecast.data.panel import IntArray, Panel
from forecast.errors import DataError
from forecast.evaluation.anomalies.episodes import rare_steps
from forecast.evaluation.anomalies.search import Anomalies, AnomalyInput, search

RATE = 0.001
"""Of false alarms: that of ``forecast anomalies`` where nobody asks for another."""
POINTS = ("spike", "dip")
OPEN = 2
"""Values in a row at the end of a series from which on they may be a new level."""


def flagged_values(given: AnomalyInput, until: IntArray, threads: int = 1) -> IntArray:
    """Returns the places of the spikes and dips in what came after some steps, none where too little came before.

    Args:
        given: the panel, and what a model says of it.
        until: (S,) ordinal of the step of each series after which is looked.
        threads: see ``search``.
    """
    panel = given.panel
    since = int((until + 1)[panel.last > until].min(initial=int(panel.last.max()) + 1))
    if since > panel.last.max():
        return np.empty(0, dtype=np.int64)
    try:
        begin = since if since > panel.first.min() else None
        found = search(given, "point", RATE, begin, threads=threads, by_itself=True)
    except DataError:  # too little history to tell
        return np.empty(0, dtype=np.int64)
    places = np.array(list(_points(panel, found)), dtype=np.int64)
    series = panel.series_of(places)
    return np.sort(places[places - panel.offsets[series] + panel.first[series] > until[series]])


def _points(panel: Panel, found: Anomalies) -> Iterator[int]:
    """Yields the places of values that stand alone."""
    rare = rare_steps(found.scores, RATE) & found.judged & panel.observed
    seen = np.flatnonzero(panel.observed)
    newest = np.concatenate([[-1], seen])[np.searchsorted(seen, panel.offsets[1:])]  # of each series
    for episode in found.episodes:
        own = np.arange(episode.onset, episode.end + 1)
        own = own[rare[own]]
        is_open = episode.end >= newest[episode.series] and own.size >= OPEN
        if episode.kind in POINTS and not is_open:
            yield from own.tolist()
