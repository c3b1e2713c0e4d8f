"""The forecast of a panel is the same bytes however it is run, and goes on where it ended."""

import io
import json
import shutil
from dataclasses import dataclass, field

import pyarrow.parquet as pq
import pytest

from commands import run
from forecast.errors import ExitCode, Stopped
from panels import TRAIN, contents, make_panel
from untrained import train_nothing


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_panel(tmp_path_factory.mktemp("panel"))


def predict(shop, *words, data="panel", code=0):
    done = run("predict", "sales", "--data", data, *words, folder=shop.folder)
    assert done.code == code, done.err
    return done


@pytest.fixture(scope="module")
def whole(shop):
    predict(shop, "-o", "whole")
    return contents(shop.folder / "whole")


def test_every_series_of_every_shard_is_forecast_as_from_the_one_file(shop, whole):
    predict(shop, "-o", "one.parquet", data="sales.csv")
    one = pq.read_table(shop.folder / "one.parquet")
    many = [row for name in whole for row in pq.read_table(shop.folder / "whole" / name).to_pylist()]
    assert list(whole) == shop.names
    assert [str(kind) for kind in one.schema.types] == [
        str(kind) for kind in pq.read_table(shop.folder / "whole" / shop.names[0]).schema.types
    ]
    by_place = {(row["series_id"], row["step"]): row for row in many}
    assert len(by_place) == len(many) == one.num_rows
    for row in one.to_pylist():
        other = by_place[row["series_id"], row["step"]]
        numbers = [name for name, value in row.items() if isinstance(value, float)]
        assert [other[name] for name in numbers] == pytest.approx([row[name] for name in numbers], rel=1e-5)
        assert {**other, **{name: row[name] for name in numbers}} == row


@pytest.mark.parametrize("folder", ["panel", "whole"])
def test_other_programs_read_the_folder_as_one_table(shop, whole, folder):
    """What stands beside the shards begins with an underscore, which they leave out."""
    table = pq.read_table(shop.folder / folder)
    assert table.num_rows == sum(pq.read_metadata(shop.folder / folder / name).num_rows for name in whole)


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_bytes_are_the_same_by_several_processes(shop, whole, workers):
    predict(shop, "-o", f"by-{workers}", "--workers", workers)
    assert contents(shop.folder / f"by-{workers}") == whole


@pytest.mark.parametrize("parts", [1, 3, 9])
def test_bytes_are_the_same_share_by_share(shop, whole, parts):
    for number in range(parts, 0, -1):
        predict(shop, "-o", f"shares-{parts}", "--shard", f"{number}/{parts}", "-q")
    assert contents(shop.folder / f"shares-{parts}") == whole


def test_run_again_only_what_is_missing_is_done(shop, whole):
    predict(shop, "-o", "again")
    folder = shop.folder / "again"
    (folder / shop.names[1]).unlink()
    before = {path.name: path.stat().st_ino for path in folder.glob("*.parquet")}
    done = predict(shop, "-o", "again", "--json").document
    assert (done["kept"], done["done"], done["shards"]) == (3, 1, 4)
    assert contents(folder) == whole
    assert {name: (folder / name).stat().st_ino for name in before} == before
    assert predict(shop, "-o", "again", "--json").document["done"] == 0


def test_shard_that_can_not_be_forecast_is_named_and_the_others_are_done(shop, whole, tmp_path):
    shutil.copytree(shop.panel, tmp_path / "panel")
    bad = tmp_path / "panel" / shop.names[2]
    data = bytearray(bad.read_bytes())
    data[len(data) // 3] ^= 255
    bad.write_bytes(data)
    done = predict(shop, "-o", tmp_path / "out", data=tmp_path / "panel", code=ExitCode.BAD_DATA)
    assert f"1 of 4 shard could not be forecast: {shop.names[2]}" in done.err
    assert contents(tmp_path / "out") == {name: data for name, data in whole.items() if name != bad.name}
    shutil.copy(shop.panel / bad.name, bad)
    predict(shop, "-o", tmp_path / "out", data=tmp_path / "panel")
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("words", [("--horizon", "3"), ("--levels", "50"), ("--quantiles", "0.5"), ("--data", "files")])
@pytest.mark.slow
def test_folder_with_another_run_is_refused_unless_by_force(shop, whole, words, tmp_path):
    if "files" in words:
        words = ("--data", tmp_path / "files")
        assert run("shard", "sales.csv", tmp_path / "files", "--shards", 2, folder=shop.folder).code == 0
    out = tmp_path / "out"
    predict(shop, "-o", out)
    done = predict(shop, "-o", out, *words, code=ExitCode.USAGE)
    assert "holds another run's results" in done.err
    assert contents(out) == whole
    predict(shop, "-o", out, *words, "--force")
    assert contents(out) != whole


def test_dry_run_says_which_shards_would_be_forecast_where_and_writes_nothing(shop, whole):
    predict(shop, "-o", "planned", "--shard", "1/2")
    (shop.folder / "planned" / shop.names[0]).unlink()
    before = sorted((shop.folder / "planned").iterdir())
    document = predict(shop, "-o", "planned", "-n", "--json", "--workers", 2).document
    assert [one["is_done"] for one in document["shards"]] == [False, False, True, False]
    assert document["shards"][0]["where"] == "2 processes on this machine"
    assert sorted((shop.folder / "planned").iterdir()) == before
    predict(shop, "-o", "nowhere", "-n")
    assert not (shop.folder / "nowhere").exists()


def test_folder_that_another_program_wrote_is_forecast_file_by_file(shop, whole, tmp_path):
    for number, name in enumerate(shop.names):
        target = tmp_path / f"theirs/region=r{number}/data_0.parquet"
        target.parent.mkdir(parents=True)
        shutil.copy(shop.panel / name, target)
    predict(shop, "-o", tmp_path / "out", data=tmp_path / "theirs")
    assert list(contents(tmp_path / "out").values()) == list(whole.values())


def test_series_that_is_split_over_files_is_refused_with_the_command_that_mends_it(shop, tmp_path):
    for number in (0, 1):
        shutil.copytree(shop.panel, tmp_path / f"theirs/{number}", ignore=shutil.ignore_patterns("*.json"))
    done = predict(shop, "-o", tmp_path / "out", data=tmp_path / "theirs", code=ExitCode.BAD_DATA)
    assert "lies in 0/part-" in done.err
    assert "hint:  forecast shard" in done.err
    assert not (tmp_path / "out").exists()


def test_series_of_another_shard_is_noticed_by_its_hash(shop, tmp_path):
    shutil.copytree(shop.panel, tmp_path / "panel")
    manifest = json.loads((tmp_path / "panel/_manifest.json").read_bytes())
    manifest["shards"][0]["number"], manifest["shards"][1]["number"] = 1, 0
    (tmp_path / "panel/_manifest.json").write_text(json.dumps(manifest))
    done = predict(shop, "-o", tmp_path / "out", data=tmp_path / "panel", code=ExitCode.BAD_DATA)
    assert "does not belong into part-00000.parquet, by the hash of its id" in done.err


def test_shards_of_another_frequency_are_each_named(shop, tmp_path):
    lines = (shop.folder / "sales.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if line.partition(",")[0][-2:] in {"01", "08", "15", "22"}]
    (tmp_path / "weekly.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    assert run("shard", "weekly.csv", "panel", "--shards", 2, "--id", "shop", folder=tmp_path).code == 0
    done = predict(shop, "-o", tmp_path / "out", data=tmp_path / "panel", code=ExitCode.BAD_DATA)
    assert "2 of 2 shards could not be forecast" in done.err


@pytest.mark.parametrize(("words", "code", "text"), [
    (("--shard", "65/64"), ExitCode.USAGE, "--shard 65/64 is no part"),
    (("--shard", "0/4"), ExitCode.USAGE, "--shard 0/4 is no part"),
    (("--shard", "half"), ExitCode.USAGE, "--shard half is no part"),
    (("--future", "x.csv"), ExitCode.USAGE, "--future asks about one table"),
    (("--total", "week"), ExitCode.USAGE, "--total asks about one table"),
    (("--workers", "2", "--cluster", "tcp://x:1"), ExitCode.USAGE, "of its own"),
    (("--data", "sales.csv", "--workers", "2"), ExitCode.USAGE, "and sales.csv is none"),
    (("--data", "nowhere", "--workers", "2"), ExitCode.NOT_FOUND, "There is no folder nowhere"),
])  # fmt: skip
def test_what_can_not_be_asked_of_a_folder_is_refused(shop, words, code, text, tmp_path):
    done = predict(shop, "-o", tmp_path / "out", *words, code=code)
    assert text in done.err
    assert "hint:" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [("--workers", "2"), ("--shard", "1/2"), ("--dry-run",)])
def test_folder_needs_a_place_for_its_forecasts(shop, words):
    assert f"hint:  {' '.join(words)} -o DIR" in predict(shop, *words, code=ExitCode.USAGE).err


def test_folder_is_forecast_as_one_table_too_where_a_file_is_asked_for(shop):
    one = predict(shop, "-o", "a.csv", data="sales.csv")
    many = predict(shop, "-o", "b.csv")
    assert one.code == many.code == 0
    assert (shop.folder / "a.csv").read_bytes() == (shop.folder / "b.csv").read_bytes()


@dataclass
class Impatient:
    """A reporter that is stopped after so many shards."""

    after: int
    heard: list = field(default_factory=list)

    def tell(self, news):
        pass

    def progress(self, label, share):
        self.heard.append(label)
        if len(self.heard) > self.after:
            raise Stopped(2)


def test_run_that_is_stopped_leaves_what_is_done_and_says_how_much(shop, whole, tmp_path):
    from forecast.execution.executor import Workplace
    from forecast.production.store.store import Store
    from forecast.workflows.predict import ByShards, PredictRequest, predict_panel
    from runs import QUIET

    reporter = Impatient(2)
    how = ByShards(tmp_path / "out", "-o", Workplace())
    request = PredictRequest("sales", str(shop.panel))
    with pytest.raises(Stopped) as stop:
        predict_panel(request, how, Store(shop.folder / ".forecast"), QUIET.with_reporter(reporter))
    assert stop.value.truth == f"2 shards of 4 are done in {tmp_path / 'out'}: the same command goes on."
    assert reporter.heard == ["0 of 4 shards", "1 of 4 shards", "2 of 4 shards"]
    assert contents(tmp_path / "out") == {name: whole[name] for name in shop.names[:2]}
    predict(shop, "-o", tmp_path / "out")
    assert contents(tmp_path / "out") == whole


@pytest.mark.slow
def test_model_learns_from_a_sample_of_a_large_folder_and_goes_on_with_it(tmp_path, monkeypatch):
    from forecast.data.shards import series_sample

    shop = make_panel(tmp_path)
    monkeypatch.setattr(series_sample, "MOST_SERIES", 8)
    monkeypatch.setattr(series_sample, "SAMPLE", 5)
    train_nothing(monkeypatch)
    done = run("train", "panel", *TRAIN[:-1], folder=tmp_path)
    assert done.code == 0, done.err
    assert "5 of 9 series are learned from, as long and as large as all of them are" in done.err
    assert "--sample" in done.err
    assert run("predict", "panel", "--data", "panel", "-o", "out", folder=tmp_path).code == ExitCode.DONE
    rows = [row for data in contents(tmp_path / "out").values() for row in pq.read_table(io.BytesIO(data)).to_pylist()]
    assert len({row["series_id"] for row in rows}) == 9
    assert all(row["lower_80"] < row["forecast"] < row["upper_80"] for row in rows)
    again = run("retrain", "panel", "--force", "--json", folder=tmp_path)
    assert again.code == 0, again.err
    assert run("score", "panel", "--json", folder=tmp_path).code == 0
    assert shop.names


def test_sample_of_a_file_is_refused(shop):
    done = run("train", "sales.csv", "--sample", "3", folder=shop.folder)
    assert done.code == ExitCode.USAGE
    assert "--sample takes some series of a folder" in done.err
