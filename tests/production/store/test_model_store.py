import errno
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import UPGRADE, DataError, LockedError, NotFoundError, UsageError
from forecast.production.store import version_list
from forecast.production.store.lock import RunMark
from forecast.production.store.model_store import MovedError
from forecast.production.store.retention import prunable_versions
from forecast.production.store.store import Store
from forecast.production.store.version import DamagedError
from forecast.widening import USUAL, Widening

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
WIDER = Widening(1.14, 80, 0.62, 56, 8, NOW.isoformat())


def publish(shop, champion=True, now=NOW, content=b"weights", instead_of=None):
    files = {"weights.npz": content, "plots/a.png": b"png"}
    return shop.publish(files, {"spec": {}}, now, champion=champion, instead_of=instead_of)


def break_weights(version):
    (version.folder / "weights.npz").write_bytes(b"broken!")


def write_newer_schema(path):
    path.write_bytes(json.dumps({**json.loads(path.read_bytes()), "schema_version": 2}).encode())


@pytest.fixture
def shop(tmp_path):
    return Store(tmp_path).model("shop")


# ── publish ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_versions_are_numbered_from_one_and_listed_oldest_first(shop):
    published = [publish(shop, now=NOW + timedelta(days=day)) for day in range(3)]
    assert [version.label for version in published] == ["v1", "v2", "v3"]
    assert shop.versions() == tuple(published)
    assert shop.champion() == published[-1]


def test_a_clock_that_jumped_back_changes_no_order(shop):
    days = (5, 0, 3, -400)
    for day in days:
        publish(shop, now=NOW + timedelta(days=day))
    assert [version.number for version in shop.versions()] == [1, 2, 3, 4]
    assert shop.champion().label == "v4"
    assert shop.rollback(None, NOW).label == "v3"


def test_a_candidate_leaves_the_champion_alone(shop):
    first = publish(shop)
    candidate = publish(shop, champion=False)
    assert shop.champion() == first
    assert shop.versions() == (first, candidate)
    assert candidate.manifest.published_as == "candidate"


def test_the_same_content_in_the_same_second_becomes_two_versions(shop):
    assert publish(shop).id != publish(shop).id
    assert len(shop.versions()) == 2


def test_the_same_run_gives_the_same_id_in_two_stores(tmp_path):
    ids = {publish(Store(tmp_path / place).model("shop")).id for place in ("here", "there")}
    assert len(ids) == 1


def test_an_id_that_a_broken_folder_occupies_is_not_used_again(tmp_path, shop):
    expected = publish(Store(tmp_path / "twin").model("shop")).id
    (shop.folder / "versions" / expected).mkdir(parents=True)
    published = publish(shop)
    assert published.id.startswith(expected)
    assert published.id != expected
    assert shop.version(published.id) == published
    with pytest.raises(DamagedError):
        shop.version(expected)


def test_a_number_is_never_given_out_twice(shop):
    for _ in range(2):
        publish(shop)
    lost = publish(shop, champion=False)
    (lost.folder / "manifest.json").write_bytes(b"")
    assert publish(shop).label == "v4"
    shop.prune(1)
    shutil.rmtree(publish(shop, champion=False).folder)
    assert publish(shop).label == "v6"


def test_a_wrong_argument_touches_nothing(shop, tmp_path):
    for files, about, now in [
        ({"../x": b""}, {}, NOW),
        ({}, {"id": "x"}, NOW),
        ({}, {"rmse": float("nan")}, NOW),
        ({}, {}, NOW.replace(tzinfo=None)),
    ]:
        with pytest.raises(ValueError, match=r"file name|itself writes|JSON|time zone"):
            shop.publish(files, about, now, champion=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_a_publication_that_fails_at_any_step_leaves_the_model_as_it_was(tmp_path, error):
    armed = {"at": 0, "count": 0}

    def on_step(step):
        armed["count"] += 1
        if armed["count"] == armed["at"]:
            raise error

    shop = Store(tmp_path, on_step).model("shop")
    first = publish(shop, content=b"old")
    armed["count"] = 0
    publish(shop, champion=False)
    before = (shop.folder / "champion").read_bytes(), shop.versions()
    armed["count"] = 0
    publish(shop, content=b"new")
    steps = armed["count"]
    shutil.rmtree(shop.champion().folder)
    (shop.folder / "champion").write_bytes(before[0])
    for at in range(1, steps):  # the last step syncs the folder after the champion moved
        armed.update(at=at, count=0)
        with pytest.raises((DataError, KeyboardInterrupt)):
            publish(shop, content=b"new")
        assert ((shop.folder / "champion").read_bytes(), shop.versions()) == before
        assert shop.champion() == first
        assert not list(shop.folder.rglob(".*"))
    armed.update(at=steps, count=0)
    with pytest.raises((DataError, KeyboardInterrupt)):
        publish(shop, content=b"new")
    assert shop.champion().read("weights.npz") == b"new"


# ── widen ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_width_of_the_champion_is_kept_until_another_is_in_use(shop):
    first = publish(shop)
    assert shop.widening() == USUAL
    shop.widen(first, WIDER)
    assert shop.with_widening(lambda version, widening: (version, widening)) == (first, WIDER)
    candidate = publish(shop, champion=False)
    shop.widen(candidate, Widening(2.0))  # it is not in use
    assert (shop.champion(), shop.widening()) == (first, WIDER)
    publish(shop)
    assert shop.widening() == USUAL
    shop.widen(shop.champion(), WIDER)
    shop.rollback(None, NOW)
    assert (shop.champion(), shop.widening()) == (first, USUAL)


def test_width_is_passed_on_in_the_one_write_that_moves_the_champion(shop):
    shop.widen(publish(shop), WIDER)
    shop.publish({"weights.npz": b"w"}, {}, NOW, champion=True, widening=WIDER)
    assert (shop.champion().label, shop.widening()) == ("v2", WIDER)


def test_width_that_is_as_it_was_is_not_written_again(shop):
    version = publish(shop)
    shop.widen(version, WIDER)
    before = (shop.folder / "champion").stat().st_ino
    shop.widen(version, WIDER)
    assert (shop.folder / "champion").stat().st_ino == before


def test_width_is_not_set_while_another_run_writes(shop):
    version = publish(shop)
    with Store(shop.folder.parents[1]).model("shop").lock(), pytest.raises(LockedError):
        shop.widen(version, WIDER)
    assert shop.widening() == USUAL


# ── champion ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_that_is_not_there_suggests_one_that_is(shop):
    publish(shop)
    shpo = Store(shop.folder.parent.parent).model("shpo")
    for use in (
        shpo.champion,
        lambda: shpo.version("v1"),
        lambda: shpo.promote("v1", NOW),
        lambda: shpo.rollback(None, NOW),
        lambda: shpo.prune(1),
    ):
        with pytest.raises(NotFoundError, match=r"There is no model 'shpo'\. Did you mean 'shop'") as caught:
            use()
        assert caught.value.hint == "forecast train DATA --name shpo"
    assert not shpo.folder.exists()


def test_a_model_without_champion_offers_its_newest_version(shop):
    publish(shop, champion=False)
    publish(shop, champion=False)
    with pytest.raises(NotFoundError, match="shop has no champion") as caught:
        shop.champion()
    assert caught.value.hint == "forecast models promote shop v2"
    assert shop.promote("v2", NOW) == shop.champion()


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:40]),
        lambda path: path.write_bytes(b'{"schema_version": 1, "champion": "../../../../etc"}'),
        lambda path: path.write_bytes(os.urandom(200)),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
    ],
    ids=["empty", "truncated", "forged", "random", "folder", "link"],
)
def test_a_damaged_champion_file_is_named_and_rollback_mends_it(shop, harm):
    publish(shop)
    second = publish(shop)
    publish(shop, champion=False)
    alias = shop.folder / "champion"
    harm(alias)
    with pytest.raises(DamagedError, match="shop champion is damaged: the champion file") as caught:
        shop.champion()
    assert caught.value.hint == "forecast models rollback shop"
    if alias.is_dir():
        with pytest.raises(DataError, match="a folder stands in the way of a file"):
            shop.rollback(None, NOW)
        alias.rmdir()
    assert shop.rollback(None, NOW) == second == shop.champion()


def test_a_candidate_published_beside_a_damaged_champion_file_does_not_hide_the_damage(shop):
    publish(shop)
    (shop.folder / "champion").write_bytes(b"")
    assert publish(shop, champion=False).label == "v2"
    with pytest.raises(DamagedError):
        shop.champion()


def test_a_champion_whose_version_is_gone_is_an_error_and_rollback_mends_it(shop):
    first = publish(shop)
    shutil.rmtree(publish(shop).folder)
    with pytest.raises(DamagedError, match=r"manifest\.json is missing"):
        shop.champion()
    assert shop.rollback(None, NOW) == first == shop.champion()


def test_a_reader_whose_champion_is_pruned_under_it_gets_the_new_one(shop):
    publish(shop, content=b"old")
    reads = []

    def load(version):
        if not reads:
            publish(shop, content=b"new")
            shop.prune(1)
        reads.append(version.label)
        return version.read("weights.npz")

    assert shop.with_champion(load) == b"new"
    assert reads == ["v1", "v2"]


# ── version ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_version_is_found_by_number_id_and_beginning_of_the_id(shop):
    first, second = publish(shop), publish(shop, now=NOW + timedelta(days=1))
    for label in ("v1", "1", first.id, first.id[:8], first.id[:-1]):
        assert shop.version(label) == first
    assert shop.version("v2") == second


@pytest.mark.parametrize(
    ("label", "match"),
    [
        ("v3", "shop has no version 'v3'"),
        ("", "no version ''"),
        ("v0", "no version"),
        ("20260102T031500Z-zz", "Did you"),
    ],
)
def test_an_unknown_version_is_not_found(shop, label, match):
    publish(shop)
    with pytest.raises(NotFoundError, match=match) as caught:
        shop.version(label)
    assert caught.value.hint == "forecast models show shop"


def test_a_beginning_that_two_ids_share_is_refused(shop):
    ids = [publish(shop).id, publish(shop).id]
    with pytest.raises(UsageError, match=rf"'20260102' can be any of {', '.join(ids)}"):
        shop.version("20260102")


def test_a_version_with_a_damaged_manifest_is_named_and_left_out_of_the_list(shop):
    first, second = publish(shop), publish(shop, now=NOW + timedelta(days=1))
    (first.folder / "manifest.json").write_bytes(b"{")
    assert shop.versions() == (second,)
    assert list(shop.damaged()) == [first.id]
    for label in (first.id, first.id[:8]):
        with pytest.raises(DamagedError, match=f"shop {first.id} is damaged"):
            shop.version(label)


def test_a_version_that_is_pruned_while_it_is_listed_is_not_called_damaged(shop, monkeypatch):
    first, second = publish(shop), publish(shop)
    real_load = version_list.load_version

    def load(name, folder):
        if folder == first.folder:
            shutil.rmtree(folder)
        return real_load(name, folder)

    monkeypatch.setattr(version_list, "load_version", load)
    assert shop.versions() == (second,)
    assert shop.damaged() == {}


def test_a_folder_that_is_no_version_is_not_listed(shop):
    first = publish(shop)
    (shop.folder / "versions" / "notes").mkdir()
    assert shop.versions() == (first,)
    assert shop.damaged() == {}


# ── promote, rollback ───────────────────────────────────────────────────────────────────────────────────────


def test_rollback_goes_back_one_champion_at_a_time(shop):
    for _ in range(3):
        publish(shop)
    publish(shop, champion=False)
    assert [shop.rollback(None, NOW).label for _ in range(2)] == ["v2", "v1"]
    with pytest.raises(NotFoundError, match="no earlier champion"):
        shop.rollback(None, NOW)
    assert shop.champion().label == "v1"


def test_rollback_undoes_a_promotion(shop):
    for _ in range(3):
        publish(shop)
    shop.promote("v1", NOW)
    assert shop.rollback(None, NOW).label == "v3"


def test_rollback_to_a_version_forgets_the_champions_since(shop):
    for _ in range(4):
        publish(shop)
    assert shop.rollback("v2", NOW) == shop.champion()
    assert shop.rollback(None, NOW).label == "v1"


def test_rollback_passes_over_damaged_and_pruned_champions(shop):
    published = [publish(shop) for _ in range(4)]
    break_weights(published[2])
    shutil.rmtree(published[1].folder)
    assert shop.rollback(None, NOW) == published[0]


def test_rollback_from_a_damaged_only_champion_takes_a_whole_candidate(shop):
    only = publish(shop)
    candidate = publish(shop, champion=False)
    with pytest.raises(NotFoundError, match="no earlier champion"):
        shop.rollback(None, NOW)
    break_weights(only)
    assert shop.rollback(None, NOW) == candidate == shop.champion()


@pytest.mark.parametrize("move", ["promote", "rollback"])
def test_a_damaged_version_never_becomes_champion(shop, move):
    break_weights(publish(shop))
    second = publish(shop)
    with pytest.raises(DamagedError, match=r"shop v1 is damaged: weights\.npz"):
        getattr(shop, move)("v1", NOW)
    assert shop.champion() == second


@pytest.mark.parametrize("move", ["promote", "rollback"])
def test_moving_to_the_present_champion_changes_no_byte(shop, move):
    publish(shop)
    publish(shop)
    before = (shop.folder / "champion").read_bytes()
    assert getattr(shop, move)("v2", NOW + timedelta(days=1)).label == "v2"
    assert (shop.folder / "champion").read_bytes() == before


# ── prune ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_prune_keeps_the_newest_and_the_champion(shop):
    published = [publish(shop) for _ in range(5)]
    shop.rollback("v2", NOW)
    assert shop.prune(2).versions == (published[0], published[2])
    assert [version.label for version in shop.versions()] == ["v2", "v4", "v5"]
    assert shop.champion().is_intact()
    assert shop.prune(2).versions == ()


def test_prune_removes_what_is_damaged_beyond_listing(shop):
    (publish(shop).folder / "manifest.json").write_bytes(b"")
    publish(shop)
    assert shop.prune(5).versions == ()
    assert shop.damaged() == {}


def test_prune_removes_a_link_and_not_what_it_points_to(shop, tmp_path):
    first = publish(shop)
    publish(shop)
    first.folder.rename(tmp_path / first.id)
    first.folder.symlink_to(tmp_path / first.id)
    shop.prune(5)
    assert not first.folder.is_symlink()
    assert (tmp_path / first.id / "weights.npz").exists()


def test_prune_refuses_to_keep_nothing(shop):
    publish(shop)
    with pytest.raises(UsageError, match="At least one version") as caught:
        shop.prune(0)
    assert caught.value.hint == "--keep 1"


def test_prune_removes_nothing_while_the_champion_is_damaged_or_missing(shop):
    publish(shop, champion=False)
    publish(shop, champion=False)
    with pytest.raises(NotFoundError, match="no champion"):
        shop.prune(1)
    break_weights(shop.promote("v1", NOW))
    with pytest.raises(DamagedError):
        shop.prune(1)
    assert len(shop.versions()) == 2


# ── lock, history, newer stores ─────────────────────────────────────────────────────────────────────────────


def test_every_writer_is_refused_while_another_store_holds_the_lock_and_readers_are_not(shop):
    first = publish(shop)
    other = Store(shop.folder.parent.parent).model("shop")
    with shop.lock():
        for write in (
            lambda: publish(other),
            lambda: other.prune(1),
            lambda: other.issue(b"", first, NOW),
            lambda: other.widen(first, WIDER),
        ):
            with pytest.raises(LockedError):
                write()
        assert other.champion() == first
        assert (other.versions(), other.history()) == ((first,), ())
        assert publish(shop).label == "v2"


def test_the_champion_is_moved_and_the_history_written_while_another_run_trains(shop):
    first, second = publish(shop), publish(shop)
    other = Store(shop.folder.parent.parent).model("shop")
    with shop.lock():
        assert other.rollback(None, NOW) == first
        assert other.promote("v2", NOW) == second
        other.rollback(None, NOW)
        other.record({"command": "rollback"})
        with pytest.raises(MovedError, match="shop v2 is not in use any more"):
            publish(shop, instead_of=second)
        assert publish(shop, instead_of=first).label == "v3"
    assert [entry["command"] for entry in shop.history()] == ["rollback"]


def test_a_version_that_is_put_in_use_while_others_are_pruned_stays(shop, monkeypatch):
    first, second, third = (publish(shop) for _ in range(3))
    other = Store(shop.folder.parent.parent).model("shop")

    def promoted_meanwhile(found, champion, keep):
        doomed = prunable_versions(found, champion, keep)
        other.promote("v1", NOW)
        return doomed

    monkeypatch.setattr("forecast.production.store.model_store.prunable_versions", promoted_meanwhile)
    assert shop.prune(1).versions == (second,)
    assert shop.champion() == first
    assert shop.versions() == (first, third)


def test_a_run_that_was_killed_is_told_in_the_history_by_the_next_one(shop):
    publish(shop)
    mark = RunMark("retrain", "20260101T031500Z-4711", "2026-01-01T03:15:00+00:00", "box", 4711)
    (shop.folder / "lock").write_text(f"4711\n{json.dumps(asdict(mark))}\n")  # as SIGKILL leaves it
    for _ in range(2):
        with shop.lock(mark=mark):
            pass
    [line] = shop.history()
    assert (line["outcome"], line["command"], line["time"]) == ("killed", "retrain", "2026-01-01T03:15:00+00:00")
    assert line["reason"] == "process 4711 on box, which began 2026-01-01 03:15 UTC, was killed before its end"
    assert (shop.folder / "lock").read_text() == ""


@pytest.mark.parametrize("written", ["4711", "4711\nnot JSON", '4711\n{"command": "retrain"}', "4711\n[1]", "\0" * 9])
def test_what_no_run_of_this_program_wrote_into_the_lock_is_no_killed_run(shop, written):
    publish(shop)
    (shop.folder / "lock").write_text(written)
    with shop.lock():
        pass
    assert shop.history() == ()


def test_two_models_of_one_store_do_not_lock_each_other(shop):
    other = Store(shop.folder.parent.parent).model("prices")
    with shop.lock():
        assert publish(other).label == "v1"


def test_the_store_hands_out_one_lock_a_model(tmp_path):
    store = Store(tmp_path)
    with store.model("shop").lock():
        assert publish(store.model("shop")).label == "v1"


def test_the_lock_sweeps_what_killed_runs_left(shop):
    publish(shop)
    (shop.folder / ".champion.7-0.tmp").write_bytes(b"half")
    (shop.folder / "versions" / ".20260102T031500Z-00000000.tmp" / "plots").mkdir(parents=True)
    with shop.lock():
        assert not list(shop.folder.rglob(".*"))


def test_an_error_inside_the_lock_comes_out_as_it_is(shop):
    with pytest.raises(OSError, match="mine"), shop.lock():
        raise OSError("mine")


def test_what_is_recorded_comes_back(shop):
    shop.record({"decision": "v1 stays", "seconds": 1.5})
    shop.record({"decision": "v2 promoted", "seconds": 2})
    assert [entry["decision"] for entry in shop.history()] == ["v1 stays", "v2 promoted"]


@pytest.mark.parametrize("newer", ["champion", "manifest.json"])
def test_a_store_of_a_newer_program_is_left_alone(shop, newer):
    first = publish(shop)
    write_newer_schema(shop.folder / newer if newer == "champion" else first.folder / newer)
    before = {path: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()}
    uses = [
        shop.champion,
        lambda: publish(shop),
        lambda: shop.promote("v1", NOW),
        lambda: shop.rollback(None, NOW),
        lambda: shop.prune(1),
    ]
    for use in uses:
        with pytest.raises(DataError, match="A newer forecast wrote this store") as caught:
            use()
        assert caught.value.hint == UPGRADE
    assert {path: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()} == before


# ── any sequence ────────────────────────────────────────────────────────────────────────────────────────────

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.booleans()),
        st.tuples(st.just("promote"), st.integers(0, 9)),
        st.tuples(st.just("rollback"), st.none() | st.integers(0, 9)),
        st.tuples(st.just("prune"), st.integers(1, 4)),
        st.tuples(st.just("break"), st.integers(0, 9)),
    ),
    max_size=14,
)


class TrainingBudget:
    """The same rules on plain lists: what the store should say."""

    def __init__(self):
        self.last, self.alive, self.broken, self.trail = 0, [], set(), []

    def publish(self, champion):
        self.last += 1
        self.alive.append(self.last)
        if champion:
            self.trail.append(self.last)

    def promote(self, index):
        target = self.alive[index % len(self.alive)]
        if target not in self.broken and target != self.trail[-1]:
            self.trail.append(target)

    def rollback(self, index):
        if index is None:
            whole = [number for number in self.alive if number not in self.broken]
            earlier = [number for number in self.trail[:-1] if number in whole and number != self.trail[-1]]
            if not earlier:
                return
            target = earlier[-1]
        else:
            target = self.alive[index % len(self.alive)]
            if target in self.broken or target == self.trail[-1]:
                return
        self.trail.pop()
        if target in self.trail:
            while self.trail.pop() != target:
                pass
        self.trail.append(target)

    def prune(self, keep):
        self.alive = [number for number in self.alive if number in (*self.alive[-keep:], self.trail[-1])]

    def victim(self, index):
        """Returns a version to break: any but the champion."""
        others = [number for number in self.alive if number != self.trail[-1]]
        return others[index % len(others)] if others else None


@settings(max_examples=15, deadline=None, derandomize=True)
@given(OPERATIONS)
def test_after_any_sequence_the_champion_loads_and_the_store_agrees_with_a_ledger(operations):
    with tempfile.TemporaryDirectory() as root:
        shop, ledger = Store(Path(root)).model("shop"), TrainingBudget()
        for verb, argument in [("publish", True), *operations]:
            now = NOW - timedelta(hours=ledger.last)  # a clock that runs backwards
            if verb == "publish":
                publish(shop, argument, now, f"weights {ledger.last + 1}".encode())
            elif verb == "prune":
                shop.prune(argument)
            elif verb == "break":
                if number := ledger.victim(argument):
                    break_weights(shop.version(f"v{number}"))
                    ledger.broken.add(number)
                continue
            else:
                label = None if argument is None else f"v{ledger.alive[argument % len(ledger.alive)]}"
                try:
                    getattr(shop, verb)(label, now)
                except (NotFoundError, DamagedError):
                    before = list(ledger.trail)
                    getattr(ledger, verb)(argument)
                    assert ledger.trail == before
                    continue
            getattr(ledger, verb)(argument)
            assert [version.number for version in shop.versions()] == ledger.alive
            champion = shop.with_champion(lambda version: (version.number, version.read("weights.npz")))
            assert champion == (ledger.trail[-1], f"weights {ledger.trail[-1]}".encode())
