"""`forecast models export`: a version as one file that Keras opens without this program."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from forecast.errors import UsageError
from forecast.evaluation.scales import lowest_values
from forecast.experiment.destinations import check_free
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.models.ensemble import EnsembleModel
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.production.store.disk import atomic_write
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.wording import listed

CHAMPION = "champion"


@dataclass(frozen=True)
class Export:
    """What was written, and what it takes and gives.

    Attributes:
        lookback: observed values that it is given for each forecast.
        series_ids: in the order of its input ``series``; it has no such input where there is one.
    """

    version: Version
    model: str
    path: Path
    lookback: int
    horizon: int
    series_ids: tuple[str, ...]


def export(store: Store, name: str, label: str, path: Path, *, force: bool) -> Export:
    """Writes a version, or the ``champion``, as a ``.keras`` file.

    Raises:
        UsageError: the file is there and not ``force``, or is not called ``.keras``, by which Keras knows its own; or
            the model needs more than the target's past.
        NotFoundError: there is no such model or version.
        DataError: the version is damaged, or the disk refused.
    """
    check_free(path, force=force, flag=f"forecast models export {name} {label}")
    if path.suffix != ".keras":
        raise UsageError(
            f"Keras opens only files that end in .keras, not {path.name}.", f"{path.with_suffix('.keras')}"
        )
    models = store.model(name)
    stored = models.with_champion(load_version) if label == CHAMPION else load_version(models.version(label))
    _check_own(stored)
    exported = keras_model_of(stored)
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.keras"
        exported.save(draft)
        atomic_write(path, draft.read_bytes(), flag="FILE.keras in another folder")
    from forecast.models.keras_export.model import lookback_of  # imports TensorFlow, which is loaded by now

    trained = stored.trained
    lookback = lookback_of(cast(EnsembleModel, trained.model), trained.combination)
    return Export(stored.version, trained.name, path, lookback, trained.horizon, stored.context.series_ids)


def keras_model_of(stored: StoredModel) -> Any:
    """Returns a version as a Keras model that takes past values.

    Raises:
        UsageError: the model needs more than the target's past, or is no network.
    """
    _check_plain(stored)
    from forecast.models.keras_export.model import export_model  # imports TensorFlow

    trained, model = stored.trained, stored.trained.model
    if not isinstance(model, EnsembleModel):
        raise UsageError(
            f"{stored.version.name} {stored.version.label} is a {trained.name} model, and Keras opens networks only.",
            f"forecast train DATA --model {REFERENCE} --name {stored.version.name} makes one",
        )
    return export_model(model, trained.combination, lowest_values(stored.context))


def _check_own(stored: StoredModel) -> None:
    """Refuses a model of which Keras would need a cell that the file does not hold."""
    model = stored.trained.model
    parts = model.parts if isinstance(model, EnsembleModel) else ()
    own = next((part.spec.cell for part in parts if part.spec.is_recurrent and CELLS[part.spec.cell].own), None)
    if own is not None:
        name = f"{stored.version.name} {stored.version.label}"
        raise UsageError(
            f"{name} has the cell {own}, which is code of your own: a file of Keras does not hold it.",
            "load(…).keras() in Python, where your code is",
        )


def _check_plain(stored: StoredModel) -> None:
    """Refuses a model that forecasts by more than a series' own past values: the file is given these alone."""
    told, version = stored.trained.model.covariate_model, stored.version
    if stored.context.limits:
        raise UsageError(
            f"{version.name} {version.label} keeps its forecasts within --min and --max, which a Keras file would not.",
            "forecast train DATA without --min and --max makes a model that can be exported",
        )
    if stored.trained.reconciliation is not None:
        raise UsageError(
            f"{version.name} {version.label} forecasts a hierarchy, and what its networks say of each series alone, "
            "which is all that a Keras file would hold, does not add up.",
            f"forecast predict {version.name}",
        )
    model = stored.trained.model
    if isinstance(model, EnsembleModel) and model.parts[0].pooled:
        raise UsageError(
            f"{version.name} {version.label} forecasts demand that comes now and then, of which all series together "
            "taught the mean, and a Keras file holds networks only.",
            f"forecast predict {version.name}",
        )
    if told is None:
        return
    columns = [column.name for column in told.encoding.columns] if told.encoding else []
    what, without = (listed(columns, 8), f"without {listed(columns, 8)} and ") if columns else ("the calendar", "")
    raise UsageError(
        f"{version.name} {version.label} forecasts by {what} too, and a Keras file takes past values only.",
        f"forecast train DATA {without}with --no-calendar makes a model that can be exported",
    )
