import io
import subprocess
import sys
import tarfile
from datetime import UTC, datetime

import pytest

from forecast.errors import DataError, UsageError
from forecast.production.backup import backup as module
from forecast.production.backup.backup import INDEX, back_up
from forecast.production.backup.restoration import restore
from forecast.production.backup.verification import verify
from forecast.production.store.store import Store
from places import ROOT

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


def publish(shop, content=b"weights"):
    return shop.publish({"weights.npz": content, "plots/a.png": b"png"}, {"spec": {}}, NOW, champion=True)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    for name in ("shop", "visits"):
        publish(store.model(name))
        publish(store.model(name), b"newer")
        store.model(name).issue(b"series_id\n", store.model(name).champion(), NOW)
        store.model(name).record({"command": "train"})
    return store


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("target", ["copy", "copy.tar", "copy.tar.gz", "deep/er/COPY.TGZ"])
def test_what_is_put_back_is_what_was_there(store, target, tmp_path):
    done = back_up(store, store.names(), tmp_path / target, NOW, "1.0", force=False)
    assert (done.models, done.versions, done.damaged) == (("shop", "visits"), 4, ())
    other = Store(tmp_path / "other")
    back = restore(tmp_path / target, (), other, NOW, force=False)
    assert (back.files, back.size, back.versions) == (done.files, done.size, 4)
    locks = ("lock", "champion.lock")
    there, here = ({n: d for n, d in files_of(s.root).items() if not n.endswith(locks)} for s in (store, other))
    assert here == there
    assert not verify(other.model("shop")).problems


def test_a_champion_that_comes_while_it_is_copied_is_in_the_backup(store, tmp_path, monkeypatch):
    shop, copied = store.model("shop"), module._copy_version

    def with_a_retrain(version, *rest):
        copied(version, *rest)
        if version.name == "shop" and version.number == 1:
            publish(shop, b"newest")
            shop.prune(1)

    monkeypatch.setattr(module, "_copy_version", with_a_retrain)
    back_up(store, ("shop",), tmp_path / "copy.tar", NOW, "1.0", force=False)
    other = Store(tmp_path / "other")
    restore(tmp_path / "copy.tar", (), other, NOW, force=False)
    assert other.model("shop").champion().read("weights.npz") == b"newest"


def test_a_line_that_is_being_written_is_left_out(store, tmp_path):
    with (store.model("shop").folder / "history.jsonl").open("a") as file:
        file.write('{"torn')
    back_up(store, ("shop",), tmp_path / "copy", NOW, "1.0", force=False)
    assert (tmp_path / "copy" / "models" / "shop" / "history.jsonl").read_bytes() == b'{"command": "train"}\n'


def test_a_damaged_version_is_left_out_and_said(store, tmp_path):
    old = store.model("shop").versions()[0]
    (old.folder / "weights.npz").write_bytes(b"broken!")
    done = back_up(store, store.names(), tmp_path / "copy.tar", NOW, "1.0", force=False)
    assert done.versions == 3
    assert done.damaged == ("shop v1 is damaged: weights.npz differs from its checksum.",)
    [problem] = verify(store.model("shop")).problems
    assert problem == done.damaged[0]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_is_replaced_without_force(store, kind, tmp_path):
    target = tmp_path / ("copy.tar" if kind == "file" else "copy")
    target.write_text("mine") if kind == "file" else (target.mkdir(), (target / "mine").touch())
    with pytest.raises(UsageError, match="exists already"):
        back_up(store, store.names(), target, NOW, "1.0", force=kind == "folder")
    if kind == "file":
        assert back_up(store, store.names(), target, NOW, "1.0", force=True).versions == 4


@pytest.mark.parametrize("name", ["copy.zip", "copy.tar.xz", "copy.7z"])
def test_an_ending_that_is_no_tar_is_refused_with_those_that_are(store, name, tmp_path):
    with pytest.raises(UsageError, match=r"\.tar, \.tar\.gz, \.tgz"):
        back_up(store, store.names(), tmp_path / name, NOW, "1.0", force=False)


def rewritten(tmp_path, store, change):
    """A tar of the store, its members changed: a dict of names and bytes, or members of one's own."""
    back_up(store, ("shop",), tmp_path / "copy.tar", NOW, "1.0", force=False)
    with tarfile.open(tmp_path / "copy.tar") as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    extra = change(members) or []
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for info in extra:
            tar.addfile(info)
    return tmp_path / "bad.tar"


def link(name, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


HOME = "models/shop/versions/20260102T031500Z-4f2a91c0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update({"../../evil": b"x"}), "'../../evil' in it is where no store has a file"),
        (lambda m: m.update({"/etc/cron.d/evil": b"x"}), "is where no store has a file"),
        (lambda m: m.update({"models/../../evil": b"x"}), "is where no store has a file"),
        (lambda m: m.update({f"{HOME}/../../../evil": b"x"}), "is where no store has a file"),
        (lambda m: m.update({f"{HOME}/a/b/evil": b"x"}), "is where no store has a file"),
        (lambda m: m.update({"models/shop/issued/../evil.csv": b"x"}), "is where no store has a file"),
        (lambda m: m.update({"models/-x/champion": b"x"}), "is where no store has a file"),
        (lambda m: [link("models/shop/issued/a.csv")], "is a link or a device"),
        (lambda m: [link("models/shop/champion", tarfile.LNKTYPE)], "is a link or a device"),
        (lambda m: [link("models/shop/lock", tarfile.FIFOTYPE)], "is a link or a device"),
        (lambda m: m.update({"models/shop/issued/b.csv": b"x"}), "is not as forecast-backup.json says"),
        (lambda m: m.pop("models/shop/champion") and None, "is not as forecast-backup.json says"),
        (lambda m: m.update({"models/shop/history.jsonl": b"{}\n"}), "differs from its checksum"),
        (lambda m: m.pop(INDEX) and None, "it has no forecast-backup.json"),
        (lambda m: m.update({INDEX: b"{}"}), "makes no sense"),
        (lambda m: m.update({INDEX: m[INDEX].replace(b'"format": 1', b'"format": 2')}), "A newer forecast .1.0. wrote"),
        (
            lambda m: m.update({INDEX: m[INDEX].replace(b'"schema_version": 1', b'"schema_version": 9')}),
            "newer forecast",
        ),
    ],
)
def test_what_climbs_out_or_was_changed_is_refused_as_a_whole(store, change, message, tmp_path):
    bad = rewritten(tmp_path, store, change)
    with pytest.raises(DataError, match=message):
        restore(bad, (), Store(tmp_path / "other"), NOW, force=True)
    assert not (tmp_path / "other").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar", "copy.tar", "store"]


def test_a_version_of_a_newer_program_is_refused_before_anything_is_written(store, tmp_path, monkeypatch):
    back_up(store, store.names(), tmp_path / "copy.tar", NOW, "9.9", force=False)
    monkeypatch.setattr("forecast.production.store.manifest.ARITHMETIC", 1)
    with pytest.raises(DataError, match="A newer forecast") as caught:
        restore(tmp_path / "copy.tar", (), Store(tmp_path / "other"), NOW, force=False)
    assert "git pull" in caught.value.hint
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\x1f\x8b\x08broken"])
def test_what_is_no_tar_is_said_to_be_none(content, tmp_path):
    (tmp_path / "copy.tar").write_bytes(content)
    with pytest.raises(DataError, match=r"no whole tar|it has no forecast-backup.json"):
        restore(tmp_path / "copy.tar", (), Store(tmp_path / "other"), NOW, force=False)


def test_a_tar_that_is_cut_off_is_refused(store, tmp_path):
    back_up(store, store.names(), tmp_path / "copy.tar", NOW, "1.0", force=False)
    whole = (tmp_path / "copy.tar").read_bytes()
    for size in (len(whole) // 3, len(whole) // 2):
        (tmp_path / "copy.tar").write_bytes(whole[:size])
        with pytest.raises(DataError):
            restore(tmp_path / "copy.tar", (), Store(tmp_path / "other"), NOW, force=False)
    assert not (tmp_path / "other").exists()


def test_a_model_that_is_there_gets_what_it_lacks_and_loses_nothing(store, tmp_path):
    back_up(store, store.names(), tmp_path / "copy.tar", NOW, "1.0", force=False)
    shop = store.model("shop")
    publish(shop, b"after")
    shop.prune(1)
    with pytest.raises(UsageError, match="has shop already"):
        restore(tmp_path / "copy.tar", ("shop",), store, NOW, force=False)
    restore(tmp_path / "copy.tar", ("shop",), store, NOW, force=True)
    assert [version.label for version in shop.versions()] == ["v1", "v2", "v3"]
    assert shop.champion().label == "v2"
    assert shop.rollback(None, NOW).label == "v3"
    assert shop.next_number() == 4


KEEPER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from forecast.production.store.store import Store
shop, now = Store(Path(sys.argv[1])).model("shop"), datetime(2026, 1, 5, tzinfo=UTC)
print("ready", flush=True)
for number in range(10_000):
    shop.publish({"weights.npz": b"%d" % number * 9_000}, {"run": number}, now, champion=True)
    shop.record({"run": number})
    shop.prune(2)
"""


@pytest.mark.slow
def test_backups_are_whole_while_another_process_publishes_and_prunes(store, tmp_path):
    command = [sys.executable, "-c", KEEPER, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            process.stdout.readline()
            numbers = []
            for turn in range(12):
                target, other = tmp_path / f"copy{turn}.tar", Store(tmp_path / f"other{turn}")
                assert back_up(store, ("shop",), target, NOW, "1.0", force=False).damaged == ()
                restore(target, (), other, NOW, force=False)
                assert not verify(other.model("shop")).problems
                numbers.append(other.model("shop").champion().number)
            assert numbers == sorted(numbers)
            assert numbers[-1] > numbers[0]
        finally:
            process.kill()
