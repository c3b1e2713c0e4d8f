"""What a run leaves in `--log-dir`: what trainings were like, for TensorBoard, and what came of them, for MLflow.

    DIR/lstm/until-…/VIEW/seed-0/events.out.tfevents.…      tensorboard --logdir DIR
    DIR/mlruns                                              mlflow ui --backend-store-uri DIR/mlruns

MLflow is the extra ``mlflow``. This is the one door to it.
"""

import math
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from forecast.experiment.destinations import check_folder
from forecast.experiment.experiment import Experiment
from forecast.production.store.disk import telling
from forecast.report.tables import csv_text, leaderboard_rows
from forecast.run import Run

METRICS = ("rmse", "mae", "mase", "smape", "skill", "wql", "coverage_80", "train_seconds")
FOLDER = "mlruns"
LONGEST = 500  # signs of a parameter, for MLflow's file store


@contextmanager
def tracking(folder: Path | None, run: Run) -> Iterator[Run]:
    """Hands on a run whose trainings are written into a folder as TensorBoard reads them; the same run for None.

    Raises:
        UsageError: the folder can't be made.
    """
    if folder is None:
        yield run
        return
    check_folder(folder, "--log-dir")
    from forecast.models.networks.event_log import EventLog  # imports TensorFlow

    log = EventLog(str(folder), run.clock)
    try:
        yield replace(run, tracker=log)
    finally:
        log.close()


def keep_experiment(
    folder: Path | None, name: str, experiment: Experiment, given: Mapping[str, str], files: Mapping[str, bytes]
) -> None:
    """Keeps what came of a run for MLflow, where there is a folder for it and mlflow is installed.

    Args:
        folder: of the log.
        name: of the run.
        experiment: that was held.
        given: flags that were asked for.
        files: more of them, by name.

    Raises:
        DataError: the disk refused.
    """
    if folder is None or not can_keep():
        return
    plan, reading, rows = experiment.plan, experiment.reading, leaderboard_rows(experiment.board)
    parameters: dict[str, object] = {flag.lstrip("-"): value or "yes" for flag, value in given.items()}
    parameters |= {"data": reading.source, "fingerprint": reading.fingerprint[:12], "series": len(reading.panel)}
    parameters |= {"plan.horizon": plan.horizon, "plan.window": plan.window, "plan.season": plan.season}
    parameters |= {"plan.folds": plan.folds}
    metrics = {
        f"{row['model']}/{metric}": float(value)
        for row in rows
        for metric in METRICS
        if isinstance(value := row.get(metric), int | float) and math.isfinite(value)
    }
    table = csv_text(list(rows[0]), [list(row.values()) for row in rows])
    verdict = f"{experiment.board.verdict}\n"
    own = {"leaderboard.csv": table.encode(), "verdict.txt": verdict.encode()}
    keep_run(folder, name, parameters, metrics, {**own, **files})


def can_keep() -> bool:
    """Tells whether mlflow is installed."""
    try:
        return find_spec("mlflow") is not None
    except ValueError:  # it is being imported, or was blocked
        return False


def keep_run(
    folder: Path,
    name: str,
    parameters: Mapping[str, object],
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
) -> Path:
    """Writes a run of the experiment ``forecast``, and returns the folder that MLflow is to be shown.

    Args:
        folder: of the log.
        name: of the run.
        parameters: by name; what is None was left to the program.
        metrics: by name, numbers.
        files: by name.

    Raises:
        DataError: the disk refused.
    """
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own deprecations are not the user's concern
        from mlflow.tracking import MlflowClient

        place = (folder / FOLDER).absolute()
        with telling(f"write to {place}", "--log-dir DIR"):
            place.mkdir(parents=True, exist_ok=True)
            client = MlflowClient(tracking_uri=place.as_uri())
            known = client.get_experiment_by_name("forecast")
            experiment = known.experiment_id if known else client.create_experiment("forecast")
            run = client.create_run(experiment, run_name=name).info.run_id
            for key, value in parameters.items():
                if value is not None:
                    client.log_param(run, key, str(value)[:LONGEST])
            for key, number in metrics.items():
                client.log_metric(run, key, number)
            with TemporaryDirectory() as draft:
                for file, content in files.items():
                    path = Path(draft) / file
                    path.write_bytes(content)
                    client.log_artifact(run, str(path))
            client.set_terminated(run)
    return place
