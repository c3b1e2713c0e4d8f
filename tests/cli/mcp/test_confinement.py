"""The folder of an assistant: every way out of it that a path may take is refused."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from commands import csv_bytes, visits
from forecast.cli.mcp.confinement import confinement_of
from forecast.errors import NotFoundError, UsageError

STORE = Path(".forecast")


@pytest.fixture
def where(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside / "deep", outside):
        folder.mkdir(parents=True)
        (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    (inside / "-n.csv").write_bytes(csv_bytes(visits()))
    (inside / "to_file.csv").symlink_to(outside / "visits.csv")
    (inside / "to_folder").symlink_to(outside)
    (inside / "chain.csv").symlink_to("to_file.csv")
    (inside / "home.csv").symlink_to("deep/visits.csv")
    os.mkfifo(inside / "pipe.csv")
    return confinement_of(inside, STORE)


@pytest.mark.parametrize(
    "path",
    [
        *("../outside/visits.csv", "deep/../../outside/visits.csv", "/etc/passwd", "to_file.csv", "chain.csv"),
        *("to_folder/visits.csv", "to_folder/../outside/visits.csv", "..", "/"),
    ],
)
def test_path_that_leads_out_is_refused(where, path):
    with pytest.raises(UsageError, match="data leads out of the folder"):
        where.file("data", path)


@pytest.mark.parametrize(
    "path", ["https://x.org/visits.csv", "postgresql://db/x", "file:///etc/passwd", "-", "a\nb", ""]
)
def test_what_is_no_path_is_refused(where, path):
    with pytest.raises((UsageError, NotFoundError)):
        where.file("data", path)


@pytest.mark.parametrize("path", ["nowhere.csv", "deep", "pipe.csv", "deep/visits.csv/x"])
def test_what_is_no_file_is_not_found(where, path):
    with pytest.raises(NotFoundError, match="There is no file"):
        where.file("data", path)


@pytest.mark.parametrize(
    ("path", "meant"),
    [("deep/visits.csv", "deep/visits.csv"), ("./deep/../deep/visits.csv", "deep/visits.csv"), ("-n.csv", "./-n.csv"),
     ("home.csv", "deep/visits.csv")],
)  # fmt: skip
def test_file_inside_is_named_without_links_and_is_no_flag(where, path, meant):
    assert where.file("data", path) == meant
    assert where.file("data", str(where.root / path)) == meant


@pytest.mark.parametrize("store", ["../store", "/tmp/store", "to_folder/store", "deep/../../x"])
def test_store_outside_is_refused(where, store):
    with pytest.raises(UsageError, match=r"The store .* lies outside of"):
        confinement_of(where.root, Path(store))


def test_folder_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="There is no folder"):
        confinement_of(tmp_path / "nowhere", STORE)


@pytest.mark.parametrize("place", ["forecasts", ".forecast", ".forecast/models", ".forecast/models/visits/champion"])
def test_place_to_write_to_that_became_a_way_out_is_refused(where, place):
    where.check_places()
    link = where.root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(where.root.parent / "outside")
    with pytest.raises(UsageError, match="leads out of the folder"):
        where.check_places()


def test_model_is_named_by_its_name_alone(shop):
    where = confinement_of(shop.folder, STORE)
    assert where.model(None) == where.model("visits") == "visits"
    for given in ("../visits", "visits.csv", "--json", "nobody", ""):
        with pytest.raises(NotFoundError, match="There is no model"):
            where.model(given)
    with pytest.raises(NotFoundError, match="There is no trained model yet"):
        replace(where, store=shop.folder / "empty").model(None)


def test_model_whose_own_data_lies_outside_is_not_read_again(shop, tmp_path):
    where = confinement_of(shop.folder, STORE)
    where.check_source("visits")
    with pytest.raises(UsageError, match="The data that visits was trained on lies outside"):
        replace(where, root=tmp_path).check_source("visits")  # the same store, seen from another folder
