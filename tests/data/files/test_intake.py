import gzip
import hashlib
import io
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.files import free_memory as memory_room
from forecast.data.files import intake
from forecast.data.files.free_memory import VARIABLE, free_memory, more_memory, parse_size, size_text
from forecast.data.files.intake import BOMB, HARMLESS, LONGEST_LINE, TABLE, take
from forecast.data.files.source import read_source
from forecast.data.files.table import Table
from forecast.errors import DataError, NotFoundError, UsageError

HEADER, ROW = b"date,value\n", b"2024-01-01,1\n"


def taken(data, size=None):
    return take(io.BytesIO(data), "x", hashlib.sha256(), size)


class Endless(io.RawIOBase):
    """A stream that gives the same bytes for ever, and counts them."""

    def __init__(self, piece):
        self._piece, self.given = piece, 0

    def read(self, size=-1):
        self.given += size
        return (self._piece * (size // len(self._piece) + 1))[:size]


def packed(data, times):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(HEADER), *(packer.compress(data) for _ in range(times)), packer.flush()])


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("padding", [b"", bytes(700)])
@pytest.mark.slow
def test_what_gzip_packed_is_unpacked_whole_however_many_parts_it_has(times, padding):
    text = HEADER + ROW * 1_000_000  # more than one piece
    assert taken(gzip.compress(text) * times + padding) == text * times


@pytest.mark.parametrize("cut", [3, 20, -4])
def test_a_cut_off_gzip_file_is_damaged(cut):
    with pytest.raises(DataError, match="x is a damaged or cut-off gzip file"):
        taken(gzip.compress(HEADER + ROW * 99, mtime=0)[:cut])


def test_a_packed_file_that_repeats_itself_over_and_over_is_refused_by_its_beginning(monkeypatch):
    monkeypatch.setattr(intake, "HARMLESS", 1 << 22)
    bomb = packed(ROW * (1 << 17), 20)  # 34 MB in 60 kB
    assert len(bomb) * BOMB < 1 << 24
    with pytest.raises(DataError, match=f"x unpacks to more than {BOMB} times its size") as refused:
        taken(bomb)
    assert "gunzip" in refused.value.hint


def test_a_small_file_may_repeat_itself():
    assert len(taken(packed(ROW * (1 << 17), 8))) < HARMLESS


@pytest.mark.parametrize(
    ("piece", "message"),
    [(b"y\n", "goes on; 10 MB are what is read"), (b"\0", "holds zero bytes"), (b"7", "has a row longer than 8 MB")],
)
def test_a_stream_without_an_end_is_left_early(monkeypatch, piece, message):
    monkeypatch.setenv(VARIABLE, f"{TABLE * 10}MB")
    stream = Endless(piece)
    with pytest.raises(DataError, match=f"x {message}|x is not text: it {message}"):
        take(stream, "x", hashlib.sha256())
    assert stream.given <= 2 * LONGEST_LINE


def test_a_file_larger_than_the_memory_says_what_would_read_it(monkeypatch):
    monkeypatch.setenv(VARIABLE, f"{TABLE * 10}MB")
    with pytest.raises(DataError, match="x has 25 MB of text; 10 MB are what is read") as refused:
        taken(HEADER + ROW, size=25 << 20)
    assert refused.value.hint.endswith(f"{VARIABLE}=150MB")
    monkeypatch.setenv(VARIABLE, "150MB")
    assert taken(HEADER + ROW, size=25 << 20) == HEADER + ROW


@pytest.mark.parametrize("after", [b"", ROW * 3], ids=["in the first row", "below rows"])
def test_a_row_of_many_megabytes_is_refused_before_what_comes_after_it(after):
    with pytest.raises(DataError, match="x has a row longer than 8 MB"):
        taken(HEADER + after + b"2024-01-01," + b"7" * (2 * LONGEST_LINE) + b"\n" + ROW)
    assert taken(HEADER + ROW * (3 * LONGEST_LINE // len(ROW)))


@pytest.mark.parametrize("stream", [None, "write-only"])
def test_standard_input_that_can_not_be_read_is_said(monkeypatch, tmp_path, stream):
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr("sys.stdin", file if stream else None)
        with pytest.raises(DataError, match=r"Standard input (is closed|can't be read: it is not open for reading)\."):
            read_source("-")


def test_a_link_to_nothing_is_called_so(tmp_path):
    (tmp_path / "sales.csv").symlink_to("gone.csv")
    with pytest.raises(NotFoundError, match=r"sales.csv is a link to nothing: there is no gone.csv\."):
        read_source(tmp_path / "sales.csv")


def parquet(path, rows):
    table = pa.table({"date": np.full(rows, np.datetime64("2024-01-01", "s")), "value": np.zeros(rows)})
    pq.write_table(table, path, compression="zstd")
    return Table(read_source(path))


def test_parquet_of_the_same_rows_over_and_over_is_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.parquet.HARMLESS", 1 << 20)
    with pytest.raises(DataError, match=r"x.parquet holds 200,000 rows in 1 MB: the same ones over and over"):
        parquet(tmp_path / "x.parquet", 200_000)


def test_parquet_that_would_not_fit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.parquet.free_memory", lambda: 1 << 20)
    monkeypatch.setattr(intake, "free_memory", lambda: 1 << 20)
    with pytest.raises(DataError, match=r"holds 200,000 rows of 2 columns, for which 16 MB of memory are needed; 1 MB"):
        parquet(tmp_path / "x.parquet", 200_000)


@pytest.mark.parametrize(
    ("text", "size"), [("16GB", 16 << 30), ("1.5 GiB", 3 << 29), ("300m", 300 << 20), ("4096", 4096), ("2K", 2048)]
)
def test_sizes_are_read_as_they_are_written(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["much", "-1GB", "0", "1PB", "GB"])
def test_what_is_no_size_is_refused(text, monkeypatch):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UsageError, match="is no size of memory"):
        free_memory()


def test_sizes_are_told_in_the_nearest_unit():
    assert [size_text(size) for size in (3 << 29, 240 << 20, 5)] == ["1.5 GB", "240 MB", "1 MB"]


@pytest.mark.parametrize("needed", [5, (240 << 20) + 1, 3.449 * (1 << 30), 1_234.04 * (1 << 30)])
def test_the_memory_that_a_hint_asks_for_is_enough(needed):
    assert needed <= parse_size(more_memory(needed).partition("=")[2]) < 1.04 * needed + (1 << 20)


def test_the_least_of_machine_shell_and_container_counts(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(memory_room, "_limits", lambda: iter([5 << 30, 2 << 30, 9 << 30]))
    assert free_memory() == 2 << 30
    monkeypatch.setattr(memory_room, "_limits", lambda: iter([-7]))
    assert free_memory() == 0


def test_the_machine_tells_how_much_is_free(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert 1 << 20 < free_memory() < 1 << 50


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_more_columns_than_can_be_looked_at_are_refused_at_once(tmp_path, monkeypatch, ending):
    monkeypatch.setattr("forecast.data.files.dialect.dialect.MOST_COLUMNS", 1000)
    path = tmp_path / f"x.{ending}"
    for width, is_read in ((1000, True), (1001, False)):
        columns = {f"c{i}": ["a"] for i in range(width)}
        if ending == "csv":
            path.write_text("\n".join([",".join(columns), ",".join("a" for _ in columns)]))
        else:
            pq.write_table(pa.table(columns), path)
        if is_read:
            assert len(Table(read_source(path)).names) == width
        else:
            with pytest.raises(DataError, match="has 1,001 columns; 1,000 are the most that are read"):
                Table(read_source(path))
