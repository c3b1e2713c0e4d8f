import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from forecast.production.store.manifest import (
    FileMark,
    draft_manifest,
    is_safe_filename,
    is_version_id,
    read_manifest,
    seal_manifest,
    utc,
)

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
FILES = {"weights.npz": b"weights", "plots/forecast.png": b"png"}


def sealed(about=None, number=3, now=NOW, taken=()):
    draft = draft_manifest(about or {"spec": {"units": 50}}, FILES, now, champion=True)
    return seal_manifest(draft, number, lambda version_id: version_id in taken)


def read(data, version_id):
    return read_manifest(data, version_id, KeyError)


def resealed(change):
    """Returns a manifest that a forger changed and sealed anew."""
    manifest = json.loads(sealed()[1])
    del manifest["id"]
    change(manifest)
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    version_id = f"20260102T031500Z-{digest[:8]}"
    return json.dumps({**manifest, "id": version_id}).encode(), version_id


def test_a_manifest_comes_back_with_checksums_that_hashlib_confirms():
    version_id, data = sealed({"spec": {"units": (50, 50), "rate": 1e-3}})
    manifest, document = read(data, version_id)
    assert document["spec"] == {"units": [50, 50], "rate": 0.001}
    assert (manifest.number, manifest.published_as) == (3, "champion")
    assert manifest.created == "2026-01-02T03:15:00+00:00"
    for name, content in FILES.items():
        assert manifest.files[name] == FileMark(hashlib.sha256(content).hexdigest(), len(content))


def test_what_a_manifest_does_not_tell_is_damage_to_who_asks_for_it_and_to_nobody_else():
    version_id, data = sealed({"data": {"source": "sales.csv", "of a newer program": 1}})
    manifest, _ = read(data, version_id)
    assert (manifest.data.source, manifest.data.header, manifest.data.get("rows")) == ("sales.csv", (), None)
    assert (manifest.get("model"), manifest.retrain, manifest.naive_season) == (None, None, None)
    for ask in (lambda: manifest.model, lambda: manifest.data.rows):
        with pytest.raises(KeyError):
            ask()
    with pytest.raises(AttributeError):
        manifest.no_field  # noqa: B018 - asking is the test


def test_the_id_is_the_time_in_utc_and_a_digest_of_the_content():
    version_id, _ = sealed()
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    assert version_id.startswith("20260102T031500Z-")
    assert is_version_id(version_id)
    assert sealed(now=local)[0] == version_id
    assert sealed(number=4)[0] != version_id
    assert sealed({"spec": {"units": 51}})[0] != version_id


def test_an_id_that_is_taken_gets_another_digit():
    short, _ = sealed()
    longer, data = sealed(taken={short})
    assert longer.startswith(short)
    assert len(longer) == len(short) + 1
    assert read(data, longer)[0].id == longer


def test_a_change_of_any_byte_of_a_manifest_is_noticed():
    version_id, data = sealed()
    meaning = json.loads(data)
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            assert read(changed, version_id)[1] == meaning  # a blank became another blank
        except ValueError:
            continue
        assert data[place : place + 1].isspace()


def test_a_manifest_cut_off_anywhere_is_refused():
    version_id, data = sealed()
    for length in range(len(data) - 1):  # the last byte is the newline
        with pytest.raises(ValueError, match=r"cut off|no schema"):
            read(data[:length], version_id)


def test_a_manifest_in_the_folder_of_another_version_is_refused():
    _, data = sealed()
    with pytest.raises(ValueError, match="belongs to another version"):
        read(data, "20260102T031500Z-00000000")


@pytest.mark.parametrize("name", ["../weights", "/etc/passwd", "a/../b", "a/b/c", ".hidden", "", "a\\b", "a\nb"])
def test_file_names_that_lead_out_of_the_version_are_refused_in_and_out(name):
    assert not is_safe_filename(name)
    with pytest.raises(ValueError, match="not a file name inside a version"):
        draft_manifest({}, {name: b""}, NOW, champion=True)
    forged, version_id = resealed(lambda manifest: manifest["files"].update({name: {"sha256": "0" * 64, "size": 1}}))
    with pytest.raises(ValueError, match="no safe list of files"):
        read(forged, version_id)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"sha256": "0" * 64, "size": -1},
        {"sha256": "0" * 64, "size": 1.5},
        {"sha256": "x", "size": 1},
    ],
)
def test_a_forged_entry_of_a_file_is_refused(entry):
    forged, version_id = resealed(lambda manifest: manifest["files"].update({"weights.npz": entry}))
    with pytest.raises(ValueError, match="no safe list of files"):
        read(forged, version_id)


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("number", 0, "no version number"),
        ("number", True, "no version number"),
        ("number", "3", "no version number"),
        ("created", "yesterday", "no time of creation"),
        ("created", "2026-01-02T03:15:00", "no time of creation"),
        ("created", 7, "no time of creation"),
        ("files", [], "no safe list of files"),
        ("files", None, "no safe list of files"),
        ("data", {"rows": "3"}, r"makes no sense: data\.rows is '3', not a whole number"),
        ("data", None, "makes no sense: data is None, not an object"),
        ("naive_season", None, "makes no sense: naive_season is None, not a whole number"),
    ],
)
def test_a_forged_field_of_a_manifest_is_refused(key, value, match):
    forged, version_id = resealed(lambda manifest: manifest.update({key: value}))
    with pytest.raises(ValueError, match=match):
        read(forged, version_id)


def test_the_stores_own_keys_are_not_the_callers():
    with pytest.raises(ValueError, match="itself writes files, number into"):
        draft_manifest({"number": 1, "files": {}, "spec": {}}, FILES, NOW, champion=True)


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        utc(datetime(2026, 1, 2))


@pytest.mark.parametrize("text", ["", "..", "20260102T031500Z-4F2A91C0", "20260102T031500Z-4f2a91c", "x/20260102", 3])
def test_what_is_no_version_id_is_not_taken_for_one(text):
    assert not is_version_id(text)
