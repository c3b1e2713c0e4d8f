"""All contenders on one set, each in processes of its own, and the rows that come of it."""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from pathlib import Path

import pandas as pd

from datasets import DATASETS, Dataset, Task, official_task, published_naive, rolling_tasks, rule, without_gaps
from measuring import measure
from ours import Product, numbered
from results import Row, SetResult
from scoring import Outcome, Scores, score

MODELS = ("auto", "rnn", "lstm", "gru")
COMPARED = ("rnn", "lstm", "gru", "linear", "ensemble")
FOLDS = 3
PEERS = Path(__file__).resolve().with_name("peers.py")


@dataclass(frozen=True)
class Terms:
    """What a run of the benchmark was asked for.

    Attributes:
        imports: seconds that ours spends on imports.
        steps: training steps of the peers' networks; None for their own defaults.
        arima_series: the most series that AutoARIMA is run on.
        limit: seconds after which a contender is stopped.
    """

    product: Product
    imports: float
    peers: tuple[str, ...]
    steps: int | None
    arima_series: int
    limit: int


@dataclass(frozen=True, eq=False)
class Attempt:
    """One contender at one origin."""

    outcomes: list[Outcome]
    seconds: float
    work: float
    megabytes: float
    cpu_seconds: float
    note: str = ""


def say(text: str) -> None:
    """Writes a line of progress to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def check_published() -> None:
    """Makes sure that the scorer gives the published seasonal-naive scores, to their last digit.

    Raises:
        RuntimeError: it does not.
    """
    published = published_naive()
    if missing := {name for name, dataset in DATASETS.items() if dataset.official} - set(published):
        raise RuntimeError(f"the data's README states no seasonal-naive scores of {', '.join(sorted(missing))}")
    for name, stated in published.items():
        found = score(rule(official_task(DATASETS[name]), DATASETS[name].season), DATASETS[name].season)
        digits = {"smape": 2, "mase": 3, "rmse_mean": 3 if stated.rmse_mean < 10 else 2}
        for measured, places in digits.items():
            ours, theirs = getattr(found, measured), getattr(stated, measured)
            if abs(ours - theirs) > 0.51 * 10**-places:
                raise RuntimeError(f"{name}: seasonal naive has {measured} {ours:.{places + 1}f}, published {theirs}")
    say("The published seasonal-naive scores are reproduced.")


def run_set(dataset: Dataset, terms: Terms) -> SetResult:
    """Returns the result of all contenders on a set; one that fails has the reason in its note."""
    try:
        return (_official if dataset.official else _rolling)(dataset, terms)
    except RuntimeError as error:
        return SetResult(dataset, f"Failed: {error}", ())


def _official(dataset: Dataset, terms: Terms) -> SetResult:
    task = official_task(dataset)
    rows = [_ours(dataset, model, [(dataset.path, task)], terms) for model in MODELS]
    rows += [_peer(dataset, name, [task], terms) for name in terms.peers]
    about = f"{_size(task)}, official hold-out; ours: one `forecast train` a row, the CSV that it wrote scored."
    return SetResult(dataset, about, tuple(rows))


def _rolling(dataset: Dataset, terms: Terms) -> SetResult:
    """Runs all over the origins that ``forecast compare`` states."""
    say(f"{dataset.name}: forecast compare")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        run, found = terms.product.compare(dataset.path, dataset.horizon, FOLDS, ",".join(COMPARED), folder)
        tasks = rolling_tasks(dataset, [fold["origin"] for fold in found["folds"] if fold["scored"]])
        board = {row["model"]: Scores(row["smape"], row["mase"], row["rmse"], nan) for row in found["leaderboard"]}
        naive = score([outcome for task in tasks for outcome in rule(task, 1)], dataset.season)
        if abs(naive.rmse_pooled / board["naive"].rmse_pooled - 1) > 1e-6:
            raise RuntimeError(f"naive's RMSE is {naive.rmse_pooled}, but compare says {board['naive'].rmse_pooled}")
        files = [folder / f"origin{number}.csv" for number in range(len(tasks))]
        for path, task in zip(files, tasks, strict=True):
            task.train.to_csv(path, index=False)
        rows = [_ours(dataset, "auto", list(zip(files, tasks, strict=True)), terms)]
    rows += [Row(f"forecast {model}", board[model], note="in compare") for model in COMPARED]
    rows += [_peer(dataset, name, tasks, terms) for name in terms.peers]
    about = (
        f"{_size(tasks[0])}, {FOLDS} rolling origins. `forecast auto` is a `forecast train` on the data up to each "
        f"origin; the other rows of ours are one `forecast compare` ({run.seconds:.1f} s, {run.megabytes:.0f} MB for "
        f"all). Seconds are the mean of a run. Verdict of compare: “{found['verdict']}”"
    )
    return SetResult(dataset, about, tuple(rows))


def _size(task: Task) -> str:
    return f"{task.train['unique_id'].nunique():,} series, season {task.season}, horizon {task.horizon}"


def _ours(dataset: Dataset, model: str, pairs: list[tuple[Path, Task]], terms: Terms) -> Row:
    def attempt(pair: tuple[Path, Task]) -> Attempt:
        data, task = pair
        with tempfile.TemporaryDirectory() as folder:
            run, forecast = terms.product.train(data, task.horizon, model, Path(folder))
        outcomes = task.outcomes(numbered(forecast, task.truth))
        work = max(0.0, run.seconds - terms.imports)
        note = forecast["model"].iloc[0] if model == "auto" else ""
        return Attempt(outcomes, run.seconds, work, run.megabytes, run.cpu_seconds, note)

    return _row(dataset, f"forecast {model}", [lambda pair=pair: attempt(pair) for pair in pairs])


def _peer(dataset: Dataset, name: str, tasks: list[Task], terms: Terms) -> Row:
    series = tasks[0].train["unique_id"].nunique()
    if name == "AutoARIMA" and series > terms.arima_series:
        return Row(name, note=f"left out: slow on {series:,} series (`--arima-series {series}` runs it)")
    return _row(dataset, name, [lambda task=task: _run_peer(name, task, terms) for task in tasks])


def _run_peer(name: str, task: Task, terms: Terms) -> Attempt:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        without_gaps(task.train).to_csv(folder / "train.csv", index=False)
        assignment = {"horizon": task.horizon, "season": task.season, "steps": terms.steps}
        (folder / "task.json").write_text(json.dumps(assignment))
        run = measure([sys.executable, str(PEERS), name, str(folder)], folder, terms.limit).checked()
        done = json.loads((folder / "done.json").read_text())
        forecast = pd.read_csv(folder / "forecast.csv", dtype={"unique_id": str})
    return Attempt(task.outcomes(forecast), run.seconds, done["seconds"], run.megabytes, run.cpu_seconds, done["note"])


def _row(dataset: Dataset, name: str, attempts: list[Callable[[], Attempt]]) -> Row:
    """Returns the row of a contender over its attempts: seconds of the mean, memory of the largest."""
    say(f"{dataset.name}: {name}")
    try:
        done = [attempt() for attempt in attempts]
        scores = score([outcome for one in done for outcome in one.outcomes], dataset.season)
    except (RuntimeError, ValueError) as error:
        return Row(name, note=f"failed: {error}")
    seconds, work = sum(one.seconds for one in done) / len(done), sum(one.work for one in done) / len(done)
    notes = dict.fromkeys(one.note for one in done if one.note)
    cpu_seconds = sum(one.cpu_seconds for one in done) / len(done)
    return Row(name, scores, seconds, work, max(one.megabytes for one in done), ", ".join(notes), cpu_seconds)
