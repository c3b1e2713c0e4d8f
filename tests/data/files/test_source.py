import errno
import gzip
import hashlib
import io
import os
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from forecast.data.files import source as source_room
from forecast.data.files.intake import LONGEST_LINE
from forecast.data.files.source import read_source
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


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("<!DOCTYPE html>\n<html>\n<body></body></html>\n", "a web page", "a download that needs a login"),
        ("\n<table><tr><td>1</td></tr></table>", "a web page", "save the table as CSV"),
        ('<?xml version="1.0"?>\n<rows/>\n', "XML", "save its rows as CSV"),
        ('{"data": [{"date": "2024-01-01"}]}', "JSON", "save its rows as CSV"),
    ],
)
def test_pages_and_documents_are_called_what_they_are(tmp_path, text, message, hint):
    with pytest.raises(DataError, match=f"x.csv is {message}.*, not a table") as refused:
        read_source(written(tmp_path, "x.csv", text.encode()))
    assert hint in refused.value.hint


@pytest.mark.parametrize("text", ['[{"date": "2024-01-01", "v": 1}]', '{"date": "2024-01-01", "v": 1}\n' * 2])
def test_json_is_turned_into_a_table_as_the_hint_says(tmp_path, monkeypatch, text):
    with pytest.raises(DataError, match=r"x.json is JSON, not a table") as refused:
        read_source(written(tmp_path, "x.json", text.encode()))
    monkeypatch.chdir(tmp_path)
    exec(shlex.split(refused.value.hint)[2].removesuffix(";"))
    assert (tmp_path / "table.csv").read_text().startswith("date,v\n2024-01-01,1\n")


def test_names_in_angle_brackets_are_no_page(tmp_path):
    assert read_source(written(tmp_path, "x.csv", b"<DATE>,<CLOSE>\n20240101,1\n")).name == "x.csv"


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
    with pytest.raises(NotFoundError, match=r"There is no file slaes.csv in .* Did you mean 'sales.csv'\?"):
        read_source(tmp_path / "slaes.csv")
    with pytest.raises(NotFoundError, match=r"There is no file x.csv"):
        read_source(tmp_path / "nowhere" / "x.csv")


def test_a_directory_names_a_file_in_it(tmp_path):
    written(tmp_path, "sales.csv", b"x")
    with pytest.raises(DataError, match="is a directory") as error:
        read_source(tmp_path)
    assert "/sales.csv" in error.value.hint


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(errno.EACCES, "Permission denied")

    path = written(tmp_path, "sales.csv", TEXT.encode())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"sales.csv can't be read: Permission denied") as error:
        read_source(path)
    assert error.value.hint.startswith("ls -l")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(TEXT.encode() * 99, mtime=0)[:60], "damaged or cut-off gzip"),
        (b"PK\x03\x04 workbook", "a damaged or cut-off workbook or archive"),
        (b"date,value\n\0\0\n", "holds zero bytes"),
        (b"\xff\xfed", "not readable text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, message):
    with pytest.raises(DataError, match=f"sales.csv .*{message}"):
        read_source(written(tmp_path, "sales.csv", data))


def test_a_path_that_is_no_text_is_refused_since_nothing_could_name_it_again(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    written(folder, "sales.csv", TEXT.encode())
    with pytest.raises(DataError, match=r"^sales.csv can't be named again") as error:
        read_source(folder / "sales.csv")
    assert "standard input" in error.value.hint
    with pytest.raises(DataError, match="can't be named again"):
        read_source(written(tmp_path, os.fsdecode(b"s\xff.csv"), TEXT.encode()))


def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is a pipe or a device, not a file") as error:
        read_source(tmp_path / "pipe")
    assert error.value.hint == f"read it as standard input: - in place of the file, and < {tmp_path}/pipe at the end"
    with pytest.raises(DataError, match="null is a pipe or a device"):
        read_source("/dev/null")


@pytest.mark.parametrize("change", ["grown", "written to"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    path = written(tmp_path, "sales.csv", TEXT.encode())
    now = path.stat()
    more, later = (13, 0) if change == "grown" else (0, 1)
    then = SimpleNamespace(st_mode=now.st_mode, st_size=now.st_size + more, st_mtime_ns=now.st_mtime_ns + later)
    looks = iter([now, then])
    monkeypatch.setattr(source_room, "os", SimpleNamespace(fstat=lambda _: next(looks), pread=os.pread))
    with pytest.raises(DataError, match=r"sales.csv was changed by another program while it was read") as error:
        read_source(path)
    assert error.value.hint.startswith("try again, or read a copy: cp")


def test_a_line_without_an_end_is_refused_before_all_of_it_is_read(tmp_path):
    path = written(tmp_path, "sales.csv", b"date,value,")
    with path.open("ab") as file:
        file.write(b"7" * LONGEST_LINE)
        file.truncate(4 << 30)  # a hole: reading all of it would take seconds and 4 GB
    with pytest.raises(DataError, match=r"sales.csv has a row longer than 8 MB") as error:
        read_source(path)
    assert "a quote that is never closed" in error.value.hint


def test_a_path_that_can_not_be_one_is_refused():
    with pytest.raises(DataError, match=r"can't be read: .*null"):
        read_source("a\0b.csv")


@pytest.mark.slow
def test_long_text_that_is_not_ascii_keeps_its_encoding(tmp_path):
    text = "date,Verkäufe\n" + "2024-01-01,1\n" * 700_000
    assert read_source(written(tmp_path, "a.csv", text.encode())).encoding == "UTF-8"
    assert read_source(written(tmp_path, "b.csv", text.encode("cp1252"))).encoding == "Windows-1252"
