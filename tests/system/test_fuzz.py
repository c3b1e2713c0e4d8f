"""Bytes that nobody meant to be a table: an answer or a sentence, never a crash, never a wait."""

import gzip
import io
import re
import signal
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import ForecastError, printable

SECONDS = 5
DAYS = np.datetime64("2023-12-20") + np.arange(24)
WORDS = (
    *(b",", b";", b"\t", b"|", b'"', b"\n", b"\r", b"\r\n", b"#", b"-", b".", b"%", b"$", b"(", b" ", b"\xff", b"\xc3"),
    *(b"NA", b"1e999", b"-inf", b"nan", b"9999", b"-200", b"1,234", b"1.234,5", b"12K", b"0001-01", b"99/99/9999"),
    *(b"2024-W53", b"2024Q4", b"31.02.2024", b"1609459200", b"1609459200000", b"2024-03-31T02:30+01:00", b"24:00"),
    *(b"Total", b"11:34", b"date", b"Year,Month,Hour", b"9" * 40, b"\x1c", b"\x85", "٣".encode(), b"0", b"e5"),
)
HARMLESS = (b"", b"5", b"12", b"7.25", b"100", b"0", b"NA", b"3")
OPTIONS = (
    *[ReadOptions()] * 20,
    ReadOptions(aggregate="sum", freq="W"),
    ReadOptions(aggregate="last", freq="M", keep_partial=True),
    ReadOptions(aggregate="count"),
    ReadOptions(no_dates=True),
    ReadOptions(freq="D", fill="zero"),
    ReadOptions(date_format="%d/%m/%Y"),
    ReadOptions(date_format="unix", decimal=","),
    ReadOptions(missing=("-200", "x")),
    ReadOptions(time="Date,Time"),
    ReadOptions(time="date", target=("value",)),
)


def valid_files():
    """Returns small files of every kind."""
    rows = [(day, i % 7 + i / 10) for i, day in enumerate(DAYS)]
    texts = [
        "date,value\n" + "".join(f"{day},{value}\n" for day, value in rows),
        "Datum;Wert\r\n"
        + "".join(f"{day.item():%d.%m.%Y};{value:.2f}\r\n".replace(".", ",", 0) for day, value in rows),
        "shop\tday\tsales\n" + "".join(f"{shop}\t{day}\t{value}\n" for day, value in rows for shop in "ab"),
        "Date,Time,v\n" + "".join(f"10/03/2004,{hour:02}:00,{hour * hour}\n" for hour in range(24)),
        "Year,Month,y\n" + "".join(f"{2000 + i // 12},{i % 12 + 1},{i * i % 11}\n" for i in range(30)),
        "Report of sales\n# made by hand\n\nweek|amount\n"
        + "".join(f"2024-W{i:02}|${i},{i:03}.5\n" for i in range(1, 30)),
        "quarter,revenue\n" + "".join(f"{2000 + i // 4}Q{i % 4 + 1},{i * i}K\n" for i in range(20)),
        "timestamp,close\n" + "".join(f"{1609459200 + 3600 * i},{i % 5}\n" for i in range(40)),
        "when,branch,Total\n" + "".join(f"2024-01-{i % 28 + 1:02} {i % 24:02}:11,{i % 3},{i}\n" for i in range(60)),
        "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(30)),
    ]
    frame = io.BytesIO()
    pq.write_table(pa.table({"date": DAYS, "value": [value for _, value in rows]}), frame)
    encoded = [text.encode() for text in texts]
    return [*encoded, texts[0].encode("utf-16"), gzip.compress(encoded[0], mtime=0), frame.getvalue()]


def edited(rng, data):
    """Returns a file with a few random edits, most of them within a cell."""
    for _ in range(rng.integers(1, 3)):
        cells = [match.span() for match in re.finditer(rb"[^,;|\t\r\n]+", data)] or [(0, len(data))]
        at, to = cells[rng.integers(len(cells))]
        kind = rng.integers(0, 12)
        words = WORDS if rng.random() < 0.5 else HARMLESS
        word = words[rng.integers(len(words))]
        if kind < 4:
            data = data[:at] + word + data[to:]
        elif kind == 4:
            data = data[:at] + word + data[at:]
        elif kind == 5:
            data = data[:at] + data[to:]
        elif kind == 6:
            data = data[:at] + bytes(rng.integers(0, 256, 3, dtype=np.uint8)) + data[at + 3 :]
        elif kind == 7:
            data = data[:to]
        elif kind == 8:
            data = data.replace(WORDS[rng.integers(len(WORDS))], word)
        else:
            lines = data.splitlines(keepends=True)
            order = rng.permutation(len(lines)) if kind == 9 else np.sort(rng.integers(0, len(lines) + 1, len(lines)))
            data = b"".join(lines[i] for i in order if i < len(lines))
    return data


def garbage(rng):
    """Returns random bytes, letters or words."""
    size = int(rng.integers(0, 400))
    if rng.random() < 0.3:
        return bytes(rng.integers(0, 256, size, dtype=np.uint8))
    if rng.random() < 0.5:
        return bytes(rng.choice(np.frombuffer(b'0123456789,;\t"\n\r-/:. abcWQ#%$', np.uint8), size))
    return b"".join(WORDS[i] for i in rng.integers(0, len(WORDS), size // 4))


@contextmanager
def no_longer_than(seconds):
    def stop(*_):
        raise AssertionError(f"takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check(data, options, path):
    path.write_bytes(data)
    try:
        with no_longer_than(SECONDS):
            reading = read_panel(path, options)
    except ForecastError as error:
        problem = error
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__}: {error}\n{options}\n{data!r}") from error
    else:
        problem = None
    if problem is not None:
        assert printable(problem.message) == problem.message, data
        assert len(problem.message) < 4000
        return False
    panel = reading.panel
    assert len(panel) >= 1
    assert panel.observed.any()
    assert np.isfinite(panel.values[panel.observed]).all()
    assert panel.offsets[-1] == panel.values.size
    return True


def fuzz(folder, count, seed):
    rng = np.random.default_rng(seed)
    files, path, read = valid_files(), folder / "x.csv", 0
    for _ in range(count):
        data = garbage(rng) if rng.random() < 0.2 else edited(rng, files[rng.integers(len(files))])
        read += check(data, OPTIONS[rng.integers(len(OPTIONS))], path)
    return read


def test_files_that_are_valid_are_read(tmp_path):
    read = [check(data, ReadOptions(), tmp_path / "x.csv") for data in valid_files()]
    assert read == [True] * 3 + [False] + [True] * 4 + [False] * 2 + [True] * 3  # an open order, sales, no dates


def test_no_edit_of_a_file_leads_to_a_crash(tmp_path):
    assert 0 < fuzz(tmp_path, 15, 0) < 15


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_no_edit_of_many_files_leads_to_a_crash(tmp_path, seed):
    fuzz(tmp_path, 250, seed)
