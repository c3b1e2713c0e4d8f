"""The networks of a backtest trained as jobs: one cell on one fold each, by whoever does them.

    compare ──job: gru, fold 2──▶ DIR/gru-2.npz ──▶ memory of the backtest, which trains only what is not in it

A job reads the data and plans anew, so that nothing but words, numbers and paths travels.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from forecast.addresses import is_address, is_database
from forecast.data.panel import Panel
from forecast.data.read_options import ReadOptions
from forecast.decoding import Document, decode, encode
from forecast.errors import DataError, ExitCode, UsageError, error_of
from forecast.evaluation.backtest import curve_truth
from forecast.execution.executor import Workplace, open_executor
from forecast.execution.job import JobOrder
from forecast.experiment.experiment import Prepared, Trainer, prepare
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.own_code import is_own, named_cell, spelled_cell
from forecast.models.forecaster import Curve, Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.recurrent import Memory, RecurrentModel
from forecast.models.networks.serialization import Arrays, dump_model, load_model, pack_arrays, unpack_arrays
from forecast.models.registry import make_forecaster
from forecast.production.store.disk import atomic_write
from forecast.run import Run
from forecast.specs import OWN_LOSS, Device, Match, Settings

CURVE = "curve/"


@dataclass(frozen=True)
class FoldNetworksSpec(Document):
    """What a job is told: the comparison, and which of its networks to train.

    Attributes:
        now: the time of the comparison, ISO 8601.
        models: of the comparison, as the command line takes them.
        file: that the networks are written into; a description of them goes beside it.
    """

    source: str
    options: ReadOptions
    settings: Settings
    now: str
    models: tuple[str, ...]
    match: Match
    is_bare: bool
    sample: int | None
    device: Device
    cell: str
    fold: int
    file: str


@dataclass(frozen=True)
class TrainingWorkers:
    """Processes that train networks.

    Attributes:
        job: ``module:name`` of what hands a spec on to ``train_fold_networks``, with the clock of its process.
    """

    count: int = 1
    job: str = ""


THIS_PROCESS = TrainingWorkers()
"""This process trains what it needs."""


@dataclass(frozen=True)
class NetworkJobs:
    """Where the networks of a backtest are to be trained, and what a job has to be told of it.

    Attributes:
        source: a path, or the address of an object.
        models: that are scored.
        now: the time of the run.
        sample: see ``read_to_learn``.
    """

    workers: TrainingWorkers
    source: str
    options: ReadOptions
    models: tuple[str, ...]
    now: datetime
    terms: Terms
    sample: int | None = None

    def trainer(self, settings: Settings, in_one: Mapping[str, bool]) -> Trainer | None:
        """Returns what trains the networks; None where that is done in this process.

        Args:
            settings: of the run.
            in_one: flags that are about trainings in one process, and whether each is given.

        Raises:
            UsageError: something can't travel, or would not be the same for every way of running.
        """
        if self.workers.count == 1:
            return None
        for flag in (flag for flag, is_given in in_one.items() if is_given):
            raise UsageError(f"{flag} is about trainings in one process, and --workers are several.", "one of them")
        if self.source == "-":
            raise UsageError("--workers read the data themselves, and standard input is read once.", "a file as DATA")
        if is_database(self.source):
            message = f"--workers read the data themselves, and each would ask {self.source} for all of it."
            raise UsageError(message, "a file as DATA: forecast check ADDRESS --fix data.csv writes one")
        if self.terms.is_timed:
            message = "--workers can't be used with --time-limit or --match seconds: what a network gets would depend "
            raise UsageError(f"{message}on who trains beside it.", "leave one of them out")
        if (settings.overrides.loss or "").startswith(OWN_LOSS):
            raise UsageError("A loss of your own can't be sent to --workers.", "leave out --workers")
        return self._train

    def _train(self, prepared: Prepared, panel: Panel, memory: Memory, run: Run) -> None:
        """Trains all networks that the folds ask for, and puts them into the memory of the backtest.

        Raises:
            ForecastError: the first that a job ended with.
        """
        from forecast.models.networks.fitting import panel_digest  # imports TensorFlow, which this process needs anyway

        folds = prepared.folds if prepared.plan.refit else prepared.folds[:1]
        asked = [(cell, fold) for cell in prepared.trained for fold in folds]
        if not asked:
            return
        digests = {fold.number: panel_digest(fold.train(panel)) for fold in folds}
        with (
            TemporaryDirectory(prefix="forecast-") as folder,
            open_executor(Workplace(self.workers.count), run) as executor,
        ):
            orders = [self._order(prepared, cell, fold.number, Path(folder)) for cell, fold in asked]
            futures = [executor.submit(order) for order in orders]
            told = {order.key: (cell, fold) for order, (cell, fold) in zip(orders, asked, strict=True)}
            for done, future in enumerate(executor.as_completed(futures), start=1):
                result = future.result()
                if result.failure is not None:
                    why = result.failure
                    raise error_of(ExitCode(why.code), f"{result.key}: {why.message}", why.hint)
                assert result.value is not None
                cell, fold = told[result.key]
                if result.value["digest"] != digests[fold.number].hex():
                    message = f"{self.source} was changed while networks were trained on it."
                    raise DataError(message, "run the same command again")
                run.reporter.progress(f"{done} of {len(asked)} trainings", done / len(asked))
                memory[prepared.specs[cell], digests[fold.number]] = _load(Path(result.value["file"]))

    def _order(self, prepared: Prepared, cell: str, fold: int, folder: Path) -> JobOrder:
        terms, settings = self.terms, prepared.settings
        spec = FoldNetworksSpec(
            source=self.source if is_address(self.source) else str(Path(self.source).absolute()),
            options=self.options,
            settings=settings,
            now=self.now.isoformat(),
            models=tuple(map(spelled_cell, self.models)),
            match=terms.match,
            is_bare=terms.is_bare,
            sample=self.sample,
            device=prepared.machine.device,
            cell=cell,
            fold=fold,
            file=str(folder / f"{cell}-{fold}.npz"),
        )
        return JobOrder(f"{cell}, fold {fold}", self.workers.job, encode(spec))


def train_fold_networks(spec: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """Trains the networks of one cell on one fold, and writes them into a file: the job of ``NetworkJobs``."""
    from forecast.models.networks.fitting import panel_digest  # likewise

    told = decode(FoldNetworksSpec, spec)
    models = tuple(named_cell(model) if is_own(model) else model for model in told.models)
    own = run.on(replace(run.machine, device=told.device))
    reading = run.cache.get(
        "reading",
        (told.source, repr(told.options), told.sample),
        lambda: read_to_learn(told.source, told.options, datetime.fromisoformat(told.now), told.sample),
        most=1,
    )
    prepared = prepare(reading, told.settings, models, own, Terms(told.match, is_bare=told.is_bare))
    fold = prepared.folds[told.fold]
    forecaster = make_forecaster(told.cell, prepared.specs, prepared.plan.season, own.on(prepared.machine))
    known = fold.train(reading.panel)
    model = forecaster.fit(known, Watcher(truth=curve_truth(fold, reading.panel)))
    assert isinstance(model, RecurrentModel)
    _dump(model, Path(told.file))
    return {"file": told.file, "digest": panel_digest(known).hex()}


def _dump(model: RecurrentModel, file: Path) -> None:
    document, arrays = dump_model(model)
    document |= {"series_ids": list(model.series_ids), "train_seconds": model.train_seconds}
    if model.curve:
        arrays |= {f"{CURVE}{name}": np.asarray(values) for name, values in vars(model.curve).items()}
    atomic_write(_described(file), json.dumps(document).encode())
    atomic_write(file, pack_arrays(arrays))


def _load(file: Path) -> RecurrentModel:
    document, arrays = json.loads(_described(file).read_bytes()), Arrays(unpack_arrays(file.read_bytes()))
    model = load_model(document, arrays, CURRENT)
    told = arrays.under(CURVE)
    curve = Curve(**dict(told)) if told else None
    return replace(model, curve=curve, train_seconds=document["train_seconds"])


def _described(file: Path) -> Path:
    """Returns the file of what the arrays of another mean."""
    return file.with_suffix(".json")
