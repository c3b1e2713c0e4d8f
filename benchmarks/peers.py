"""The contenders from other libraries, each with its own defaults; run as a script, one of them in one process.

    python benchmarks/peers.py NAME FOLDER

FOLDER holds ``task.json`` (horizon, season, steps) and ``train.csv`` (unique_id, step, y, without gaps), and no
truth. Left there: ``forecast.csv`` (unique_id, step from 1, forecast) and ``done.json`` (the seconds that the work
took, imports excluded and reading included, and what is to be noted). Libraries are imported in the function that
makes a contender, all else happens in the function that it returns.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

SEED = 1


@dataclass(frozen=True)
class Assignment:
    """What is to be forecast.

    Attributes:
        steps: training steps of a network; None for the library's default.
    """

    horizon: int
    season: int
    steps: int | None = None


Contender = Callable[[Any, Assignment], tuple[Any, str]]
"""Takes a frame of histories; returns a frame of forecasts and a note."""


def _rule(seasonal: bool) -> Contender:
    import numpy as np
    import pandas as pd

    from scoring import seasonal_naive

    def forecast(train: Any, task: Assignment) -> tuple[Any, str]:
        season = task.season if seasonal else 1
        rows = {name: seasonal_naive(y.to_numpy(), task.horizon, season) for name, y in train.groupby("unique_id")["y"]}
        steps = np.tile(np.arange(1, task.horizon + 1), len(rows))
        ids = np.repeat(list(rows), task.horizon)
        return pd.DataFrame({"unique_id": ids, "step": steps, "forecast": np.concatenate(list(rows.values()))}), ""

    return forecast


def _statsforecast(name: str) -> Contender:
    from statsforecast import StatsForecast, models

    def forecast(train: Any, task: Assignment) -> tuple[Any, str]:
        model = getattr(models, name)(season_length=task.season, alias="forecast")
        runner = StatsForecast(models=[model], freq=1, n_jobs=-1, fallback_model=models.Naive())
        found = runner.forecast(df=train.rename(columns={"step": "ds"}), h=task.horizon)
        return _numbered(found), ""

    return forecast


def _neuralforecast(name: str) -> Contender:
    from neuralforecast import NeuralForecast, models

    def forecast(train: Any, task: Assignment) -> tuple[Any, str]:
        shortest = int(train.groupby("unique_id").size().min())
        padded = shortest < 4 * task.horizon  # a window of three horizons and one to learn: it refuses less
        own = {} if task.steps is None else {"max_steps": task.steps}
        model = getattr(models, name)(
            h=task.horizon,
            start_padding_enabled=padded,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            logger=False,
            alias="forecast",
            **own,
        )
        runner = NeuralForecast(models=[model], freq=1)
        runner.fit(train.rename(columns={"step": "ds"}))
        note = "told to pad, since it refuses the shortest series" if padded else ""
        return _numbered(runner.predict()), note

    return forecast


def _darts(name: str) -> Contender:
    import numpy as np
    import pandas as pd
    from darts import TimeSeries
    from darts.dataprocessing.transformers import Scaler
    from darts.models import BlockRNNModel

    def forecast(train: Any, task: Assignment) -> tuple[Any, str]:
        lookback, steps = 3 * task.horizon, task.steps or 1000
        parts = {name: y.to_numpy(np.float32) for name, y in train.groupby("unique_id")["y"]}
        short = [max(0, lookback + task.horizon - len(y)) for y in parts.values()]
        padded = [np.pad(y, (more, 0), mode="edge") for y, more in zip(parts.values(), short, strict=True)]
        scaler = Scaler()
        series = scaler.fit_transform([TimeSeries.from_values(y) for y in padded])
        model = BlockRNNModel(
            input_chunk_length=lookback,
            output_chunk_length=task.horizon,
            model=name,
            random_state=SEED,
            pl_trainer_kwargs={"max_steps": steps, "accelerator": "cpu", "enable_progress_bar": False},
        )
        model.fit(series)
        found = scaler.inverse_transform(model.predict(task.horizon, series=series))
        rows = [
            pd.DataFrame({"unique_id": name, "step": np.arange(1, task.horizon + 1), "forecast": one.values().ravel()})
            for name, one in zip(parts, found, strict=True)
        ]
        note = f"at most {steps:,} steps, not 100 epochs; window of 3 horizons; scaled to 0 … 1"
        return pd.concat(rows), note + ("; short series padded" if any(short) else "")

    return forecast


def _numbered(found: Any) -> Any:
    """Returns the forecast column with the number of each step within its series."""
    found = found.reset_index() if "unique_id" not in found else found
    found = found.sort_values(["unique_id", "ds"])
    return found.assign(step=found.groupby("unique_id").cumcount() + 1)[["unique_id", "step", "forecast"]]


PEERS: dict[str, Callable[[], Contender]] = {
    "seasonal-naive": lambda: _rule(seasonal=True),
    "naive": lambda: _rule(seasonal=False),
    "AutoETS": lambda: _statsforecast("AutoETS"),
    "AutoTheta": lambda: _statsforecast("AutoTheta"),
    "AutoARIMA": lambda: _statsforecast("AutoARIMA"),
    "NeuralForecast-LSTM": lambda: _neuralforecast("LSTM"),
    "NeuralForecast-GRU": lambda: _neuralforecast("GRU"),
    "NeuralForecast-RNN": lambda: _neuralforecast("RNN"),
    "Darts-LSTM": lambda: _darts("LSTM"),
    "Darts-GRU": lambda: _darts("GRU"),
    "Darts-RNN": lambda: _darts("RNN"),
}


def main() -> None:
    """Does one task by one contender."""
    parser = argparse.ArgumentParser(description="One contender on one task; run.py calls this.")
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    import pandas as pd

    contender = PEERS[arguments.name]()
    began = perf_counter()
    task = Assignment(**json.loads((arguments.folder / "task.json").read_text()))
    train = pd.read_csv(arguments.folder / "train.csv", dtype={"unique_id": str})
    found, note = contender(train, task)
    found.to_csv(arguments.folder / "forecast.csv", index=False)
    done = {"seconds": perf_counter() - began, "note": note}
    (arguments.folder / "done.json").write_text(json.dumps(done))


if __name__ == "__main__":
    main()
