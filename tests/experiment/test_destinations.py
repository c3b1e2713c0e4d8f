import csv
import gzip
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pyarrow import parquet

from commands import csv_bytes, run, visits
from forecast.errors import DataError, UsageError
from forecast.experiment.destinations import (
    FORECASTS,
    PAGES,
    check_apart,
    check_folder,
    check_free,
    check_log,
    ending_of,
)
from watchdog import watchdog


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("next.csv", ".csv"),
        ("next.2024.CSV.GZ", ".csv.gz"),
        ("next.tsv", ".tsv"),
        ("next.parquet", ".parquet"),
        ("next.json", ".json"),
        ("Next.XLSX", ".xlsx"),
        ("next", ".csv"),
        ("/dev/stdout", ".csv"),
        (".csv", ".csv"),
    ],
)
def test_ending_decides_and_a_name_without_one_is_the_first_kind(name, ending):
    assert ending_of(Path(name), FORECASTS, "-o") == ending


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("next.xls", "-o next.xlsx"),
        ("next.2024", "-o next.csv"),
        ("a/next month.csv.zip", "-o 'a/next month.csv'"),
        ("next.csv.ods", "-o next.xlsx"),
        ("next.gz", "-o next.csv"),
    ],
)
def test_unknown_ending_lists_the_known_and_the_hint_has_one_of_them(name, hint):
    with pytest.raises(UsageError, match=r"-o writes \.csv, .*\.parquet, \.xlsx or \.json, not \.") as error:
        ending_of(Path(name), FORECASTS, "-o")
    assert error.value.hint == hint
    likely = Path(error.value.hint.split(maxsplit=1)[1].strip("'"))
    assert ending_of(likely, FORECASTS, "-o") in {".csv", ".xlsx"}


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "visits", "-o", "x.xls"),
        ("predict", "visits", "--paths", "9", "-o", "x.xlsx"),
        ("report", "visits", "-o", "x.pdf"),
        ("check", "visits.csv", "--fix", "x.ods"),
        ("check", "visits.csv", "--plot", "x.jpeg"),
        ("config", "init", "-o", "x.yaml"),
        ("models", "export", "visits", "v1", "x.onnx"),
        ("retrain", "visits", "-o", "x.csv"),
        ("retrain", "visits", "--log-file", "x.xlsx"),
        ("explain", "visits", "-o", "x.html"),
        ("train", "visits.csv", "--out-dir", "x.csv"),
        ("compare", "visits.csv", "--out-dir", "x.parquet"),
        ("score", "visits", "--plot", "png", "--out-dir", "x.png"),
        ("history", "visits", "--plot", "png", "--out-dir", "x.png"),
        ("schedule", "visits", "--daily", "03:15", "--kind", "systemd", "-o", "x.tsv"),
        ("schedule", "visits", "--daily", "03:15", "--log-file", "x.csv"),
    ],
)
def test_no_flag_of_any_command_writes_one_kind_of_file_under_the_name_of_another(words, shop):
    done = run(*words, folder=shop.folder)
    assert done.code == 2, done.err
    assert "hint:" in done.err
    assert not list(shop.folder.glob("x.*"))


def test_forecast_is_the_same_in_every_kind_of_file(shop, tmp_path):
    for ending in FORECASTS:
        assert run("predict", "visits", "-o", tmp_path / f"f{ending}", "-q", folder=shop.folder).code == 0
    plain = (tmp_path / "f.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(plain)))
    assert len(rows) > 1
    assert gzip.decompress((tmp_path / "f.csv.gz").read_bytes()).decode() == plain
    assert list(csv.DictReader(io.StringIO((tmp_path / "f.tsv").read_text()), delimiter="\t")) == rows
    assert gzip.decompress((tmp_path / "f.tsv.gz").read_bytes()) == (tmp_path / "f.tsv").read_bytes()
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table.column_names == list(rows[0])
    assert table["forecast"].to_pylist() == [float(row["forecast"]) for row in rows]
    assert [str(value)[:10] for value in table["timestamp"].to_pylist()] == [row["timestamp"] for row in rows]
    document = json.loads((tmp_path / "f.json").read_text())
    assert next(iter(document)) == "schema_version"
    assert [row["forecast"] for row in document["forecasts"]] == table["forecast"].to_pylist()


def test_ids_that_look_like_numbers_stay_text_in_parquet(tmp_path):
    rows = "".join(f"2024-01-{day:02d},{shop},{day}\n" for shop in ("007", "07") for day in range(1, 29))
    (tmp_path / "a.csv").write_text(f"date,shop,sales\n{rows}")
    assert run("check", "a.csv", "--id", "shop", "--fix", "b.parquet", folder=tmp_path).code == 0
    assert set(parquet.read_table(tmp_path / "b.parquet")["shop"].to_pylist()) == {"007", "07"}


@pytest.mark.parametrize("flag", ["-o", "--fix"])
def test_dash_is_no_file_and_the_hint_names_standard_output(flag):
    with pytest.raises(UsageError, match=f"{flag} names a file, and - is none") as error:
        check_free(Path("-"), FORECASTS, force=True, flag=flag)
    assert f"{flag} /dev/stdout" in error.value.hint


def test_log_may_be_called_anything_but_a_table_or_a_picture():
    for name in ("retrain.log", "a.jsonl", "nightly.2024", "/dev/stderr"):
        check_log(Path(name))
    check_log(None)
    with pytest.raises(UsageError, match=r"--log-file writes JSON lines into .*, not \.csv") as error:
        check_log(Path("runs.csv"))
    assert error.value.hint == "--log-file runs.log"


def test_folder_that_is_there_may_be_called_like_a_file(tmp_path):
    (tmp_path / "old.csv").mkdir()
    check_folder(tmp_path / "old.csv")
    check_folder(tmp_path / "plots.2024")
    with pytest.raises(UsageError, match=r"names a folder, and .*new\.csv is called as a file is") as error:
        check_folder(tmp_path / "new.csv", "-o")
    assert error.value.hint == f"-o {tmp_path}/new"


@pytest.mark.parametrize("name", ["x" * 300, "x" * 252 + ".csv"])
def test_name_that_is_too_long_is_said(name, tmp_path):
    with pytest.raises(DataError, match="the name is too long"):
        check_free(tmp_path / name, force=False)
    with pytest.raises(DataError, match="the name is too long"):
        check_folder(tmp_path / ("x" * 300) / "deep")


def test_name_with_bytes_that_are_no_text_is_refused_for_a_page(tmp_path):
    with pytest.raises(UsageError, match="holds bytes that are no text") as raised:
        check_free(tmp_path / os.fsdecode(b"x\xff.html"), PAGES, force=False)
    assert raised.value.hint == "-o report.html"
    assert check_free(tmp_path / "Übersicht\u00a02.html", PAGES, force=False) == ".html"
    assert check_free(tmp_path / os.fsdecode(b"x\xff.csv"), FORECASTS, force=False) == ".csv"


def test_loop_of_links_is_said(tmp_path):
    (tmp_path / "a.html").symlink_to("b.html")
    (tmp_path / "b.html").symlink_to("a.html")
    with pytest.raises(DataError, match=f"look at {tmp_path}/a.html: it is a link"):
        check_free(tmp_path / "a.html", PAGES, force=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link of somebody else")
def test_nothing_is_written_through_a_link_of_somebody_else(tmp_path):
    (tmp_path / "victim.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to("victim.csv")
    check_free(tmp_path / "link.csv", force=True)  # one's own
    os.lchown(tmp_path / "link.csv", 65534, 65534)
    with pytest.raises(DataError, match=r"link\.csv is a link of the user nobody"):
        check_free(tmp_path / "link.csv", force=True)
    (tmp_path / "folder").symlink_to(".")
    os.lchown(tmp_path / "folder", 65534, 65534)
    with pytest.raises(DataError, match="folder is a link of the user nobody"):
        check_folder(tmp_path / "folder" / "deep")


# Found before the work, not after it


@pytest.fixture
def forbidden(tmp_path, monkeypatch):
    """A folder into which this user, were it not root, may not write."""
    folder = tmp_path / "forbidden"
    folder.mkdir()
    usual = os.access

    def access(path, mode, **more):
        return not (mode & os.W_OK and Path(path).resolve() == folder) and usual(path, mode)

    monkeypatch.setattr(os, "access", access)
    return folder


@pytest.mark.parametrize("below", ["", "new", "new/newer"])
def test_folder_that_can_not_be_written_into_is_refused(below, forbidden):
    with pytest.raises(DataError, match="forbidden: permission is denied"):
        check_folder(forbidden / below)
    with pytest.raises(DataError, match="forbidden: permission is denied"):
        check_free(forbidden / below / "next.csv", force=True)


@pytest.mark.parametrize(
    "words",
    [
        ("train", "visits.csv", "--out-dir", "forbidden"),
        ("train", "visits.csv", "--out-dir", "forbidden", "--dry-run"),
        ("compare", "visits.csv", "--out-dir", "forbidden/new"),
        ("explain", "visits.csv", "--models", "gru", "-o", "forbidden/new"),
        ("check", "visits.csv", "--fix", "forbidden/fixed.csv"),
    ],
)
def test_unwritable_folder_is_found_before_anything_is_read(words, forbidden):
    done = run(*words, folder=forbidden.parent)
    assert (done.code, done.out) == (5, "")
    assert "permission is denied" in done.err
    assert "visits.csv" not in done.err  # which is not even there


@pytest.mark.parametrize("words", [("train", "v.csv"), ("compare", "v.csv"), ("explain", "v.csv", "--models", "gru")])
def test_working_directory_that_can_not_be_written_into_is_found_before(words, forbidden):
    done = run(*words, folder=forbidden)
    assert (done.code, done.out) == (5, "")
    assert "permission is denied" in done.err
    assert "v.csv" not in done.err


def test_retrain_into_an_unwritable_folder_is_told_to_the_watchdog(shop, forbidden):
    with watchdog() as (url, heard):
        done = run("retrain", "visits", "-o", forbidden, "--ping-url", url, folder=shop.folder)
    assert (done.code, done.out) == (5, "")
    assert heard == ["/start", "/5"]


def test_plot_whose_name_would_be_too_long_is_found_before(tmp_path):
    name = "é" * 60 + "x" * 130  # the file's own is short enough
    done = run("compare", f"{name}.csv", folder=tmp_path)
    assert done.code == 5
    assert "bytes, and 255 is the most" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("train", "visits.csv", "--out-dir", "o"),
        ("retrain", "visits", "-o", "o"),
        ("retrain", "visits", "-o", "new", "--log-file", "o/visits.csv", "--force"),
        ("predict", "visits", "-o", "o/visits.csv", "--force"),
        ("models", "list", "--config", "o/visits.csv"),
        ("config", "init", "-o", "o/forecast.toml"),
        ("check", "visits.csv", "--fix", "o/visits.csv"),
    ],
)
def test_pipe_that_nobody_reads_is_refused_and_not_waited_for(words, shop, tmp_path):
    folder = tmp_path / "shop"
    shutil.copytree(shop.folder, folder)
    (folder / "o").mkdir()
    for name in ("visits.csv", "forecast.toml"):
        os.mkfifo(folder / "o" / name)
    words = ["o/pipe" if word == "o/visits.csv" and "--log-file" in words else word for word in words]
    if "o/pipe" in words:
        os.mkfifo(folder / "o/pipe")
    done = run(*words, folder=folder)
    assert done.code == 5, done.err
    assert " pipe" in done.err
    history = run("history", "visits", folder=folder)
    assert "promoted" not in history.out


def test_pipe_that_somebody_reads_gets_the_forecast(shop, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        end = os.open(tmp_path / "pipe", os.O_WRONLY)  # once this is open, so is the reader's
        done = run("predict", "visits", "-o", tmp_path / "pipe", "--force", folder=shop.folder)
        os.close(end)
        assert done.code == 0, done.err
        assert reader.communicate()[0].startswith("series_id,")


@pytest.mark.parametrize("place", ["s3://bucket/out", "postgresql://h/d#t.csv", "https://h/x.csv", "file:///tmp/x.csv"])
@pytest.mark.parametrize(
    "check",
    [
        lambda path: check_free(path, force=True),
        lambda path: check_free(path, (".csv",), force=True),
        check_folder,
        check_log,
        lambda path: ending_of(path, (".csv",), "-o"),
    ],
)
def test_address_is_no_place_to_write_to_and_no_folder_is_made_of_it(place, check, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"{place.replace('///', '//')} is no place on this machine"):
        check(Path(place))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "is_refused"),
    [
        ("a.csv", True),
        ("./x/../a.csv", True),
        ("link.csv", True),
        ("b.csv", False),
        ("-", False),
        ("s3://a/a.csv", False),
    ],
)
def test_results_never_replace_the_data_that_they_are_made_of(tmp_path, monkeypatch, data, is_refused):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv"):
        Path(name).write_text(name)
    Path("x").mkdir()
    Path("link.csv").symlink_to("a.csv")
    for refuse in (
        lambda: check_folder(Path(), names=("c.csv", "a.csv"), data=data),
        lambda: check_apart(Path("a.csv"), data, "another name"),
    ):
        if is_refused:
            with pytest.raises(UsageError, match=r"a\.csv is the data itself, which the results would replace"):
                refuse()
        else:
            refuse()


@pytest.mark.parametrize(
    "words",
    [
        ("train", "visits.csv", "--model", "naive", "--plots", "none", "--out-dir", "."),
        ("train", "visits.csv", "--model", "naive", "--plots", "none", "--out-dir", ".", "--dry-run"),
        ("retrain", "visits", "--force", "-o", "."),
        ("report", "visits", "-o", "visits.html", "--force"),
    ],
)
def test_a_folder_of_the_data_keeps_it(words, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(60)))
    assert run("train", "visits.csv", "--model", "naive", "--plots", "none", folder=tmp_path).code == 0
    done = run(*words, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "visits.csv is the data itself, which the results would replace." in done.err
    assert (tmp_path / "visits.csv").read_bytes() == csv_bytes(visits(60))
