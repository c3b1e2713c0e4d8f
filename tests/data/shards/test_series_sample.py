"""A sample holds whole series that are as long and as large as all of them are."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.data.shards import series_sample
from forecast.data.shards.row_stream import open_stream
from forecast.data.shards.series_sample import _spread, is_large, sample_of_folder, source_of_series
from forecast.data.shards.shard_writer import Sharding, write_shards
from forecast.errors import DataError

SERIES = 120
OPTIONS = ReadOptions(time="day", target=("sales",), ids=("shop",))


def table(series=range(SERIES)):
    """Series of 10 to 40 days, whose sizes grow over four powers of ten and go with nothing else."""
    rows = [(f"S{k:03}", date(2024, 1, 1) + timedelta(i), 10.0 ** (k * 7 % 40 / 10) + i % 7)
            for k in series for i in range(10 + k * 11 % 31)]  # fmt: skip
    names, days, values = zip(*rows, strict=True)
    return pa.table({"shop": names, "day": pa.array(days, pa.date32()), "sales": values})


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample")
    pq.write_table(table(), root / "p.parquet")
    (root / "panel").mkdir()
    write_shards(open_stream(str(root / "p.parquet"), OPTIONS), root / "panel", Sharding(8, "0", "x"), lambda *_: None)
    return root / "panel"


def read(source):
    return read_panel(source, OPTIONS).panel


def test_series_of_a_sample_are_whole_and_as_many_as_asked_for(panel):
    sample, every = sample_of_folder(panel, OPTIONS, asked=24), read(panel)
    some = read(sample.source)
    assert (len(some), sample.series, sample.of, sample.is_counted) == (24, 24, SERIES, True)
    for place, name in enumerate(some.series_ids):
        assert some.series(place).tolist() == every.series(every.series_ids.index(name)).tolist()


def test_sample_is_as_long_and_as_large_as_all(panel):
    some, every = read(sample_of_folder(panel, OPTIONS, asked=30).source), read(panel)
    levels = [0.1, 0.25, 0.5, 0.75, 0.9]
    for of in (lambda own: own.lengths, lambda own: [np.log10(own.series(i).mean()) for i in range(len(own))]):
        spread = np.quantile(of(every), 0.9) - np.quantile(of(every), 0.1)
        assert np.abs(np.quantile(of(some), levels) - np.quantile(of(every), levels)).max() < 0.15 * spread


def test_same_folder_gives_the_same_sample_and_another_size_another(panel):
    one, again, other = (sample_of_folder(panel, OPTIONS, asked=asked).source for asked in (9, 9, 10))
    assert (one.data, one.fingerprint) == (again.data, again.fingerprint)
    assert one.fingerprint != other.fingerprint


def test_not_every_file_is_looked_at_and_what_was_not_is_estimated(panel, tmp_path):
    for number in range(20):
        pq.write_table(table(range(6 * number, 6 * number + 6)), tmp_path / f"{number:02}.parquet")
    sample = sample_of_folder(tmp_path, OPTIONS, asked=10)
    assert not sample.is_counted
    assert sample.of == pytest.approx(SERIES, rel=0.2)
    assert {name[:2] for name in read(sample.source).series_ids} == {"S0", "S1"}  # from both ends


def test_folder_of_few_series_is_learned_from_whole(panel, monkeypatch):
    assert sample_of_folder(panel, OPTIONS) is None
    assert not is_large(panel)
    monkeypatch.setattr(series_sample, "MOST_SERIES", 100)
    monkeypatch.setattr(series_sample, "SAMPLE", 50)
    assert is_large(panel)
    assert sample_of_folder(panel, OPTIONS).series == 50


def test_sample_of_long_series_has_fewer_of_them(panel, monkeypatch):
    monkeypatch.setattr(series_sample, "MOST_ROWS", 300)
    some = read(sample_of_folder(panel, OPTIONS, asked=60).source)
    assert 5 <= len(some) < 20


def test_more_than_there_are_is_all(panel):
    assert read(sample_of_folder(panel, OPTIONS, asked=999).source).series_ids == read(panel).series_ids


def test_rows_of_certain_series_are_found_again(panel):
    found = read(source_of_series(panel, OPTIONS, [("S003",), ("S100",), ("nobody",)]))
    assert found.series_ids == ("S003", "S100")


def test_series_that_is_split_over_files_is_refused(tmp_path):
    for number in range(2):
        pq.write_table(table(range(3)), tmp_path / f"{number}.parquet")
    with pytest.raises(DataError, match=r"lies in 0.parquet and in 1.parquet, and a sample takes whole ones"):
        sample_of_folder(tmp_path, OPTIONS, asked=2)


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_files_are_looked_at_from_all_over_and_each_once(count):
    order = list(_spread(count))
    assert sorted(order) == list(range(count))
    assert order[:3] == [0, count - 1, (count - 1) // 3][: min(count, 2)] + order[2:3]
