"""Made the frozen models in this folder, once: python tests/frozen/make_frozen.py.

What they predict must stay the same for ever, as must the predictions of every version in a user's store. Run this
again only for a change after which old versions are refused on purpose.
"""

import json
from pathlib import Path

import numpy as np

from forecast.data.panel import panel_from_series
from forecast.models.forecaster import Watcher
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.models.networks.serialization import dump_model, pack_arrays
from forecast.specs import ModelSpec, View
from runs import QUIET

HERE = Path(__file__).parent
SPECS = {
    "rnn": ModelSpec("rnn", 8, 3, units=3, steps=60, batch_size=4, seeds=(0,), views=(View("last-value"),)),
    "lstm": ModelSpec(
        "lstm",
        8,
        3,
        segment=2,
        units=3,
        steps=60,
        batch_size=4,
        seeds=(0, 1),
        season=4,
        views=(View("last-season", 4), View("mean-season", 4, "mean", "series", log=True), View("smoothed", 4)),
    ),
    "gru": ModelSpec(
        "gru",
        8,
        3,
        layers=2,
        units=3,
        steps=60,
        batch_size=4,
        seeds=(0,),
        views=(View("zero", 1, "series", "range"),),
        highway=False,
        rolled=True,
    ),
}


def series() -> list[list[float | None]]:
    """Three series; the second has gaps, the third is shorter than the window."""
    rng = np.random.default_rng(0)
    time = np.arange(40)
    values = [
        np.round(20 + 0.2 * time[:n] + 4 * np.sin(np.pi * time[:n] / 2) + rng.normal(0, 1, n), 3) for n in (40, 33, 6)
    ]
    return [
        [None if i == 1 and t in {5, 20, 31} else float(y) for t, y in enumerate(row)] for i, row in enumerate(values)
    ]


def main() -> None:
    """Trains each spec on the first two series and keeps what it predicts for all three."""
    data = series()
    panel = panel_from_series([[np.nan if y is None else y for y in row] for row in data], "D")
    for name, spec in SPECS.items():
        model = RecurrentForecaster(name, spec, QUIET).fit(panel.select([0, 1]), Watcher())
        settings, arrays = dump_model(model)
        settings["series_ids"] = list(model.series_ids)
        members = model.predict_members(panel)
        (HERE / f"{name}.npz").write_bytes(pack_arrays(arrays))
        document = {"settings": settings, "series": data, "members": members.values.tolist()}
        (HERE / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
