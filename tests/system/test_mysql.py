"""A real MariaDB, where one is installed: what is read of it and written into it."""

import io
import os
import shutil
import socket
import subprocess

import pyarrow.parquet as pq
import pytest

from forecast.data.files.remote.database import read_database
from forecast.data.files.remote.forecast_table import holds_forecast, write_forecasts
from forecast.errors import DataError, LockedError, NotFoundError, UsageError
from forecast.report.tables import forecast_columns
from postgres_server import free_port

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
PROGRAMS = [shutil.which(name, path=PATH) for name in ("mariadbd", "mariadb-install-db")]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(None in PROGRAMS, reason="MariaDB is not installed: apt-get install mariadb-server"),
]
WIDE = "12345678901234567890123456789012345678"
SALES = f"""create table sales as select date '2024-01-01' + interval seq day as day, {WIDE} + 0 as id,
cast(seq * 1.25 as decimal(20, 10)) as price, seq as whole, nullif(seq, 2) as gap, 'é' as words from seq_0_to_40"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pymysql = pytest.importorskip("pymysql")
    folder, port = tmp_path_factory.mktemp("mariadb"), free_port()
    data, own = folder / "data", ["--user=root"] if not os.geteuid() else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    made = [PROGRAMS[1], "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *own]
    subprocess.run(made, check=True, **quiet)
    run = [PROGRAMS[0], "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", *own]
    with subprocess.Popen([*run, f"--socket=/tmp/forecast-{port}.sock"], **quiet) as process:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    probe.settimeout(0.1)
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                    assert process.poll() is None
                    process_wait(process)
            connection = pymysql.connect(unix_socket=f"/tmp/forecast-{port}.sock", user="root", autocommit=True)
            cursor = connection.cursor()
            for statement in ("create database shop", "create user ann@localhost identified by 'annpw'",
                              "grant all on shop.* to ann@localhost", "use shop", SALES):  # fmt: skip
                cursor.execute(statement)
            yield f"mysql://ann@127.0.0.1:{port}/shop", cursor
            connection.close()
        finally:
            process.terminate()


def process_wait(process):
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("MYSQL_PWD", "annpw")


def rows(value):
    return [("n", f"2024-01-{d:02}", d, value, 1, 2, 0, 3, "gru", "v1", "2023-12-31") for d in range(1, 11)]


def test_columns_have_the_types_of_the_database(server):
    table = pq.read_table(io.BytesIO(read_database(f"{server[0]}#sales").data))
    kinds = {
        "day": "date32[day]",
        "id": "string",
        "price": "double",
        "whole": "int64",
        "gap": "int64",
        "words": "string",
    }
    assert {field.name: str(field.type) for field in table.schema} == kinds
    assert table.slice(2, 1).to_pylist()[0]["id"] == WIDE
    assert table.slice(2, 1).to_pylist()[0]["gap"] is None


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        *((query, UsageError, "can't run the query") for query in (
            "drop table sales", "delete from sales", "/*!50000 drop table sales */", "select 1; drop table sales",
            "with x as (select 1) delete from sales", "select 1 into outfile '/tmp/x'", "commit")),
        ("select * from nope", NotFoundError, "nope' doesn't exist"),
        ("select * from sales where whole > 99", DataError, "returns no rows"),
    ],
)  # fmt: skip
def test_query_that_does_not_read_is_refused_and_changes_nothing(query, error, message, server):
    with pytest.raises(error, match=message):
        read_database(server[0], query)
    server[1].execute("select count(*) from sales")
    assert server[1].fetchall() == ((41,),)


def test_wrong_password_and_table_are_said(server, monkeypatch):
    with pytest.raises(NotFoundError, match="Did you mean 'sales'"):
        read_database(f"{server[0]}#sale")
    monkeypatch.setenv("MYSQL_PWD", "wr0ng")
    with pytest.raises(DataError, match="the password is wrong"):
        read_database(f"{server[0]}#sales")


def test_forecasts_replace_those_before_and_wait_for_no_lock(server, monkeypatch):
    monkeypatch.setattr("forecast.data.files.remote.mysql.WAIT", 1)
    write_forecasts(f"{server[0]}#issued", "shop", forecast_columns(), rows(1.5), create=True)
    write_forecasts(f"{server[0]}#issued", "shop", forecast_columns(), rows(9.0)[:4])
    server[1].execute("lock tables issued write")
    with pytest.raises(LockedError, match="None of the 10 forecasts was written"):
        write_forecasts(f"{server[0]}#issued", "shop", forecast_columns(), rows(5.0))
    server[1].execute("unlock tables")
    server[1].execute("select forecast, count(*) from issued group by 1 order by 1")
    assert server[1].fetchall() == ((1.5, 6), (9.0, 4))
    assert [holds_forecast(f"{server[0]}#issued", "shop", version) for version in ("v1", "v2")] == [True, False]
