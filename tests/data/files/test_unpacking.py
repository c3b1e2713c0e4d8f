import bz2
import gzip
import hashlib
import io
import lzma
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from forecast.data.files import intake, unpacking
from forecast.data.files.header_peek import column_names
from forecast.data.files.intake import take
from forecast.data.files.source import read_source, stem_of_name
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError

TEXT = b"date,value\n" + b"".join(
    b"%s,%d\n" % (str(np.datetime64("2024-01-01") + i).encode(), i * 7919 % 10007) for i in range(2000)
)


def zstandard(data):
    return pa.compress(data, codec="zstd", asbytes=True)


def zipped(*members, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members or [("sales.csv", TEXT)]:
            file.writestr(name, data, **options)
    return buffer.getvalue()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("times", [1, 2])
def test_what_is_packed_is_unpacked_whole_however_many_parts_it_has(ending, times, monkeypatch):
    monkeypatch.setattr(unpacking, "PIECE", 1000)
    digest, packed = hashlib.sha256(), PACKERS[ending](TEXT) * times
    assert take(io.BytesIO(packed), "x", digest) == TEXT * times
    assert digest.hexdigest() == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("cut", [8, 500, -6])
def test_a_cut_off_file_is_damaged(ending, cut):
    with pytest.raises(DataError, match=r"x is a damaged or cut-off .* file"):
        take(io.BytesIO(PACKERS[ending](TEXT)[:cut]), "x")


@pytest.mark.parametrize("ending", PACKERS)
def test_a_spoiled_file_is_damaged(ending):
    packed = bytearray(PACKERS[ending](TEXT))
    packed[len(packed) // 2 :] = bytes(len(packed) // 2)
    with pytest.raises(DataError, match=r"x is a damaged or cut-off .* file"):
        take(io.BytesIO(packed), "x")


@pytest.mark.parametrize("ending", [*PACKERS, "zip"])
def test_a_bomb_is_refused_by_its_beginning(tmp_path, ending, monkeypatch):
    for room in (intake, unpacking):
        monkeypatch.setattr(room, "HARMLESS" if room is intake else "PIECE", 1 << 14)
    bomb = TEXT + TEXT[-12:] * (1 << 16)
    path = tmp_path / f"sales.csv.{ending}"
    path.write_bytes(zipped(("a.csv", bomb)) if ending == "zip" else PACKERS[ending](bomb))
    monkeypatch.setattr(intake, "BOMB", 20)
    with pytest.raises(DataError, match="unpacks to more than 20 times its size") as error:
        read_source(path)
    assert "unpack it" in error.value.hint


@pytest.mark.parametrize("ending", [*PACKERS, "zip"])
def test_a_packed_csv_is_the_same_panel(tmp_path, ending):
    path = tmp_path / f"sales.csv.{ending}"
    path.write_bytes(zipped() if ending == "zip" else PACKERS[ending](TEXT))
    (tmp_path / "sales.csv").write_bytes(TEXT)
    found, wanted = read_panel(path), read_panel(tmp_path / "sales.csv")
    np.testing.assert_array_equal(found.panel.values, wanted.panel.values)
    assert found.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (stem_of_name(path.name), column_names(path)) == ("sales", ("date", "value"))


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (zipped(("a.csv", TEXT), ("b.csv", TEXT)), "an archive of 2 files: a.csv, b.csv", "unzip sales.zip, and name"),
        (zipped(("folder/", b"")), "an archive with no file in it", "unzip -l sales.zip"),
        (zipped(("a.csv", b"")), "a.csv in sales.zip is empty", "it needs a header line"),
        (zipped(("a.zip", zipped())), "holds another archive, a.zip", "unzip sales.zip"),
        (
            zipped(("[Content_Types].xml", b"x"), ("word/document.xml", b"x")),
            "a document of Office, but not",
            "name the",
        ),
        (
            zipped(("Index/Document.iwa", b"x"), ("preview.jpg", b"x")),
            "a document of Apple's iWork",
            "in Numbers: File",
        ),
        (zipped()[:-30], "a damaged or cut-off workbook or archive", "unzip -t sales.zip"),
        (
            zipped().replace(TEXT[:0] + b"\x00\x00\x08\x00", b"\x01\x00\x08\x00"),
            "protected by a password",
            "unzip sales.zip",
        ),
    ],
)
def test_an_archive_that_is_not_one_table_is_refused(tmp_path, data, message, hint):
    path = tmp_path / "sales.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as error:
        read_source(path)
    assert error.value.hint.startswith(hint)


def test_a_damaged_member_is_damage(tmp_path):
    data = bytearray(zipped())
    data[200:260] = bytes(60)
    (tmp_path / "sales.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"sales.zip is a damaged or cut-off zip archive"):
        read_source(tmp_path / "sales.zip")
