"""A real PostgreSQL: what is read of it and written into it, and what becomes of both when something goes wrong."""

import io
import socket
from contextlib import contextmanager
from traceback import format_exception

import numpy as np
import pyarrow.parquet as pq
import pytest

from forecast.cli import main
from forecast.data.files.remote.database import read_database
from forecast.data.files.remote.forecast_table import holds_forecast, write_forecasts
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, ForecastError, LockedError, NotFoundError, UsageError
from forecast.report.tables import forecast_columns
from postgres_server import PASSWORD, PostgresServer, why_not

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one")]
WIDE = "12345678901234567890123456789012345678"
ALL_TYPES = f"""
create table everything as select d::date as day, d::timestamp as at, d::timestamptz as instant,
    {WIDE}::numeric(38, 0) + i as id, (i * 1.25)::numeric(20, 10) as price, i::numeric as whole, i::real as single,
    i::smallint as small, nullif(i, 2) as gap, null::int as nothing, i % 2 = 0 as promo, 'é "x"' as words,
    '00000000-0000-0000-0000-000000000001'::uuid as uuid, '{{"a": 1}}'::jsonb as doc, 'NaN'::float8 as nan
from generate_series(0, 40) i, lateral (select timestamp '2024-03-01' + i * interval '1 day' as d) t
"""
SALES = """
create table sales as select (date '2024-01-01' + i) as day, store,
    round((100 + 20 * sin(i * 0.9) + i % 7)::numeric, 2) as sold
from generate_series(0, 119) i, (values ('north'), ('south')) s(store)
"""


@pytest.fixture(scope="module")
def server():
    made = PostgresServer()
    try:
        made.run(
            ALL_TYPES, SALES, "create table copy as select * from sales", "create sequence s",
            "create role reader login password 'r3ader'", "grant select on sales to reader",
            "create database berlin", "alter database berlin set timezone = 'Europe/Berlin'",
        )  # fmt: skip
        yield made
    finally:
        made.remove()


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    for name in ("DATABASE_PASSWORD", "DATABASE_PASSWORD_2"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)


def read(address, query=None):
    return pq.read_table(io.BytesIO(read_database(address, query).data))


def forecasts(value=1.5, count=40):
    day = np.datetime_as_string(np.datetime64("2024-01-01") + np.arange(count), unit="D")
    return [("n", day[i], i + 1, value, 1, 2, 0, 3, "gru", "v1", "2023-12-31") for i in range(count)]


def write(address, rows, **how):
    write_forecasts(address, "sales", forecast_columns(), rows, **how)


def test_columns_have_the_types_of_the_database(server):
    table, zone = read(server.address("everything")), server.run("show timezone")[0][0]
    assert {field.name: str(field.type) for field in table.schema} == {
        "day": "date32[day]", "at": "timestamp[us]", "instant": f"timestamp[us, tz={zone}]",
        "id": "string", "price": "double", "whole": "int64", "single": "double", "small": "int64", "gap": "int64",
        "nothing": "int64", "promo": "string", "words": "string", "uuid": "string", "doc": "string", "nan": "double",
    }  # fmt: skip
    row = table.slice(2, 1).to_pylist()[0]
    assert row["id"] == str(int(WIDE) + 2)
    assert row["price"] == 2.5
    assert row["gap"] is None
    assert row["promo"] == "true"
    assert row["words"] == 'é "x"'
    assert row["doc"] == '{"a": 1}'
    assert table.column("nothing").null_count == 41


def test_days_of_instants_are_those_of_the_databases_own_zone(server):
    """41 local midnights of Berlin, the clock change of 31 March among them, which are no midnights in UTC."""
    query = ("select (date '2024-03-01' + i)::timestamp at time zone 'Europe/Berlin' as instant, i * 1.5 as sold "
             "from generate_series(0, 40) i")  # fmt: skip
    panel = read_panel_of(server.address(database="berlin"), query).panel
    assert panel.frequency.code == "D"
    assert str(panel.frequency.timestamps(panel.first)[0])[:10] == "2024-03-01"
    assert panel.values.tolist() == [i * 1.5 for i in range(41)]


def read_panel_of(address, query):
    from forecast.data.read_options import ReadOptions

    return read_panel(address, ReadOptions(query=query))


def test_table_is_the_panel_of_the_same_rows_in_a_file(server, tmp_path):
    rows = server.run("select day, store, sold from sales")
    file = tmp_path / "sales.csv"
    file.write_text("day,store,sold\n" + "".join(f"{day},{store},{sold}\n" for day, store, sold in rows))
    one, other = read_panel(server.address("sales")), read_panel(file)
    assert one.panel.series_ids == other.panel.series_ids == ("north", "south")
    assert (one.panel.values == other.panel.values).all()


@pytest.mark.parametrize("way", ["variable", "pgpass", "reference", "file"])
def test_password_comes_from_where_passwords_are_kept(way, server, tmp_path, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    address = server.address("sales")
    if way == "variable":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    elif way == "pgpass":
        (tmp_path / "pgpass").write_text(f"127.0.0.1:{server.port}:*:boss:{PASSWORD}\n")
        (tmp_path / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    elif way == "reference":
        monkeypatch.setenv("SHOP_PW", PASSWORD)
        address = server.address("sales", password="${SHOP_PW}")
    else:
        (tmp_path / "pw").write_text(f"{PASSWORD}\n")
        address = server.address("sales", password=f"${{file:{tmp_path}/pw}}")
    assert read_database(address).rows == 240


@contextmanager
def deaf_port():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"user": "stranger"}, DataError, "lets stranger not in: the password is wrong, or the user"),
        ({"database": "nowhere"}, NotFoundError, "There is no database nowhere"),
        ({"table": "sale"}, NotFoundError, r"no table sale\. Did you mean 'sales'"),
        ({"table": "nosuch.sales"}, NotFoundError, "no table nosuch.sales"),
        ({"table": ""}, UsageError, "Which table of .* It has"),
    ],
)
def test_what_is_not_there_is_said(change, error, message, server):
    with pytest.raises(error, match=message):
        read_database(server.address(**{"table": "sales", **change}))


def test_wrong_password_is_said_and_not_shown(server, monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "wr0ng")
    with pytest.raises(DataError, match="the password is wrong") as error:
        read_database(server.address("sales", password="${DATABASE_PASSWORD}"))
    assert "wr0ng" not in f"{error.value.message}{error.value.hint}"


@pytest.mark.parametrize("deaf", [True, False])
def test_host_that_does_not_answer_is_not_waited_for_long(deaf):
    with deaf_port() as port:
        other = port if deaf else 1
        with pytest.raises(DataError, match=r"did not answer within|No database listens at"):
            read_database(f"postgresql://boss@127.0.0.1:{other}/postgres?connect_timeout=2#sales")


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("select * from sales where false", DataError, "returns no rows"),
        ("select day, day from sales", DataError, "two columns called day"),
        ("select day frm sales", UsageError, "can't run the query"),
        ("select 1/0 as a", DataError, "division by zero"),
        ("select 'infinity'::date as day", DataError, "date too large"),
        ("select 1; drop table copy", UsageError, "can't run the query"),
        ("delete from copy", UsageError, "can't run the query"),
        ("with gone as (delete from copy returning *) select * from gone", UsageError, "can't run the query"),
        ("select setval('s', 1) as a", UsageError, "can't run the query"),
        ("copy copy to '/tmp/forecast-copy'", UsageError, "can't run the query"),
    ],
)
def test_query_that_can_not_be_learned_from_is_refused_and_changes_nothing(query, error, message, server):
    with pytest.raises(error, match=message):
        read_database(server.address(), query)
    assert server.run("select count(*) from copy") == [(240,)]


@pytest.mark.parametrize("name", ['copy"; drop table copy; --', "copy; drop table copy", "(delete from copy)"])
def test_sql_in_the_name_of_a_table_is_never_run(name, server):
    for act in (read_database, lambda address: write(address, forecasts(), create=True)):
        with pytest.raises(ForecastError):
            act(f"{server.address()}#{name.replace(' ', '%20').replace(';', '%3B')}.x")
    assert server.run("select count(*) from copy") == [(240,)]


def test_query_with_percent_signs_and_colons_is_taken_as_it_is(server):
    query = "select day, sold, '%s :x %' as \"100%\" from sales where store like 'n%' and day::text <> ':y' -- %"
    assert read_database(server.address(), query).rows == 120


def test_reader_may_read_and_is_told_that_he_may_not_write(server, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "r3ader")
    assert read_database(server.address("sales", user="reader")).rows == 240
    with pytest.raises(DataError, match=r"may not be used so by reader: permission denied for table copy"):
        read_database(server.address("copy", user="reader"))
    with pytest.raises(DataError, match=r"permission denied .* None of the 40 forecasts was written"):
        write(server.address("mine", user="reader"), forecasts(), create=True)


def test_lock_of_somebody_else_is_not_waited_for_long(server, monkeypatch):
    monkeypatch.setattr("forecast.data.files.remote.postgresql.WAIT", 1)
    write(server.address("locked"), forecasts(), create=True)
    with server.connect() as other, other.transaction():
        other.execute("lock table sales, locked in access exclusive mode")
        with pytest.raises(LockedError, match="another session locked for"):
            read_database(server.address("sales"))
        with pytest.raises(LockedError, match="None of the 40 forecasts was written"):
            write(server.address("locked"), forecasts(9.0))
    assert server.run("select distinct forecast from locked") == [(1.5,)]


def test_server_that_dies_while_it_is_read_is_said(server, monkeypatch):
    monkeypatch.setattr("forecast.data.files.remote.postgresql.BATCH", 50)
    from forecast.data.files.remote.row_digest import RowDigest

    count = RowDigest.add

    def die_after_the_second(self, table):
        count(self, table)
        if self.rows == 100:
            server.die()

    monkeypatch.setattr(RowDigest, "add", die_after_the_second)
    try:
        with pytest.raises(DataError, match=r"The connection to .* was lost|ended it"):
            read_database(server.address("sales"))
    finally:
        server.start()
    monkeypatch.undo()
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert read_database(server.address("sales")).rows == 240


def test_server_that_dies_while_forecasts_are_written_keeps_the_old_ones_whole(server):
    """The server itself kills its process at the 30th row: its folder names the one to kill."""
    write(server.address("kept"), forecasts(), create=True)
    server.run(
        "create function die() returns trigger language plpgsql as $$ begin "
        "execute format('copy (select 1) to program %L', 'kill -9 ' || pg_backend_pid()); return new; end $$",
        "create trigger dies before insert on kept for each row when (new.step = 30) execute function die()",
    )
    with pytest.raises(DataError, match="None of the 40 forecasts was written"):
        write(server.address("kept"), forecasts(9.0))
    for _ in range(100):  # it recovers by itself
        try:
            server.run("drop trigger dies on kept")
            break
        except Exception:  # noqa: BLE001 - psycopg's, which need not be installed
            continue
    assert server.run("select distinct forecast, count(*) from kept group by 1") == [(1.5, 40)]
    assert [holds_forecast(server.address("kept"), "sales", version) for version in ("v1", "v2")] == [True, False]
    assert not holds_forecast(server.address("no_such_table"), "sales", "v1")
    write(server.address("kept"), forecasts(9.0))
    assert server.run("select distinct forecast from kept") == [(9.0,)]


def test_forecast_of_a_step_replaces_the_one_before(server):
    write(server.address("public.issued"), forecasts(), create=True)
    write(server.address("issued"), forecasts(2.0, 10))
    assert server.run("select forecast, count(*) from issued group by 1 order by 1") == [(1.5, 30), (2.0, 10)]
    assert server.run("select pg_typeof(timestamp)::text from issued limit 1") == [("timestamp without time zone",)]


def run(capfd, *words):
    """Returns what a command prints, and its exit code."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    told = capfd.readouterr()
    return told.out + told.err, stop.value.code or 0


def test_train_retrain_and_predict_by_a_query_never_show_a_password(server, tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.chdir(tmp_path)
    told = ""
    query = "select day, store, sold from live"
    server.run("create table live as select * from sales where day < '2024-04-20'")
    inline = server.address(password=PASSWORD)
    text, code = run(capfd, "train", inline, "--query", query, "--name", "shop", "--model", "smoothing", "--report",
                     "--plots", "none")  # fmt: skip
    told += text
    assert code == 0, text
    again, code = run(capfd, "retrain", "shop", "--log-file", "log.jsonl")
    assert "nothing new" in again
    server.run("update live set sold = sold where store = 'north'")  # rows move, their values stay
    moved, code = run(capfd, "retrain", "shop")
    assert "nothing new" in moved
    server.run("insert into live select * from sales where day >= '2024-04-20'")
    newer, code = run(capfd, "retrain", "shop", "--log-file", "log.jsonl")
    assert code == 0
    assert "nothing new" not in newer
    written, code = run(capfd, "predict", "shop", "-o", f"{inline}#shop_forecasts", "--create-table", "--json")
    assert code == 0, written
    assert server.run("select count(*), count(distinct series_id) from shop_forecasts")[0][1] == 2
    wrong = inline.replace(PASSWORD, "wr0ng-one")
    failed, code = run(capfd, "predict", "shop", "--data", wrong, "--json")
    assert "the password is wrong" in failed
    with pytest.raises(DataError) as error:
        main(["predict", "shop", "--data", wrong, "--debug"])
    failed += "".join(format_exception(error.value))
    told += again + moved + newer + written + failed
    monkeypatch.delenv("DATABASE_PASSWORD")
    lost, code = run(capfd, "retrain", "shop", "--json")
    assert "DATABASE_PASSWORD is not set" in lost
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 10
    for secret in (PASSWORD, "wr0ng-one"):
        assert secret not in told + lost
        assert [path for path in kept if secret.encode() in path.read_bytes()] == []
    assert any(b"${DATABASE_PASSWORD}" in path.read_bytes() for path in kept)
