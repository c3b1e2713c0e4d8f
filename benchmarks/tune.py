"""What `forecast tune` is worth: how often it crowns luck, finds what is there, and how much faster one process is.

Usage: python benchmarks/tune.py noise [--runs 20]      no setting is better: how often is the default kept?
       python benchmarks/tune.py window [--runs 10]     one four times the default's is: how often is it found?
       python benchmarks/tune.py speed                  trials a minute, of one command and of a fresh process each
       python benchmarks/tune.py panels [--sets …]      tuned settings beside the default on steps held back
       python benchmarks/tune.py settings [--sets …]    what each setting does by itself, and their mean
       python benchmarks/tune.py together [--sets …]    other cells together than the default's three, in full

The steps held back are the last horizon of the training part, SET.csv; the official hold-out that continues it,
SET_test.csv, is never read. airline_passengers and female_births have no official one.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = {"tourism_monthly": 24, "m3_monthly": 18, "nn5_daily": 56, "m4_monthly_sub200": 18, "female_births": 14,
        "airline_passengers": 12}  # fmt: skip
MORE_SETS = {"walmart_weekly_sub200": 13, "m4_hourly": 48, "carparts": 12}
"""Panels that are tuned where somebody names them."""
SMALL = ("--model", "linear", "--preset", "fast", "--plots", "none", "--horizon", "4", "--json", "-q")
LAG = 100


def main() -> None:
    """Runs one of the six, and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("noise", "window", "speed", "panels", "settings", "together"))
    parser.add_argument("--runs", type=int, help="of noise (20) and window (10)")
    parser.add_argument("--first", type=int, default=0, help="number of the first run, by which its data is drawn")
    parser.add_argument("--trials", type=int, default=13, help="of each run; default 13")
    parser.add_argument("--time-limit", default="10m", help="of each panel; default 10m")
    parser.add_argument("--workers", type=int, help="processes of each search; default: as many as the program says")
    parser.add_argument("--sets", default=",".join(SETS), help="panels, with commas")
    parser.add_argument("--series", type=int, default=100, help="of each panel whose settings are tried; default 100")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        if options.what in {"noise", "window"}:
            count = options.runs or (20 if options.what == "noise" else 10)
            planted(options.what, range(options.first, options.first + count), options.trials, folder)
        elif options.what == "speed":
            speed(options, folder)
        elif options.what == "settings":
            alone(options)
        elif options.what == "together":
            together(options)
        else:
            panels(options, folder)


def planted(what: str, runs: range, trials: int, folder: Path) -> None:
    """Tunes data of which it is known what is best, in one process, and counts how often that came out."""
    from forecast.data.read_options import ReadOptions
    from forecast.experiment.tuning.tune_search import SearchLimits
    from forecast.process import start_run
    from forecast.production.store.store import Store
    from forecast.specs import Settings
    from forecast.workflows.tuning.tune import TuneRequest, tune

    right, run = 0, start_run("cpu")
    print("| run | best of the search | error there | on the confirmation | p | kept |\n" + "| --- " * 6 + "|")
    for number in runs:
        source = folder / f"{what}{number}.csv"
        source.write_text(panel_text(what, number), encoding="utf-8")
        request = TuneRequest(
            source=str(source),
            options=ReadOptions(),
            settings=Settings(horizon=4, preset="fast", seed=number),
            model="linear",
            name=None,
            search=("window", "learning-rate", "steps"),
            fixed={},
            limits=SearchLimits(trials),
            folder=folder,
            plots="none",
        )
        began = time.monotonic()
        found = tune(request, Store(folder / "store"), run)
        changes, confirmation = found.tuned.changes, found.confirmation
        window = int(changes.get("window", found.entry.window))
        is_right = not changes if what == "noise" else window >= 4 * found.entry.window
        right += is_right
        default, best = found.trials[0].error or 0.0, (found.best.error or 0.0) if found.best else 0.0
        told = "–" if confirmation is None else f"{-100 * confirmation.gain:+.1f} %"
        p = "–" if confirmation is None or confirmation.p is None else f"{confirmation.p:.3f}"
        said = f"{found.tuned.best or 'the default'}".replace("|", "")
        print(
            f"| {number} | {said} | {100 * (best / default - 1):+.1f} % | {told} | {p} | "
            f"{'default' if not changes else 'tuned'}, {time.monotonic() - began:.0f} s |",
            flush=True,
        )
    wanted = "the default was kept" if what == "noise" else "a window of at least four times the default's was taken"
    print(f"\n{wanted} in {right} of {len(runs)} runs of {trials} trials")


def panel_text(what: str, number: int) -> str:
    """Returns six series of 400 days: noise, or noise that comes again after LAG days, beyond the usual window."""
    rng = np.random.default_rng(number)
    lines = ["day,shop,sales"]
    days = np.arange(np.datetime64("2023-01-01"), np.datetime64("2023-01-01") + 400)
    for shop in range(6):
        noise = rng.normal(size=400 + LAG)
        if what == "window":
            for step in range(LAG, len(noise)):
                noise[step] = 0.95 * noise[step - LAG] + 0.3 * noise[step]
        lines += [f"{day},s{shop},{100 + 10 * value:.3f}" for day, value in zip(days, noise[LAG:], strict=True)]
    return "\n".join(lines) + "\n"


def speed(options: argparse.Namespace, folder: Path) -> None:
    """Times the trials of a search in one process, and each of the settings it tried in a fresh process.

    Of the airline sample, which is trained in NumPy; or of series of the first of the sets that somebody names, as many
    as make it train in TensorFlow's compiled loop. What was asked for twice counts once. A fresh process has one trial,
    and so no best ones to be trained in full and no confirmation: those of the one process are told apart from its
    search, by when its last trial ended. Without --workers, as many processes share a search as the program thinks fit.
    """
    import statistics

    import pandas as pd

    source, trials = folder / "air.csv", options.trials
    shutil.copy(Path(__file__).resolve().parents[1] / "sample_data" / "airline_passengers.csv", source)
    words, search = ("--model", "gru", "--plots", "none", "-q", "--json"), "learning-rate,steps,window"
    if options.sets != ",".join(SETS):
        name, search = options.sets.split(",")[0], "learning-rate,window,units"
        frame = pd.read_csv(DATA / f"{name}.csv")
        frame[frame["unique_id"].isin(frame["unique_id"].unique()[: options.series])].to_csv(source, index=False)
        horizon = str((SETS | MORE_SETS)[name])
        words += ("--id", "unique_id", "--time", "ds", "--target", "y", "--horizon", horizon)
    more = ("--search", search, "--trials", str(trials), *shared(options))
    whole, processor, found = timed(source, words, more, folder)
    done = [trial for trial in found["trials"] if trial["seconds"]]
    apart, apart_processor, beside = 0.0, 0.0, []
    for trial in done:
        fixed = ",".join(f"{name}={value}" for name, value in trial["values"].items())
        own = ("--fix", fixed, "--search", "dropout", "--trials", "1", "--name", f"fresh{trial['trial']}")
        seconds, own_processor, alone = timed(source, words, own, folder)
        apart, apart_processor = apart + seconds, apart_processor + own_processor
        beside.append(seconds - alone["trials"][0]["seconds"])
    search_seconds = statistics.median(beside) + last_end(folder, found["name"])
    share = min(search_seconds / whole, 1.0)
    for told, seconds, own_processor in (
        ("of one command, start and search", search_seconds, share * processor),
        ("of one command, those in full and the confirmation as well", whole, processor),
        ("of a fresh process each, start and search", apart, apart_processor),
    ):
        pace = f"{60 * len(done) / seconds:.1f} a minute"
        print(f"{len(done)} trials {told}: {seconds:.1f} s, {own_processor:.1f} CPU s, {pace}")
    print(
        f"{apart / search_seconds:.2f} times as many in a search ({apart_processor / share / processor:.2f} by CPU), "
        f"{apart / whole:.2f} with what comes after it"
    )


def shared(options: argparse.Namespace) -> tuple[str, ...]:
    """Returns the flag that says how many processes share a search; none where nobody said."""
    return () if options.workers is None else ("--workers", str(options.workers))


def last_end(folder: Path, name: str) -> float:
    """Returns the seconds of a search until its last trial ended."""
    from forecast.experiment.tuning.optuna_study import TuningStudy
    from forecast.experiment.tuning.tuning_folder import TuningFolder
    from forecast.production.store.store import Store

    tuned = TuningFolder(Store(folder / ".forecast"), name)
    entry = tuned.entry()
    assert entry is not None
    return max(trial.ended for trial in TuningStudy(tuned.journal, entry.space, entry.seed).trials())


def timed(source: Path, words: Sequence[str], more: Sequence[str], folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Returns the seconds of a tuning, those of a processor, and what it prints."""
    import json
    import resource

    def used() -> float:
        told = resource.getrusage(resource.RUSAGE_CHILDREN)
        return told.ru_utime + told.ru_stime

    program = str(Path(sys.executable).with_name("forecast"))
    began, before = time.monotonic(), used()
    done = subprocess.run([program, "tune", str(source), *words, *more], cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began, used() - before, json.loads(done.stdout)


def panels(options: argparse.Namespace, folder: Path) -> None:
    """Tunes panels without their last horizon, and scores the default and what came out on that."""
    import json

    import pandas as pd

    program = str(Path(sys.executable).with_name("forecast"))
    print("| set | trials | settings | confirmation | default | tuned | tuned / default |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in options.sets.split(","):
        horizon = (SETS | MORE_SETS)[name]
        frame = pd.read_csv(DATA / f"{name}.csv")
        frame = frame if "unique_id" in frame else frame.set_axis(["ds", "y"], axis=1).assign(unique_id=name)
        place = frame.groupby("unique_id").cumcount(ascending=False)
        source = folder / f"{name}.csv"
        frame[place >= horizon].to_csv(source, index=False)
        truth = frame[place < horizon].assign(step=horizon - place[place < horizon])
        words = (
            "--id",
            "unique_id",
            "--time",
            "ds",
            "--target",
            "y",
            "--horizon",
            str(horizon),
            "--plots",
            "none",
            "-q",
        )
        limit = ("--time-limit", options.time_limit, *shared(options), "--json")
        done = subprocess.run(
            [program, "tune", str(source), *words, *limit], cwd=folder, check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout)
        confirmation = found["confirmation"]
        told = (
            "–"
            if confirmation is None
            else f"{100 * (confirmation['error'] / confirmation['default_error'] - 1):+.1f} %"
        )
        errors = []
        for tuned in ((), ("--tuned", name)) if found["settings"] else ((),):
            out = folder / f"out{len(errors)}"
            subprocess.run(
                [
                    program,
                    "train",
                    str(source),
                    *words,
                    *tuned,
                    "--name",
                    f"{name}{len(errors)}",
                    "--out-dir",
                    str(out),
                ],
                cwd=folder,
                check=True,
                capture_output=True,
            )
            errors.append(scaled_error(pd.read_csv(out / f"{name}{len(errors)}.csv"), truth, frame[place >= horizon]))
        errors = errors * 2 if len(errors) == 1 else errors
        print(
            f"| {name} | {len(found['trials'])} | {found['settings'] or 'the default'} | {told} | {errors[0]:.4f} | "
            f"{errors[1]:.4f} | {errors[1] / errors[0]:.4f} |",
            flush=True,
        )


def alone(options: argparse.Namespace) -> None:
    """Scores each setting by itself on the folds of a panel's training part, as cheaply as a trial, and their mean."""
    from forecast.experiment.tuning.search_space import changed_settings, changes_of, neighbours
    from forecast.experiment.tuning.trial import TrainingWay, block_errors, score_settings
    from forecast.experiment.tuning.tuning_entry import TuningScope, tuning_entry
    from forecast.metric_records import METRICS
    from forecast.process import start_run
    from forecast.specs import Settings

    print("| set | setting | error | beside the default | fold by fold |\n" + "| --- " * 5 + "|")
    for name in options.sets.split(","):
        run, (reading, read) = start_run("cpu"), some_of(name, options.series)
        settings = Settings(horizon=(SETS | MORE_SETS)[name], seeds=1)
        scope = TuningScope(name, name, read, None, settings, "auto", None, 0, 4, "2026-01-01T00:00:00+00:00")
        entry = tuning_entry(scope, reading, run)
        usual, forecasts, default = {each.name: each.default for each in entry.space}, [], None
        for values in (usual, *neighbours(entry.space)[: options.trials]):
            changes = changes_of(values, entry.space, entry.window)
            changed, model = changed_settings(settings, "auto", changes)
            model = entry.rung.cell if entry.rung is not None and model == "auto" else model
            way = TrainingWay(effort=entry.rung.effort if entry.rung else 1.0)
            prepared, found = score_settings(reading, changed, model, run, way=way)
            tested = found.models[0]
            forecasts.append(tested.forecasts)

            def errors(points: np.ndarray) -> np.ndarray:
                pairs = zip(found.folds[1:], points, strict=True)  # noqa: B023 - called in this round alone
                record, season = METRICS[settings.metric], prepared.plan.season  # noqa: B023
                return np.stack([block_errors(reading.panel, fold, each, season, record) for fold, each in pairs])  # noqa: B023

            mine = errors(tested.forecasts)
            default = mine if default is None else default
            print(_row(name, str(changes or "the default"), mine, default), flush=True)
        print(_row(name, f"the mean of all {len(forecasts)}", errors(np.mean(forecasts, axis=0)), default), flush=True)


def some_of(name: str, series: int) -> "tuple[Reading, ReadOptions]":  # noqa: F821
    """Returns so many series of a set, evenly chosen, and how it is read."""
    from dataclasses import replace

    from forecast.data.reading.reader import ReadOptions, read_panel

    has_names = "unique_id" in (DATA / f"{name}.csv").open(encoding="utf-8").readline()
    read = ReadOptions(ids=("unique_id",), target=("y",)) if has_names else ReadOptions()
    reading = read_panel(str(DATA / f"{name}.csv"), read)
    some = np.unique(np.linspace(0, len(reading.panel) - 1, min(series, len(reading.panel))).astype(int))
    return replace(reading, panel=reading.panel.select(some), whole=None), read


TOGETHER = {"the default's": ("rnn", "lstm", "gru"), "and linear": ("rnn", "lstm", "gru", "linear"),
            "linear": ("linear",), "gru, linear": ("gru", "linear")}  # fmt: skip


def together(options: argparse.Namespace) -> None:
    """Scores cells together on the last three folds of a panel's training part, in full, a seed each, trained once."""
    from forecast.evaluation.backtest import backtest
    from forecast.experiment.experiment import prepare
    from forecast.experiment.time_limit import Terms
    from forecast.experiment.tuning.trial import block_errors
    from forecast.metric_records import METRICS
    from forecast.models.ensemble import EnsembleForecaster
    from forecast.models.networks.recurrent import Memory
    from forecast.models.registry import make_forecaster
    from forecast.process import start_run
    from forecast.specs import Settings

    print("| set | cells | error | beside the default | fold by fold |\n" + "| --- " * 5 + "|")
    for name in options.sets.split(","):
        run, memory, (reading, _) = start_run("cpu"), Memory(), some_of(name, options.series)
        settings = Settings(horizon=(SETS | MORE_SETS)[name], seeds=1, folds=3)
        prepared = prepare(reading, settings, TOGETHER["and linear"], run, Terms())
        plan, machine = prepared.plan, run.on(prepared.machine)

        def part(cell: str) -> Any:
            return make_forecaster(cell, prepared.specs, plan.season_of(cell), machine, memory)  # noqa: B023

        models = [EnsembleForecaster(words, tuple(map(part, cells))) for words, cells in TOGETHER.items()]
        given = {"refit": plan.refit, "metric": settings.metric, "run": machine, "kind": plan.kind, "levels": ()}
        found = backtest(reading.panel, prepared.folds, models, plan.season, **given)
        points = {tested.name: tested.forecasts for tested in found.models}
        points["half the default, half linear"] = (points["the default's"] + points["linear"]) / 2

        def errors(forecasts: np.ndarray) -> np.ndarray:
            pairs, record = zip(found.folds[1:], forecasts, strict=True), METRICS[settings.metric]  # noqa: B023
            return np.stack([block_errors(reading.panel, fold, each, plan.season, record) for fold, each in pairs])  # noqa: B023

        for words, forecasts in points.items():
            print(_row(name, words, errors(forecasts), errors(points["the default's"])), flush=True)


def _row(name: str, words: str, errors: np.ndarray, default: np.ndarray) -> str:
    folds = ", ".join(f"{100 * (np.nanmean(a) / np.nanmean(b) - 1):+.2f}" for a, b in zip(errors, default, strict=True))
    gain = 100 * (np.nanmean(errors) / np.nanmean(default) - 1)
    return f"| {name} | {words} | {np.nanmean(errors):.4f} | {gain:+.2f} % | {folds} |"


def scaled_error(forecast: "pd.DataFrame", truth: "pd.DataFrame", known: "pd.DataFrame") -> float:  # noqa: F821
    """Returns the mean absolute error over series, each divided by its mean absolute step in what was known."""
    forecast = forecast.rename(columns={"series_id": "unique_id"})
    forecast["unique_id"] = forecast["unique_id"].astype(str)
    if forecast["unique_id"].nunique() == 1:
        forecast["unique_id"] = str(truth["unique_id"].iloc[0])
    both = truth.assign(unique_id=truth["unique_id"].astype(str)).merge(forecast, on=["unique_id", "step"])
    wrong = (both["y"] - both["forecast"]).abs().groupby(both["unique_id"]).mean()
    moves = known.groupby(known["unique_id"].astype(str))["y"].apply(lambda own: own.diff().abs().mean())
    return float((wrong / moves).mean())


if __name__ == "__main__":
    main()
