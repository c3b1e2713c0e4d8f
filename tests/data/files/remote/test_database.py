"""Databases that are a file here: what they return, in which types, and what they refuse."""

import io
import sqlite3
import sys
from contextlib import closing

import pyarrow.parquet as pq
import pytest

from forecast.data.files.remote.database import read_database
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, DependencyError, LockedError, NotFoundError, UsageError

DAYS = [f"2024-01-{day:02}" for day in range(1, 15)]
WIDE = "12345678901234567890123456789012345678"


def in_sqlite(folder, *statements):
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table sales (day text, sold real, n, empty, mixed)")
        rows = [(day, i / 2, i, None, i if i < 9 else "x") for i, day in enumerate(DAYS)]
        connection.executemany("insert into sales values (?, ?, ?, ?, ?)", rows)
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def in_duckdb(folder, *statements):
    duckdb = pytest.importorskip("duckdb")
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table sales as select date '2024-01-01' + i::int as day, i / 2 as sold, i as n, null as empty, "
            "case when i < 9 then i::varchar else 'x' end as mixed from range(14) t(i)"
        )
        for statement in statements:
            connection.execute(statement)
    return f"duckdb:///{path}"


EITHER = pytest.mark.parametrize("made", [in_sqlite, pytest.param(in_duckdb, marks=pytest.mark.slow)])


def columns(address, query=None):
    return pq.read_table(io.BytesIO(read_database(address, query).data)).to_pydict()


@EITHER
def test_table_is_the_panel_of_the_same_rows_in_a_file(made, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("day,sold\n" + "".join(f"{day},{i / 2}\n" for i, day in enumerate(DAYS)))
    one, other = read_panel(made(tmp_path) + "#sales"), read_panel(file)
    assert (one.panel.values == other.panel.values).all()
    assert one.panel.frequency == other.panel.frequency
    assert one.columns == other.columns


@EITHER
def test_query_reads_what_it_returns(made, tmp_path):
    found = columns(made(tmp_path), "select day, n from sales where n > 11 order by n;")
    assert found["n"] == [12, 13]


@EITHER
def test_the_only_table_need_not_be_named_and_one_of_several_is_asked_for(made, tmp_path):
    address = made(tmp_path)
    assert read_database(address).name.endswith("#sales")
    with pytest.raises(UsageError, match=r"Which table of .* It has other, sales"):
        read_database(made(tmp_path / "b" if (tmp_path / "b").mkdir() is None else "", "create table other (a int)"))


@EITHER
def test_wide_numbers_keep_every_digit_and_nulls_are_nulls(made, tmp_path):
    wide = f"'{WIDE}'" if made is in_sqlite else f"{WIDE}::decimal(38, 0)"
    found = columns(made(tmp_path), f"select {wide} as id, empty, 7 as n from sales limit 1")
    assert found == {"id": [WIDE], "empty": [None], "n": [7]}


@EITHER
def test_table_name_is_never_run(made, tmp_path):
    address = made(tmp_path)
    for name in ("sales; drop table sales", 'sales" where 1=0; drop table sales; --', "(select 1)"):
        with pytest.raises((NotFoundError, UsageError), match=r"no table|can't name a table"):
            read_database(f"{address}#{name.replace(' ', '%20').replace('#', '%23')}")
    assert len(columns(address)["n"]) == 14


@EITHER
@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("select * from sales where n > 99", DataError, "returns no rows"),
        ("select n, n from sales", DataError, "two columns called n"),
        ("selec n from sales", UsageError, "can't run the query"),
        ("select n from sale", NotFoundError, "no table sale"),
    ],
)
def test_query_that_gives_nothing_to_learn_from_is_refused(made, query, error, message, tmp_path):
    with pytest.raises(error, match=message):
        read_database(made(tmp_path), query)


@EITHER
@pytest.mark.parametrize("query", ["delete from sales", "drop table sales", "insert into sales (n) values (1)"])
def test_query_that_writes_changes_nothing(made, query, tmp_path):
    address = made(tmp_path)
    with pytest.raises((UsageError, DataError)):
        read_database(address, query)
    assert len(columns(address)["n"]) == 14


@EITHER
def test_query_reaches_no_other_file(made, tmp_path):
    address, other = made(tmp_path), tmp_path / "other"
    query = f"attach '{other}' as o" if made is in_sqlite else f"copy sales to '{other}'"
    with pytest.raises((UsageError, DataError)):
        read_database(address, query)
    assert not other.exists()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_database_that_is_not_there_is_not_made(kind, tmp_path):
    with pytest.raises(NotFoundError, match="There is no file"):
        read_database(f"{kind}:///{tmp_path}/none.db#sales")
    assert not list(tmp_path.iterdir())


def test_misspelled_table_is_answered_with_its_likes(tmp_path):
    with pytest.raises(NotFoundError, match="Did you mean 'sales'"):
        read_database(in_sqlite(tmp_path) + "#sale")


def test_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "x.db").write_text("day,sold\n" * 100)
    with pytest.raises(DataError, match="is no SQLite database"):
        read_database(f"sqlite:///{tmp_path}/x.db#sales")


def test_order_of_the_rows_is_no_news_and_a_changed_one_is(tmp_path):
    address = in_sqlite(tmp_path)
    asked = "select day, sold, n, empty, mixed from sales order by"
    digest = read_database(address, f"{asked} n").digest
    assert read_database(address, f"{asked} sold desc").digest == digest
    changed = "select day, sold, n, empty, case n when 3 then 4 else mixed end as mixed from sales"
    assert read_database(address, changed).digest != digest
    assert read_database(address, f"{asked} n limit 13").digest != digest


def test_type_that_later_rows_need_holds_the_first_ones_too(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.remote.sqlite.BATCH", 4)
    found = columns(in_sqlite(tmp_path), "select case when n > 5 then sold end as late, mixed, n from sales order by n")
    assert found["late"] == [None] * 6 + [i / 2 for i in range(6, 14)]
    assert found["mixed"] == [str(i) if i < 9 else "x" for i in range(14)]
    assert found["n"] == list(range(14))


def test_more_than_the_memory_holds_ends_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_MEMORY", "1k")
    with pytest.raises(DataError, match="14 rows and more"):
        read_database(in_sqlite(tmp_path))


def test_lock_of_somebody_else_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast.data.files.remote.sqlite.WAIT", 0)
    address = in_sqlite(tmp_path)
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(LockedError, match="is locked by another program"):
            read_database(f"{address}#sales")


@pytest.mark.parametrize(("head", "kind"), [(b"SQLite format 3\0", "sqlite"), (bytes(8) + b"DUCK", "duckdb")])
def test_database_that_is_named_as_a_file_is_told_its_address(head, kind, tmp_path):
    (tmp_path / "shop").write_bytes(head + bytes(100))
    with pytest.raises(DataError, match="is a database of tables") as error:
        read_panel(tmp_path / "shop")
    assert error.value.hint.startswith(f"{kind}:///{tmp_path}/shop --table NAME")


@pytest.mark.parametrize(
    ("address", "library", "hint"),
    [
        ("postgresql://h/d#t", "psycopg", "pip install 'psycopg[binary]>=3.3'"),
        ("mysql://h/d#t", "pymysql", "pip install 'pymysql>=1.1'"),
        ("duckdb:///d#t", "duckdb", "pip install 'duckdb>=1.4'"),
        ("s3://b/x.csv", "s3fs", "pip install 's3fs>=2024.5'"),
        ("https://h/x.csv", "aiohttp", "pip install 'aiohttp>=3.9'"),
        ("gs://b/x.csv", "fsspec", "pip install 'fsspec>=2024.5'"),
    ],
)
def test_library_that_is_missing_is_one_sentence_and_the_command_that_installs_it(address, library, hint, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(DependencyError, match=f"needs {library}, which is not installed") as error:
        read_panel(address)
    assert error.value.hint == hint
