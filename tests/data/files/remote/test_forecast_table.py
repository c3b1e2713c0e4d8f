"""Forecasts in a table of a database: all or none, each in the place of its predecessor."""

import sqlite3
from contextlib import closing

import pytest

from forecast.data.files.remote.forecast_table import check_forecast_table, holds_forecast, write_forecasts
from forecast.errors import DataError, NotFoundError, UsageError
from forecast.report.tables import forecast_columns


def rows(model="gru", value=1.5, days=3):
    return [
        ("north", f"2024-01-{day:02}", day, value, 1, 2, 0, 3, model, "v1", "2023-12-31") for day in range(1, days + 1)
    ]


@pytest.fixture
def address(tmp_path):
    sqlite3.connect(tmp_path / "shop.db").close()
    return f"sqlite:///{tmp_path}/shop.db#forecasts"


def ask(address, query):
    with closing(sqlite3.connect(address.removeprefix("sqlite:///").partition("#")[0])) as connection:
        return connection.execute(query).fetchall()


def write(address, made, name="sales", **how):
    write_forecasts(address, name, forecast_columns(), made, **how)


def test_forecast_replaces_the_one_of_its_key_and_no_other(address):
    write(address, rows(), create=True)
    write(address, rows(value=9.0, days=2))
    write(address, rows(model="lstm"))
    write(address, rows(), name="visits")
    assert ask(address, "select forecast from forecasts where model = 'gru' and name = 'sales'") == [(9,), (9,), (1.5,)]
    assert ask(address, "select count(*) from forecasts") == [(9,)]


def test_whether_a_version_s_forecast_is_there_is_known(address):
    assert not holds_forecast(address, "sales", "v1")
    write(address, rows(), create=True)
    assert holds_forecast(address, "sales", "v1")
    assert not holds_forecast(address, "sales", "v2")
    assert not holds_forecast(address, "visits", "v1")
    ask(address, "create table other (version)")
    assert not holds_forecast(address.replace("#forecasts", "#other"), "sales", "v1")


def test_failure_leaves_the_old_forecasts_whole(address):
    write(address, rows(), create=True)
    with closing(sqlite3.connect(address.removeprefix("sqlite:///").partition("#")[0])) as connection, connection:
        connection.execute(
            "create trigger no before insert on forecasts when new.step = 3 begin select raise(abort, 'no'); end"
        )
    with pytest.raises(DataError, match="None of the 3 forecasts was written"):
        write(address, rows(value=9.0))
    assert ask(address, "select distinct forecast from forecasts") == [(1.5,)]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_rows_before_the_one_that_fails_are_not_written_either(tmp_path, kind):
    duckdb = pytest.importorskip("duckdb")
    address = f"{kind}:///{tmp_path}/forecasts.db#forecasts"
    (sqlite3 if kind == "sqlite" else duckdb).connect(str(tmp_path / "forecasts.db")).close()
    write(address, rows(), create=True)
    made = [*rows(value=9.0, days=2), (*rows()[2][:2], object(), *rows()[2][3:])]
    with pytest.raises(Exception):  # noqa: B017, PT011 - each driver has its own, of a value that none can write
        write(address, made)
    write(address, rows(model="lstm"))
    assert _forecasts(address, kind) == {("gru", 1.5), ("lstm", 1.5)}


def _forecasts(address, kind):
    query = "select distinct model, forecast from forecasts"
    if kind == "sqlite":
        return set(ask(address, query))
    import duckdb

    with duckdb.connect(address.removeprefix("duckdb:///").partition("#")[0]) as connection:
        return set(connection.execute(query).fetchall())


def test_table_is_made_only_where_that_is_asked(address):
    with pytest.raises(NotFoundError, match="no table forecasts") as error:
        write(address, rows())
    assert "--create-table" in error.value.hint
    assert ask(address, "select count(*) from sqlite_master") == [(0,)]


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        (
            forecast_columns()[:-4] + forecast_columns()[-3:],
            "has no column upper_95",
            'alter table "forecasts" add column',
        ),
        (("day", "sold"), "it is none of forecasts", "another table"),
        (forecast_columns(), "has no key", 'create unique index on "forecasts" ("model", "version", "series_id"'),
    ],
)
def test_table_of_somebody_else_that_does_not_fit_is_said(address, columns, message, hint):
    ask(address, f"create table forecasts ({', '.join(columns)})")
    with pytest.raises(DataError, match=message) as error:
        write(address, rows())
    assert hint in error.value.hint
    assert ask(address, "select count(*) from forecasts") == [(0,)]


def test_table_of_somebody_else_without_a_name_is_written_by_its_own_key(address):
    ask(address, f"create table forecasts ({', '.join(forecast_columns())}, note, "
                 "unique (model, version, series_id, timestamp, origin))")  # fmt: skip
    write(address, rows())
    write(address, rows(value=2.0))
    assert ask(address, "select distinct forecast, note from forecasts") == [(2.0, None)]


def test_what_is_no_forecast_of_steps_is_refused(address):
    with pytest.raises(UsageError, match="Only a forecast of each step"):
        write_forecasts(address, "sales", ("series_id", "from"), [("north", "2024")])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("s3://bucket/x.csv", "can't be written to s3"),
        ("postgresql://h/db", "names no table"),
        ("sqlite:///#t", "names no file"),
    ],
)
def test_place_that_takes_no_forecasts_is_refused_before_the_work(given, message):
    with pytest.raises(UsageError, match=message):
        check_forecast_table(given)
