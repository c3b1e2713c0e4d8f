from datetime import UTC, datetime

import pytest

from forecast.production.backup.verification import verify
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path):
    shop = Store(tmp_path).model("shop")
    for content in (b"old", b"weights"):
        shop.publish({"weights.npz": content}, {"spec": {}}, NOW, champion=True)
    shop.issue(b"series_id\n", shop.champion(), NOW)
    shop.record({"command": "train"})
    return shop


def test_every_byte_is_read(shop):
    found = verify(shop)
    assert (found.versions, found.files, found.problems) == (2, 3, ())
    assert found.size == len(b"old" + b"weights" + b"series_id\n")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda shop: (shop.versions()[0].folder / "weights.npz").write_bytes(b"odd"), "weights.npz differs"),
        (lambda shop: (shop.versions()[0].folder / "weights.npz").unlink(), "weights.npz is missing"),
        (lambda shop: (shop.versions()[0].folder / "manifest.json").write_bytes(b"{}"), "manifest.json has no schema"),
        (lambda shop: (shop.folder / "champion").write_bytes(b"{}"), "the champion file has no schema"),
        (lambda shop: next((shop.folder / "issued").iterdir()).write_bytes(b"x"), "is cut off or was changed"),
        (lambda shop: (shop.folder / "history.jsonl").write_bytes(b"{}\nodd\n[1]\n{}\n{torn"), "2 lines can't be read"),
    ],
)
def test_one_changed_byte_anywhere_is_found(shop, damage, problem):
    damage(shop)
    [found] = verify(shop).problems
    assert problem in found
