"""Objects of a real S3 server on loopback (moto's), and files of a web server: read as a file here is."""

import base64
import gzip
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import forecast
from commands import run
from forecast.cli import main
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, DependencyError, NotFoundError, UsageError
from postgres_server import free_port

pytestmark = pytest.mark.slow
DAYS = [f"2024-01-{day:02}" for day in range(1, 29)]
TEXT = "day,store,sold\n" + "".join(f"{day},s{i},{j + i}\n" for i in range(2) for j, day in enumerate(DAYS))
KEYS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "s3cret-key", "AWS_DEFAULT_REGION": "us-east-1"}


def part(i):
    rows = {"day": DAYS, "store": [f"s{i}"] * 28, "sold": [float(j + i) for j in range(28)]}
    buffer = io.BytesIO()
    pq.write_table(pa.table(rows), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def bucket():
    """The address of a server, in whose bucket the sales lie in several forms."""
    pytest.importorskip("moto.server")
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("s3fs")
    port = free_port()
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            told = []
            while not told or "Running on" not in told[-1]:
                told.append(server.stdout.readline())
                assert told[-1], told
            threading.Thread(target=server.stdout.read, daemon=True).start()
            url = f"http://127.0.0.1:{port}"
            key = {"key": KEYS["AWS_ACCESS_KEY_ID"], "secret": KEYS["AWS_SECRET_ACCESS_KEY"]}
            system = fsspec.filesystem("s3", endpoint_url=url, skip_instance_cache=True, **key)
            system.mkdir("shop")
            system.pipe("shop/a/sales.csv", TEXT.encode())
            system.pipe("shop/a/sales.csv.gz", gzip.compress(TEXT.encode()))
            for i in range(2):
                system.pipe(f"shop/panel/store=s{i}/part.parquet", part(i))
            system.pipe("shop/panel/_SUCCESS", b"")
            yield url, system.sign("shop/a/sales.csv")
        finally:
            server.kill()


@pytest.fixture
def s3(bucket, monkeypatch):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": bucket[0]}.items():
        monkeypatch.setenv(name, value)
    return "s3://shop"


@pytest.fixture
def local(tmp_path):
    (tmp_path / "sales.csv").write_text(TEXT)
    return read_panel(tmp_path / "sales.csv")


@pytest.mark.parametrize("key", ["a/sales.csv", "a/sales.csv.gz", "panel", "panel/", "panel/store=s1/part.parquet"])
def test_object_is_the_panel_of_the_file(key, s3, local):
    reading = read_panel(f"{s3}/{key}")
    own = local.panel if "part" not in key else local.panel.select([1])
    assert (reading.panel.values == own.values).all()
    assert reading.rows == own.values.size
    assert reading.path is None
    assert reading.source == f"{s3}/{key}"


@pytest.mark.parametrize("address", ["s3://shop/none.csv", "s3://nowhere/sales.csv", "s3://shop/none"])
def test_object_that_is_not_there_is_said(address, s3):
    with pytest.raises(NotFoundError, match=f"There is no {address}"):
        read_panel(address)


def test_keys_that_are_missing_are_said(bucket, monkeypatch, tmp_path):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket[0])
    with pytest.raises(DataError, match=r"There are no keys to read s3://shop/a/sales.csv with|may not be read"):
        read_panel("s3://shop/a/sales.csv")


def test_signed_address_is_read_and_its_signature_is_never_shown(bucket, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    signature = bucket[1].partition("Signature=")[2].partition("&")[0]
    assert len(signature) > 10
    with pytest.raises(SystemExit) as stop:
        main(["train", bucket[1], "--model", "smoothing", "--plots", "none", "--name", "shop"])
    told = "".join(capfd.readouterr())
    assert not stop.value.code, told
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert signature not in told
    assert [path for path in kept if signature.encode() in path.read_bytes()] == []
    assert any(b"SIGNATURE}" in path.read_bytes() for path in kept)


@pytest.mark.parametrize(
    ("address", "package"), [("gs://b/x.csv", "gcsfs"), ("az://c/x.csv", "adlfs"), ("abfs://c/x.csv", "adlfs")]
)
def test_library_that_is_missing_is_said_with_the_command_that_installs_it(address, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DependencyError, match=f"needs {package}, which is not installed") as error:
        read_panel(address)
    assert error.value.hint.startswith(f"pip install '{package}>=")


def test_query_is_no_question_to_an_object(s3, local):
    assert read_panel(f"{s3}/a/sales.csv", ReadOptions(query="select 1")).rows == local.rows  # of a model's database
    with pytest.raises(UsageError, match="has no sheets"):
        read_panel(f"{s3}/a/sales.csv", ReadOptions(sheet="1"))


@pytest.fixture(scope="module")
def shop(bucket, tmp_path_factory):
    """A folder with a model of the sales, its shards beside it; both lie in the bucket too."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "sales.csv").write_text(TEXT)
    quick = ("--model", "smoothing", "--plots", "none", "--horizon", "5", "--name", "shop", "-q")
    for words in (("shard", "sales.csv", "panel", "--shards", "5", "-q"), ("train", "sales.csv", *quick)):
        assert run(*words, folder=folder).code == 0
    key = {"key": KEYS["AWS_ACCESS_KEY_ID"], "secret": KEYS["AWS_SECRET_ACCESS_KEY"]}
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("s3", endpoint_url=bucket[0], skip_instance_cache=True, **key)
    system.put(f"{folder}/panel", "shop/shards", recursive=True)
    system.put(f"{folder}/.forecast", "shop/store", recursive=True)
    return folder, system


def test_shards_in_a_bucket_are_forecast_to_the_bytes_of_those_here(shop, s3, tmp_path):
    folder, _ = shop
    more = ("--workers", "2")
    for data, to in (("panel", "here"), (f"{s3}/shards/", "there")):
        done = run("predict", "shop", "--data", data, "-o", str(tmp_path / to), *more, folder=folder)
        assert done.code == 0, done.err
    names = sorted(path.name for path in (tmp_path / "here").glob("*.parquet"))
    assert len(names) == 2
    for name in names:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_folder_of_shards_in_a_bucket_is_data_to_every_command(shop, s3, tmp_path):
    folder, _ = shop
    quick = ("--model", "smoothing", "--plots", "none", "--horizon", "5", "-q")
    address = f"{s3}/shards"
    for words in (
        ("check", address),
        ("train", address, *quick, "--name", "far"),
        ("retrain", "far"),
        ("shard", address, str(tmp_path / "again"), "--shards", "5"),
        ("shard", f"{s3}/a/sales.csv", str(tmp_path / "cut"), "--shards", "5"),
    ):
        done = run(*words, folder=folder)
        assert done.code == 0, (words, done.err)
    for path in (folder / "panel").glob("*.parquet"):
        for again in ("again", "cut"):
            assert path.read_bytes() == (tmp_path / again / path.name).read_bytes()
    here, there = (run("predict", name, "-q", "--format", "csv", folder=folder).out for name in ("shop", "far"))
    assert here.replace(",shop,", ",far,") == there


def test_store_in_a_bucket_forecasts_as_the_one_here_and_is_not_written(shop, s3, tmp_path, monkeypatch):
    folder, system = shop
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = {name: about["ETag"] for name, about in system.find("shop/store", detail=True).items()}
    far = ("--store", f"{s3}/store")
    here, there = (run("predict", "shop", "-q", *more, folder=folder) for more in ((), far))
    assert here.out == there.out
    for words in (("models", "list"), ("models", "show", "shop"), ("status",)):
        done = run(*words, *far, folder=folder)
        assert done.code == 0, done.err
        assert "from a copy that is only read: 1 file fetched" in " ".join(done.err.split())
    assert forecast.load("shop", store=f"{s3}/store").predict() is not None
    assert run("retrain", "shop", *far, folder=folder).code == 2
    assert {name: about["ETag"] for name, about in system.find("shop/store", detail=True).items()} == before


@pytest.fixture
def emulator(tmp_path):
    """Starts a server of objects on loopback, and ends it."""
    with ExitStack() as stack:

        def start(words):
            server = stack.enter_context(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            stack.callback(server.kill)
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", int(words[-1])), 1):
                    return
                threading.Event().wait(0.1)
            pytest.fail("the server did not begin")

        yield start


def check_cloud(system, scheme, folder, tmp_path, monkeypatch):
    """A file, a folder of shards and a store are the same there as here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for below, to in (("panel", "shop/panel"), (".forecast/models", "shop/store/models")):
        for path in (folder / below).rglob("*"):
            if path.is_file() and path.stat().st_size:  # not the locks
                system.pipe(f"{to}/{path.relative_to(folder / below)}", path.read_bytes())
    system.pipe("shop/a/sales.csv", TEXT.encode())
    here, there = (read_panel(place).panel for place in (folder / "sales.csv", f"{scheme}://shop/a/sales.csv"))
    assert (here.values == there.values).all()
    with pytest.raises(NotFoundError):
        read_panel(f"{scheme}://shop/a/none.csv")
    for data, to in (("panel", "here"), (f"{scheme}://shop/panel/", "there")):
        done = run("predict", "shop", "--data", data, "-o", str(tmp_path / to), folder=folder)
        assert done.code == 0, done.err
    for path in (tmp_path / "here").glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes()
    far = ("--store", f"{scheme}://shop/store")
    own, other = (run("predict", "shop", "-q", *more, folder=folder) for more in ((), far))
    assert own.out == other.out


def test_google_s_objects_are_read_from_a_server_of_them(shop, emulator, tmp_path, monkeypatch):
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # it would ask for a layout that this server lacks
    gcsfs = pytest.importorskip("gcsfs", reason="gcsfs is not installed: pip install gcsfs gcp-storage-emulator")
    program = shutil.which("gcp-storage-emulator") or Path(sys.executable).with_name("gcp-storage-emulator")
    if not Path(program).is_file():
        pytest.skip("gcp-storage-emulator is not installed")
    port = str(free_port())
    emulator([str(program), "start", "--host=127.0.0.1", "--in-memory", "--port", port])
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    system = gcsfs.GCSFileSystem(token="anon", project="p", endpoint_url=f"http://127.0.0.1:{port}")
    system.mkdir("shop")
    check_cloud(system, "gs", shop[0], tmp_path, monkeypatch)


def test_azure_s_objects_are_read_from_a_server_of_them(shop, emulator, tmp_path, monkeypatch):
    adlfs = pytest.importorskip("adlfs", reason="adlfs is not installed: pip install adlfs; npm install azurite")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite is not installed: npm install azurite")
    port, key = str(free_port()), base64.b64encode(b"a key of a test alone").decode()
    monkeypatch.setenv("AZURITE_ACCOUNTS", f"tester:{key}")
    emulator([program, "--inMemoryPersistence", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", port])
    place = f"AccountName=tester;AccountKey={key};BlobEndpoint=http://127.0.0.1:{port}/tester"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"DefaultEndpointsProtocol=http;{place};")
    system = adlfs.AzureBlobFileSystem(connection_string=os.environ["AZURE_STORAGE_CONNECTION_STRING"])
    system.mkdir("shop")
    check_cloud(system, "az", shop[0], tmp_path, monkeypatch)


class Page(BaseHTTPRequestHandler):
    """Answers by the path: a table, a locked one, one that breaks off, or an error."""

    def do_GET(self):
        body, code = TEXT.encode(), 200
        if self.path.startswith("/locked") and self.headers.get("Authorization") != "Basic YW5uOnMzY3JldA==":
            body, code = b"no", 401
        elif self.path.startswith("/none"):
            code = 404
        elif self.path.startswith("/broken"):
            code = 500
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) + (99 if self.path.startswith("/cut") else 0)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_page_of_a_web_server_is_the_panel_of_the_file(web, local, monkeypatch):
    monkeypatch.setenv("SHOP_PW", "s3cret")
    for address in (f"http://{web}/sales.csv", f"http://ann:${{SHOP_PW}}@{web}/locked.csv"):
        assert (read_panel(address).panel.values == local.panel.values).all()


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("none.csv", NotFoundError, "There is no http"),
        ("locked.csv", DataError, "may not be read without other credentials"),
        ("broken.csv", DataError, "the server says 500"),
        ("cut.csv", DataError, "can't be reached|breaks off"),
    ],
)
def test_page_that_can_not_be_read_is_said(path, error, message, web):
    with pytest.raises(error, match=message):
        read_panel(f"http://{web}/{path}")


def test_web_server_that_is_not_there_is_said():
    with pytest.raises(DataError, match="can't be reached"):
        read_panel(f"http://127.0.0.1:{free_port()}/sales.csv")
