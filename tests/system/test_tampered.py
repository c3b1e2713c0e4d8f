"""Versions whose every field holds what no program writes there, sealed again: all that comes is a ForecastError."""

import contextlib
import copy
import io
import itertools
import json
import math
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from covariate_shops import DAYS, HORIZON, OPTIONS, rows, write
from forecast.data.reading.reader import ReadOptions
from forecast.errors import UPGRADE, DataError, ForecastError
from forecast.evaluation.explain.explanation import Focus
from forecast.experiment.retraining.continuity import RECORD, compare_with_record
from forecast.experiment.versions.stored_model import load_version
from forecast.experiment.versions.stored_summary import METRICS
from forecast.models.networks.serialization import pack_arrays, unpack_arrays
from forecast.production.store.alias import ALIAS
from forecast.production.store.history_file import HISTORY
from forecast.production.store.manifest import ARITHMETIC, MANIFEST, sha256
from forecast.production.store.store import Store
from forecast.production.store.version import WEIGHTS
from forecast.production.triggers import read_past
from forecast.specs import Settings
from forecast.workflows.explain import ModelRequest, explain_model
from forecast.workflows.history import read_runs
from forecast.workflows.models import describe_champions, describe_versions, promote, rollback
from forecast.workflows.pages.version import version_page
from forecast.workflows.predict import PredictRequest, predict
from forecast.workflows.score import ScoreRequest, score
from forecast.workflows.train import TrainRequest, train
from marks import slow, slow_but
from runs import QUIET, run_at
from untrained import train_nothing

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
ABSURD = [
    *(None, True, -1, 0, 1, 10**6, 10**12, 2**63, 10**400, -0.5, 1e300, "", "x", "\ud800", "9999-12-31T23:59:59-14:00"),
    *("0001-01-01T00:00:00+14:00", "NaT", [], [None], [[]], {}, {"x": None}, "naive", "x" * 70_000),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A store with two versions of a model with covariates and calendar, and a second model; to be copied."""
    folder = tmp_path_factory.mktemp("tampered")
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        train_nothing(patch)
        write(Path("shops.csv"), rows(DAYS, HORIZON))
        settings = Settings(horizon=HORIZON, window=14, folds=2, seeds=1)
        for name in ("shops", "shops", "other"):
            request = TrainRequest(str(folder / "shops.csv"), OPTIONS, settings, "gru", name, None, "none")
            train(request, Store(folder / "store"), run_at(NOW))
    return folder


@pytest.fixture
def mine(original, tmp_path):
    shutil.copytree(original / "store", tmp_path / "store")
    return Store(tmp_path / "store")


class Tampered:
    """The champion of a store, whose manifest and files can be replaced: sealed again each time."""

    def __init__(self, store):
        self.store = store
        self.folder = store.model("shops").folder
        champion = store.model("shops").champion()
        self.place, self.id = champion.folder, champion.id
        self.manifest = json.loads((self.place / MANIFEST).read_bytes())
        self.files = {name: (self.place / name).read_bytes() for name in self.manifest["files"]}

    def seal(self, manifest=None, files=None):
        manifest = json.loads(json.dumps(manifest if manifest is not None else self.manifest))
        for name, data in (files or {}).items():
            (self.place / name).write_bytes(data)
            manifest["files"][name] = {"sha256": sha256(data), "size": len(data)}
        sealed = {key: value for key, value in manifest.items() if key != "id"}
        digest = sha256(json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode())
        version_id = f"{self.id[:16]}-{digest[:8]}"
        (self.place / MANIFEST).write_text(json.dumps({"id": version_id, **sealed}))
        place = self.place.with_name(version_id)
        self.place.rename(place)
        alias = (self.folder / ALIAS).read_text()
        (self.folder / ALIAS).write_text(alias.replace(self.id, version_id))
        self.place, self.id = place, version_id

    def restore(self):
        self.seal(self.manifest, self.files)


def use(store, name="shops", *, all_of_it=False):
    """Does with a model whatever can be done; returns what was refused, by what it is called."""
    models, root, refused = store.model(name), store.root, {}
    steps = {
        "list": lambda: describe_champions(root, NOW),
        "show": lambda: describe_versions(root, name),
        "predict": lambda: predict(PredictRequest(name), store, QUIET),
        "past": lambda: read_past(models),
        "history": lambda: read_runs(root, name, None),
        "record": lambda: compare(models.champion()),
    }
    if all_of_it:
        steps |= {
            "page": lambda: version_page(models, models.champion(), NOW),
            "score": lambda: score(ScoreRequest(name, None, ReadOptions()), store),
            "explain": lambda: explain_model(ModelRequest(name, None, None, Focus(None, None)), store, QUIET),
        }
    for what, step in steps.items():
        with np.errstate(all="ignore"):
            try:
                step()
            except ForecastError as error:
                refused[what] = error
    assert "list" not in refused
    assert [row["name"] for row in describe_champions(root, NOW)] == ["other", "shops"]
    assert {error.exit_code for error in refused.values()} <= {4, 5}, refused
    return refused


def compare(version):
    return compare_with_record(context := load_version(version).context, context.series_ids, version.read(RECORD))


def places(document, path=()):
    """Yields the path of each value in a document; of long lists only the first two."""
    yield path
    inner = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document[:2])
        if isinstance(document, list)
        else ()
    )
    for key, value in inner:
        yield from places(value, (*path, key))


def replaced(document, path, value):
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    if value is KeyError:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


def test_untouched_version_can_do_everything(mine):
    assert use(mine, all_of_it=True) == {}
    tampered = Tampered(mine)
    tampered.seal(tampered.manifest | {"note": "of another tool"})
    assert use(mine, all_of_it=True) == {}


@pytest.mark.parametrize(("field", "value"), [
    ("phases", 0), ("share", -1), ("symmetry", "cube"), ("probabilities", [0.9, 0.1]), ("features", []),
    ("levels", [100]), ("common", 2),
])  # fmt: skip
def test_a_distribution_that_can_not_be_is_refused_and_the_version_is_shown(mine, field, value):
    tampered = Tampered(mine)
    tampered.seal(replaced(tampered.manifest, ("distribution", field), value))
    refused = use(mine)
    assert refused["predict"].exit_code == 5
    assert "can't be read by this program" in refused["predict"].message
    assert "show" not in refused


def test_texts_that_are_fewer_than_the_codes_of_the_data_are_refused(mine):
    tampered = Tampered(mine)
    columns = tampered.manifest["data"]["covariates"]
    place = next(i for i, column in enumerate(columns) if column["levels"] == ["rain", "sun"])
    tampered.seal(replaced(tampered.manifest, ("data", "covariates", place, "levels"), ["rain"]))
    assert "column 'sky' has 1 text, and a code beyond them" in use(mine)["predict"].message


def test_manifest_that_is_nested_too_deeply_is_damaged(mine):
    nested = {}
    for _ in range(700):  # JSON takes more
        nested = {"x": nested}
    tampered = Tampered(mine)
    tampered.seal(tampered.manifest | {"note": json.loads(json.dumps(nested))})
    with pytest.raises(DataError, match="nested too deeply"):
        mine.model("shops").champion()


def tampered_manifests(store, every, values):
    """Seals so many of the absurd values into each ``every``-th place of the manifest in turn, others into each."""
    tampered = Tampered(store)
    paths = [path for path in places(tampered.manifest) if path and path[0] not in {"files", "libraries"}]
    assert len(paths) > 150
    for number, path in enumerate(paths):
        if number % every == 0:
            steps = range(0, len(ABSURD), len(ABSURD) // values)
            for value in (KeyError, *(ABSURD[(number + step) % len(ABSURD)] for step in steps)):
                tampered.seal(replaced(tampered.manifest, path, value))
                yield path, value


def test_absurd_values_in_a_manifest_are_refused_and_never_a_bug(mine):
    refused = [use(mine) for _ in tampered_manifests(mine, every=97, values=2)]
    assert sum(map(bool, refused)) > len(refused) / 2


@pytest.mark.slow
def test_absurd_values_in_every_fifth_place_are_refused_and_never_a_bug(mine):
    for _ in tampered_manifests(mine, every=5, values=2):
        use(mine, all_of_it=True)


@pytest.mark.parametrize(
    "longest", [{"every": 10**6}, {"unit": "week", "every": 52_286}, {"unit": "year", "every": 1001}]
)
def test_step_longer_than_a_thousand_years_is_refused_by_all_that_read_the_data(mine, longest):
    tampered = Tampered(mine)
    data = tampered.manifest["data"]
    tampered.seal(tampered.manifest | {"data": data | {"frequency": data["frequency"] | longest}})
    refused = use(mine, all_of_it=True)
    assert {"predict", "score", "explain"} <= set(refused)
    assert {error.message for error in refused.values()} == {refused["predict"].message}
    assert "data.frequency is none that data can have" in refused["predict"].message


@pytest.mark.slow
def test_account_that_makes_no_sense_is_refused_by_the_report_alone(mine):
    tampered = Tampered(mine)
    summary = json.loads(tampered.files[METRICS])
    paths = [path for path in places(summary) if path][::19]
    for number, path in enumerate(paths):
        value = [KeyError, *ABSURD][number % (1 + len(ABSURD))]
        tampered.seal(files={METRICS: json.dumps(replaced(summary, path, value)).encode()})
        models = mine.model("shops")
        assert use(mine) == {}
        with contextlib.suppress(DataError):
            version_page(models, models.champion(), NOW)
    for junk in (b"", b"[" * 100_000, b'{"leaderboard": []}', b"9" * 5000, b"\xff"):
        tampered.seal(files={METRICS: junk})
        with pytest.raises(DataError, match=r"metrics\.json") as error:
            version_page(models, models.champion(), NOW)
        assert error.value.hint == "forecast models rollback shops"


@pytest.mark.slow
@pytest.mark.parametrize("number", slow_but([math.nan], [math.nan, math.inf, -math.inf]))
def test_weights_that_are_no_numbers_are_refused(mine, number):
    tampered = Tampered(mine)
    arrays = unpack_arrays(tampered.files[WEIGHTS])
    may_miss = ("context/values", "context/known", "context/past", "context/static", "usual/own", "usual/common")
    floats = [name for name, array in arrays.items() if array.dtype.kind == "f" and array.size]
    floats = [name for name in floats if not (math.isnan(number) and (name in may_miss or "/centers/" in name))]
    assert len(floats) > 10
    for name in floats:
        changed = arrays[name].copy()
        changed.flat[-1] = number
        tampered.seal(files={WEIGHTS: pack_arrays(arrays | {name: changed})})
        with pytest.raises(DataError, match="shops v2 can't be read") as error:
            predict(PredictRequest("shops"), mine, QUIET)
        assert error.value.hint.startswith("forecast models rollback shops")


@pytest.mark.slow
@pytest.mark.parametrize("every", slow_but([3], [3, 1]))
def test_arrays_of_another_shape_or_kind_or_too_many_are_refused(mine, every):
    tampered = Tampered(mine)
    arrays = unpack_arrays(tampered.files[WEIGHTS])
    changes = [lambda a: a[:-1], lambda a: a.astype(np.complex128), lambda a: a[None], lambda a: a.astype("S8")]
    changes += [lambda a: np.full_like(a, 2**40), lambda a: -a - 7]
    for number, name in enumerate(list(arrays)[::every]):
        change = changes[number % len(changes)]
        with np.errstate(all="ignore"):
            tampered.seal(files={WEIGHTS: pack_arrays(arrays | {name: change(arrays[name])})})
        assert set(use(mine)) <= {"predict", "record"}
    tampered.seal(files={WEIGHTS: pack_arrays(arrays | {"part0/more": np.zeros(3)})})
    with pytest.raises(DataError, match=r"holds 'part0/more', which this program does not know"):
        predict(PredictRequest("shops"), mine, QUIET)


def test_nothing_is_unpacked_that_was_packed_or_declares_more_than_it_holds(mine):
    tampered = Tampered(mine)
    packed, lying = io.BytesIO(), io.BytesIO()
    np.savez_compressed(packed, **unpack_arrays(tampered.files[WEIGHTS]), bomb=np.zeros(10**7))
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    with zipfile.ZipFile(lying, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64))
    for bomb, reason in ((packed, "it is packed"), (lying, "declares more or less than it holds")):
        tampered.seal(files={WEIGHTS: bomb.getvalue()})
        with pytest.raises(DataError, match=reason):
            predict(PredictRequest("shops"), mine, QUIET)


NO_ALIAS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 10**400, None, [3], "x"]
KEYS = ["since", "champion", "before", "last_number"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, value) if (key == "since") != (value is None) else slow(key, value)
        for key, value in itertools.product(KEYS, NO_ALIAS)
    ],
)
def test_champion_file_that_makes_no_sense_is_damage_and_rollback_mends_it(mine, key, value):
    alias = mine.model("shops").folder / ALIAS
    alias.write_text(json.dumps({**json.loads(alias.read_text()), key: value}))
    with pytest.raises(DataError, match="damaged: the champion file") as error:
        predict(PredictRequest("shops"), mine, QUIET)
    assert error.value.hint == "forecast models rollback shops"
    assert [row["name"] for row in describe_champions(mine.root, NOW)] == ["other", "shops"]
    rollback(mine.root, "shops", None, NOW)
    assert use(Store(mine.root)) == {}


def test_a_version_that_can_not_be_read_is_not_put_in_use(mine):
    tampered = Tampered(mine)
    tampered.seal(replaced(tampered.manifest, ("parts", 0, "spec", "units"), 7))
    rollback(mine.root, "shops", None, NOW)
    assert Store(mine.root).model("shops").champion().label == "v1"
    with pytest.raises(DataError, match="shops v2 can't be read by this program"):
        promote(mine.root, "shops", "v2", NOW)
    assert Store(mine.root).model("shops").champion().label == "v1"


def test_version_of_newer_arithmetic_is_refused_with_the_way_out(mine):
    tampered = Tampered(mine)
    tampered.seal(tampered.manifest | {"arithmetic": ARITHMETIC + 1})
    with pytest.raises(DataError, match=rf"calculates by rules \(number {ARITHMETIC + 1}\)") as error:
        predict(PredictRequest("shops"), mine, QUIET)
    assert error.value.hint == UPGRADE
    rows = describe_champions(mine.root, NOW)
    assert [row["name"] for row in rows] == ["other", "shops"]


ODD_LINES = [
    {"command": "retrain", "outcome": "kept", "asked": [1], "new_rows": "x", "champion": "v1", "time": []},
    {"command": "retrain", "outcome": "kept", "champion": "v2", "time": "0001-01-01T00:00:00+14:00", "rows": 1},
    {"command": "train", "outcome": "trained", "rows": 10**400, "time": "2026-01-01"},
    {"command": "train", "outcome": "kept", "champion_rmse": 10**400, "fingerprint": {}},
    {"command": "retrain", "outcome": ["kept"], "fingerprint": "x", "asked": 3},
]


def test_odd_lines_of_a_history_change_nothing(mine):
    before = read_past(mine.model("shops"))
    path = mine.model("shops").folder / HISTORY
    lines = "".join(json.dumps(line) + "\n" for line in ODD_LINES)
    path.write_text(path.read_text() + lines + '{"rows": ' + "9" * 5000 + "}\n" + "[" * 9999 + "\n")
    after = read_past(mine.model("shops"))
    assert (after.looked, after.judged) == (before.looked, before.judged)
    assert use(mine, all_of_it=True) == {}


def test_weights_so_large_that_nothing_comes_out_are_refused_at_the_forecast(mine):
    tampered = Tampered(mine)
    arrays = unpack_arrays(tampered.files[WEIGHTS])
    heads = {name: np.full_like(array, 3e38) for name, array in arrays.items() if "/network" in name}
    assert heads
    tampered.seal(files={WEIGHTS: pack_arrays(arrays | heads)})
    with np.errstate(all="ignore"), pytest.raises(DataError, match="shops v2 forecasts no number for") as error:
        predict(PredictRequest("shops"), mine, QUIET)
    assert error.value.hint.startswith("forecast models rollback shops")
