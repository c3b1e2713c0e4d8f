"""How long does a large table take to be read from PostgreSQL, SQLite and DuckDB, and how much memory?

    python benchmarks/databases.py --rows 5000000

Each database is made anew in a folder of its own; PostgreSQL's server is started for it, as the tests do. What is
measured is `read_database` in a process of its own: its seconds, how far its memory grew, and the size of the result.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
SERIES = 2000
COLUMNS = (
    "(timestamp '2020-01-01' + (i / {s}) * interval '1 hour') as at, 's' || (i % {s}) as store, "
    "round((100 + 20 * sin(i))::numeric, 2) as sold"
)


def peak():
    """Returns the most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(address):
    """Prints what reading a table took, as JSON: for a process of its own."""
    from forecast.data.files.remote.database import driver_of, read_database
    from forecast.data.files.remote.place import place_of

    driver_of(place_of(address, os.environ).kind)
    before, began = peak(), time.perf_counter()
    found = read_database(address)
    seconds = time.perf_counter() - began
    print(json.dumps({"rows": found.rows, "seconds": seconds, "grown": peak() - before, "size": len(found.data)}))


def in_sqlite(folder, rows):
    """Returns the address of a table of so many rows."""
    import sqlite3

    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table sales (at text, store text, sold real)")
        connection.execute(
            "with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?) insert into sales "
            f"select datetime('2020-01-01', '+' || (i / {SERIES}) || ' hours'), 's' || (i % {SERIES}), "
            "round(100 + 20 * sin(i), 2) from n",
            (rows,),
        )
    return f"sqlite:///{path}"


def in_duckdb(folder, rows):
    """Returns the address of a table of so many rows."""
    import duckdb

    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        columns = COLUMNS.format(s=SERIES).replace("i / ", "i // ")
        connection.execute(f"create table sales as select {columns} from range({rows}) t(i)")
    return f"duckdb:///{path}"


def in_postgresql(folder, rows):
    """Returns the address of a table of so many rows, and its server."""
    del folder
    sys.path.insert(0, str(ROOT / "tests/helpers"))
    from postgres_server import PASSWORD, PostgresServer

    server = PostgresServer()
    server.run(f"create table sales as select {COLUMNS.format(s=SERIES)} from generate_series(0, {rows - 1}) i")
    return server.address("sales", password=PASSWORD), server


def main():
    """Prints a line of a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--of", default="postgresql,sqlite,duckdb", help="which databases")
    parser.add_argument("--measure", help="internal: an address")
    given = parser.parse_args()
    if given.measure:
        measured(given.measure)
        return
    print("| database | rows | seconds | memory grown, MB | result, MB |\n|---|---|---|---|---|")
    for kind in given.of.split(","):
        with TemporaryDirectory() as folder:
            made = {"postgresql": in_postgresql, "sqlite": in_sqlite, "duckdb": in_duckdb}[kind](
                Path(folder), given.rows
            )
            address, server = made if isinstance(made, tuple) else (made, None)
            try:
                command = [sys.executable, __file__, "--measure", address]
                took = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            finally:
                if server is not None:
                    server.remove()
            sizes = f"{took['grown'] / 2**20:,.0f} | {took['size'] / 2**20:,.1f}"
            print(f"| {kind} | {took['rows']:,} | {took['seconds']:.1f} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
