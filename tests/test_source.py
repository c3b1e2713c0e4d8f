import errno
import gzip
import hashlib
import io
import sys
from pathlib import Path

import pytest

from forecast.data.source import read_source
from forecast.errors import DataError, NotFoundError

TEXT = "date,value\n2024-01-01,1\n"


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def test_plain_and_gzipped_bytes_read_alike_but_keep_their_own_fingerprint(tmp_path):
    plain = read_source(written(tmp_path, "sales.csv", TEXT.encode()))
    packed_bytes = gzip.compress(TEXT.encode())
    packed = read_source(written(tmp_path, "sales.csv.gz", packed_bytes))
    assert plain.data == packed.data == TEXT.encode()
    assert (plain.stem, packed.stem) == ("sales", "sales")
    assert (plain.name, packed.name) == ("sales.csv", "sales.csv.gz")
    assert packed.fingerprint == hashlib.sha256(packed_bytes).hexdigest() != plain.fingerprint


def test_standard_input_is_called_so(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    source = read_source("-")
    assert (source.name, source.stem, source.path) == ("standard input", "stdin", None)
    assert source.data == TEXT.encode()


def test_a_relative_path_becomes_absolute(tmp_path, monkeypatch):
    written(tmp_path, "a.b.csv", TEXT.encode())
    monkeypatch.chdir(tmp_path)
    source = read_source("a.b.csv")
    assert source.path == tmp_path / "a.b.csv"
    assert source.stem == "a.b"


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_any_encoding_becomes_utf8_without_a_mark(tmp_path, codec, encoding):
    text = "date,Verkäufe\n2024-01-01,1\n"
    source = read_source(written(tmp_path, "x.csv", text.encode(codec)))
    assert source.data.decode() == text
    assert source.encoding == encoding


def test_a_missing_file_names_the_nearest(tmp_path):
    written(tmp_path, "sales.csv", b"x")
    with pytest.raises(NotFoundError, match=r"there is no file slaes.csv in .* Did you mean 'sales.csv'\?"):
        read_source(tmp_path / "slaes.csv")
    with pytest.raises(NotFoundError, match=r"there is no file x.csv"):
        read_source(tmp_path / "nowhere" / "x.csv")


def test_a_directory_names_a_file_in_it(tmp_path):
    written(tmp_path, "sales.csv", b"x")
    with pytest.raises(DataError, match="is a directory") as error:
        read_source(tmp_path)
    assert "/sales.csv" in error.value.hint


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"sales.csv can't be read: Permission denied") as error:
        read_source(tmp_path / "sales.csv")
    assert error.value.hint.startswith("ls -l")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(TEXT.encode() * 99)[:60], "damaged or cut-off gzip"),
        (b"PK\x03\x04 workbook", "a spreadsheet or an archive"),
        (b"date,value\n\0\0\n", "holds zero bytes"),
        (b"\xff\xfed", "not readable text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, message):
    with pytest.raises(DataError, match=f"sales.csv .*{message}"):
        read_source(written(tmp_path, "sales.csv", data))
