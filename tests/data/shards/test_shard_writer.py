"""A panel in shards holds what it held: whole series, in order, whatever it came from and however it was read."""

import gzip
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.data.shards.row_stream import open_stream
from forecast.data.shards.shard_manifest import read_manifest
from forecast.data.shards.shard_writer import Sharding, write_shards
from forecast.data.shards.stable_hash import shards_of_names
from forecast.errors import DataError

DAYS, NAMES = 12, ["007", "NA", "b", "a", "Zürich", "x y"]
DAY = [date(2024, 1, 1) + timedelta(i) for i in range(DAYS)]
ROWS = [(name, day, round(3.5 * i + k, 2)) for i, day in enumerate(DAY) for k, name in enumerate(NAMES)]


def as_text(rows=ROWS, form="%Y-%m-%d", delimiter=",", header=("shop", "day", "sales")):
    lines = [header, *((name, day.strftime(form), value) for name, day, value in rows)]
    return "".join(delimiter.join(map(str, line)) + "\n" for line in lines)


def as_table(rows=ROWS):
    names, days, values = zip(*rows, strict=True)
    return pa.table({"shop": names, "day": pa.array(days, pa.date32()), "sales": values})


def cut(source, folder, count=3, whole=1 << 28, **options):
    folder.mkdir()
    stream = open_stream(str(source), ReadOptions(**options), 2026, whole=whole)
    manifest = write_shards(stream, folder, Sharding(count, "0", "x"), lambda _label, _share: None)
    assert read_manifest(folder) == manifest
    return manifest


def rows_of(folder, manifest):
    tables = [pq.read_table(folder / shard.file) for shard in manifest.shards]
    return [
        list(zip(*(table.column(i).to_pylist() for i in range(table.num_columns)), strict=True)) for table in tables
    ]


def write(folder, kind):
    path = folder / {"gzip": "p.csv.gz", "parquet": "p.parquet", "groups": "g.parquet"}.get(kind, "p.csv")
    if kind in {"parquet", "groups"}:
        pq.write_table(as_table(), path, row_group_size=None if kind == "parquet" else 5)
    else:
        text = as_text().encode()
        path.write_bytes(gzip.compress(text) if kind == "gzip" else b"\xef\xbb\xbf" * (kind == "bom") + text)
    return path


@pytest.mark.parametrize(("kind", "whole"), [
    ("csv", 1 << 28), ("csv", 0), ("bom", 0), ("gzip", 1 << 28), ("gzip", 0), ("parquet", 0), ("groups", 0),
])  # fmt: skip
def test_shards_hold_whole_series_in_order_and_every_row_once(tmp_path, kind, whole):
    manifest = cut(write(tmp_path, kind), tmp_path / "panel", whole=whole)
    assert (manifest.ids, manifest.time, manifest.rows, manifest.series) == (("shop",), "day", len(ROWS), len(NAMES))
    assert manifest.columns == {"shop": "string", "day": "date32[day]", "sales": "double"}
    shards = rows_of(tmp_path / "panel", manifest)
    assert sorted(row for rows in shards for row in rows) == sorted(ROWS)
    for rows, shard in zip(shards, manifest.shards, strict=True):
        assert rows == sorted(rows)
        assert {shards_of_names([[row[0]]], 3).item() for row in rows} == {shard.number}
        assert (shard.rows, shard.series) == (len(rows), len({row[0] for row in rows}))
        assert (shard.first, shard.last) == ("2024-01-01", "2024-01-12")


def test_bytes_are_the_same_whatever_the_order_of_the_rows(tmp_path):
    (tmp_path / "a.csv").write_text(as_text())
    (tmp_path / "b.csv").write_text(as_text(sorted(ROWS)))
    one, other = (cut(tmp_path / f"{name}.csv", tmp_path / name) for name in "ab")
    assert one.shards == other.shards


def test_dates_in_words_are_sorted_by_time_and_stay_as_they_are(tmp_path):
    (tmp_path / "p.csv").write_text(as_text(form="%d.%m.%Y", delimiter=";"))
    manifest = cut(tmp_path / "p.csv", tmp_path / "panel", count=1, whole=0)
    (rows,) = rows_of(tmp_path / "panel", manifest)
    assert [row[1] for row in rows if row[0] == "a"] == [day.strftime("%d.%m.%Y") for day in DAY]
    assert manifest.shards[0].last == "2024-01-12"


@pytest.mark.parametrize(("late", "kind"), [("7.5", "double"), ("n/m", "string")])
def test_column_widens_where_a_late_cell_does_not_fit(tmp_path, late, kind, monkeypatch):
    monkeypatch.setattr("forecast.data.shards.text_stream.SAMPLE", 1 << 12)
    rows = [(f"s{i % 50}", date(2024, 1, 1) + timedelta(i // 50), i) for i in range(20_000)]
    lines = as_text(rows).splitlines()
    place = len(lines) // 3
    lines[place] = lines[place].rpartition(",")[0] + f",{late}"
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    manifest = cut(tmp_path / "p.csv", tmp_path / "panel", whole=0)
    assert manifest.columns["sales"] == kind
    assert manifest.rows == 20_000
    found = [row[2] for rows in rows_of(tmp_path / "panel", manifest) for row in rows]
    assert (float(late) if kind == "double" else late) in found


@pytest.mark.parametrize("folders", [False, True])
def test_series_that_are_split_over_files_are_whole_again(tmp_path, folders):
    source = tmp_path / "spark"
    for month, rows in enumerate((ROWS[:30], ROWS[30:])):
        path = source / (f"month={month}" if folders else ".") / f"part-{month}.snappy.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(as_table(rows), path)
    (source / "_SUCCESS").touch()
    manifest = cut(source, tmp_path / "panel", time="day", target=("sales",), ids=("shop",))
    shards = rows_of(tmp_path / "panel", manifest)
    assert sorted(row[:3] for rows in shards for row in rows) == sorted(ROWS)
    assert ("month" in manifest.columns) == folders


def test_ids_that_only_the_names_of_folders_tell_become_a_column(tmp_path):
    for name in NAMES:
        folder = tmp_path / f"hive/shop={name}"
        folder.mkdir(parents=True)
        pq.write_table(as_table([row for row in ROWS if row[0] == name]).drop_columns("shop"), folder / "0.parquet")
    manifest = cut(tmp_path / "hive", tmp_path / "panel")
    found = [(shop, day, value) for rows in rows_of(tmp_path / "panel", manifest) for day, value, shop in rows]
    assert sorted(found) == sorted(ROWS)


def test_panel_of_the_shards_is_that_of_the_file(tmp_path):
    (tmp_path / "p.csv").write_text(as_text())
    cut(tmp_path / "p.csv", tmp_path / "panel", whole=0)
    one, other = (read_panel(tmp_path / name).panel for name in ("p.csv", "panel"))
    assert one.series_ids == other.series_ids == tuple(sorted(NAMES))
    assert one.values.tolist() == other.values.tolist()
    assert (one.first == other.first).all()


def test_no_more_files_are_written_than_there_are_series(tmp_path):
    (tmp_path / "p.csv").write_text(as_text())
    manifest = cut(tmp_path / "p.csv", tmp_path / "panel", count=500)
    assert len(manifest.shards) == len(list((tmp_path / "panel").glob("*.parquet"))) <= len(NAMES)
    assert not (tmp_path / "panel/.spill").exists()


def test_stream_yields_pieces_and_never_all_rows_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.shards.row_stream.ROWS", 10)
    pq.write_table(as_table(), tmp_path / "p.parquet")
    pieces = [table.num_rows for table in open_stream(str(tmp_path / "p.parquet"), ReadOptions()).tables()]
    assert (sum(pieces), max(pieces)) == (len(ROWS), 10)


@pytest.mark.parametrize("enough", [10, 30, 60, len(ROWS) - 1, len(ROWS)])
@pytest.mark.parametrize("group", [None, 25])
def test_no_row_is_looked_at_twice_to_tell_the_columns(tmp_path, monkeypatch, enough, group):
    monkeypatch.setattr("forecast.data.shards.row_stream.SAMPLE_ROWS", enough)
    pq.write_table(as_table(), tmp_path / "p.parquet", row_group_size=group)
    assert open_stream(str(tmp_path / "p.parquet"), ReadOptions()).roles.ids == ("shop",)


def test_late_row_of_too_many_fields_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.shards.text_stream.SAMPLE", 1 << 12)
    lines = as_text([(f"s{i % 50}", date(2024, 1, 1) + timedelta(i // 50), i) for i in range(20_000)]).splitlines()
    lines[len(lines) // 3] += ",1"
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="Expected 3 columns, got 4"):
        cut(tmp_path / "p.csv", tmp_path / "panel", whole=0)


@pytest.mark.parametrize(("text", "words"), [
    (as_text([row for row in ROWS if row[0] == "a"]), "holds one series"),
    (as_text() + "a,2024-01-13,1,2,3\n", "line 74 has 5 fields"),
    ("\0" + as_text(), "not in UTF-8"),
])  # fmt: skip
def test_large_text_that_can_not_be_cut_says_why(tmp_path, text, words):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        cut(tmp_path / "p.csv", tmp_path / "panel", whole=0)


def test_large_text_in_another_encoding_is_refused_with_the_command_that_turns_it(tmp_path):
    (tmp_path / "p.csv").write_bytes(as_text().encode("cp1252"))
    with pytest.raises(DataError, match="not in UTF-8") as error:
        cut(tmp_path / "p.csv", tmp_path / "panel", whole=0)
    assert "iconv" in error.value.hint
    manifest = cut(tmp_path / "p.csv", tmp_path / "small")
    assert "Zürich" in {row[0] for rows in rows_of(tmp_path / "small", manifest) for row in rows}
