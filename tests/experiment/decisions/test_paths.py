"""`--paths N -o FILE`."""

import csv
import gzip
import io

import numpy as np
import pyarrow.parquet as pq
import pytest

from commands import csv_bytes, run, visits

HEADER = ["series_id", "timestamp", "step", "path", "value"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    words = ("--model", "seasonal-naive", "--horizon", "7", "--plots", "none")
    assert run("train", "visits.csv", *words, folder=folder).code == 0
    return folder


def drawn(folder, name, *words, paths=400):
    done = run("predict", "visits", "--paths", str(paths), "-o", name, "--force", *words, folder=folder)
    assert done.code == 0, done.err
    return done


def test_paths_are_as_wide_as_the_intervals(trained):
    drawn(trained, "paths.parquet", paths=4000)
    frame = pq.read_table(trained / "paths.parquet").to_pandas()
    assert list(frame) == HEADER
    assert (len(frame), frame["path"].max(), frame["step"].max()) == (4000 * 7, 4000, 7)
    for row in run("predict", "visits", folder=trained).rows:
        own = frame[frame["step"] == int(row["step"])]["value"]
        inside = own.between(float(row["lower_80"]), float(row["upper_80"])).mean()
        assert 0.77 < inside < 0.83


def test_neighbouring_steps_err_together(trained):
    drawn(trained, "paths.parquet")
    table = pq.read_table(trained / "paths.parquet").to_pandas().pivot(index="path", columns="step", values="value")
    assert np.corrcoef(table.to_numpy().T)[0, 1] > 0.2


def test_the_same_paths_come_in_every_form(trained):
    for name in ("paths.csv", "paths.tsv", "paths.csv.gz", "paths.parquet"):
        drawn(trained, name, "--horizon", "3")
    text = (trained / "paths.csv").read_text()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == HEADER
    assert rows[1][:4] == ["visits", "2024-03-01", "1", "1"]
    assert len(rows) == 1 + 400 * 3
    assert list(csv.reader(io.StringIO((trained / "paths.tsv").read_text()), delimiter="\t")) == rows
    assert gzip.decompress((trained / "paths.csv.gz").read_bytes()).decode() == text
    values = pq.read_table(trained / "paths.parquet")["value"].to_pylist()
    assert values == [float(row[4]) for row in rows[1:]]


def test_what_was_written_is_said(trained):
    done = drawn(trained, "paths.csv", "--json", "-q")
    assert done.document == {
        "schema_version": 1, "name": "visits", "version": "v1", "model": "seasonal-naive",
        "paths": 400, "series": 1, "steps": 7, "files": ["paths.csv"],
    }  # fmt: skip
    assert "400 paths of 7 steps of 1 series, by seasonal-naive v1" in drawn(trained, "paths.csv").err
    assert run("predict", "visits", "--paths", "4", "-o", "paths.csv", folder=trained).code == 2  # it is there
