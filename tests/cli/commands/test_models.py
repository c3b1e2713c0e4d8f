import json
import re
import shutil
import zipfile

import pytest

from commands import QUICK, run
from forecast.wording import size_text

pytestmark = pytest.mark.usefixtures("untrained")

TRAIN = ("train", "visits.csv", "--model", "gru", *QUICK, "--plots", "none")
COLUMNS = "name,version,champion,model,created,training_end,widened"


@pytest.fixture(scope="module")
def twice(untrained, shop, tmp_path_factory):
    """A copy of the shop with a second version of its model and a second model; to be read only."""
    folder = tmp_path_factory.mktemp("copies") / "shop"
    shutil.copytree(shop.folder, folder)
    assert run(*TRAIN, "--seed", "9", folder=folder).code == 0
    assert run(*TRAIN, "--name", "a.b-c_1", folder=folder).code == 0
    return folder


@pytest.fixture
def mine(twice, tmp_path):
    """The same, to be changed."""
    shutil.copytree(twice, tmp_path / "mine")
    return tmp_path / "mine"


def champion(folder, name="visits"):
    rows = run("models", "show", name, folder=folder).rows
    return next(row["version"] for row in rows if row["champion"] == "True")


# List and show


def test_list_of_an_empty_store_is_its_header(tmp_path):
    done = run("models", "list", folder=tmp_path)
    assert (done.code, done.out) == (0, f"{COLUMNS},health\n")
    assert done.err == "Note      There is no store .forecast, so it holds no model (forecast train DATA makes one)\n"
    (tmp_path / ".forecast").mkdir()
    assert run("models", "list", folder=tmp_path).err == ""
    (tmp_path / ".forecast").rmdir()
    assert run("models", "list", "--json", folder=tmp_path).document == {"schema_version": 1, "models": []}
    assert list(tmp_path.iterdir()) == []


def test_list_has_a_row_a_model_with_its_champion(twice):
    done = run("models", "list", folder=twice)
    assert done.header == f"{COLUMNS},health"
    assert [(row["name"], row["version"], row["model"]) for row in done.rows] == [
        ("a.b-c_1", "v1", "gru"),
        ("visits", "v2", "gru"),
    ]
    assert {row["training_end"] for row in done.rows} == {"2024-02-29T00:00:00"}


def test_show_has_a_row_a_version_oldest_first(twice):
    rows = run("models", "show", "visits", folder=twice).rows
    assert [(row["version"], row["champion"]) for row in rows] == [("v1", "False"), ("v2", "True")]
    assert rows[0]["created"] <= rows[1]["created"]


def test_json_is_pinned(twice):
    document = run("models", "show", "visits", "--json", folder=twice).document
    assert list(document) == ["schema_version", "models"]
    assert [list(row) for row in document["models"]] == [[*COLUMNS.split(",")[:-1], "id", "widened"]] * 2
    assert [type(value) for value in document["models"][0].values()] == [*(str, str, bool), *[str] * 4, type(None)]
    assert document["models"][1]["widened"] == 1
    assert document["models"][1]["champion"] is True


def test_table_fits_eighty_columns(twice):
    lines = run("models", "show", "visits", "--format", "table", folder=twice, COLUMNS="80").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[2] for line in lines[1:]] == ["gru", "✓"]
    assert lines[1].split()[-1] == "2024-02-29"


def test_table_leaves_columns_out_on_a_narrow_terminal(twice):
    lines = run("models", "show", "visits", "--format", "table", folder=twice, COLUMNS="40").out.splitlines()
    assert lines[0].split() == ["name", "version", "champion", "model"]
    assert max(map(len, lines)) <= 40


def test_model_that_is_damaged_is_listed_with_its_reason(mine):
    next(mine.glob(".forecast/models/visits/champion")).write_text("{}")
    done = run("models", "list", folder=mine)
    assert done.code == 0
    row = next(row for row in done.rows if row["name"] == "visits")
    assert row["version"] == ""
    assert "champion" in row["model"]


# Moving the champion


def test_rollback_and_promote_move_the_champion(mine):
    assert champion(mine) == "v2"
    back = run("models", "rollback", "visits", folder=mine)
    assert (back.code, back.out) == (0, "")
    assert back.err == "visits v1 is the champion now. Next: forecast predict visits\n"
    assert champion(mine) == "v1"
    forward = run("models", "promote", "visits", "v2", folder=mine)
    assert forward.err == "visits v2 is the champion now. Next: forecast predict visits\n"
    assert champion(mine) == "v2"
    assert run("models", "rollback", "visits", "--to", "v1", "--quiet", folder=mine).err == ""
    assert champion(mine) == "v1"


def test_json_of_a_move_is_pinned(mine):
    document = run("models", "rollback", "visits", "--json", folder=mine).document
    assert list(document) == ["schema_version", "name", "version", "champion", "id"]
    assert (document["name"], document["version"], document["champion"]) == ("visits", "v1", True)
    assert run("models", "promote", "visits", document["id"], "--json", folder=mine).document == document


def test_first_version_has_nothing_to_go_back_to(shop):
    done = run("models", "rollback", "visits", folder=shop.folder)
    assert done.code == 4
    assert "visits has no earlier champion to go back to" in done.err
    assert champion(shop.folder) == "v1"


def test_other_store_is_part_of_the_next_command(mine, tmp_path):
    done = run("models", "rollback", "visits", "--store", mine / ".forecast", folder=tmp_path)
    assert done.err.endswith(f"forecast predict visits --store {mine}/.forecast\n")


def test_moves_and_removals_are_in_the_history(mine):
    run("models", "rollback", "visits", folder=mine)
    run("models", "promote", "visits", "v2", folder=mine)
    run("models", "prune", "visits", "--keep", "1", folder=mine)
    rows = run("history", "visits", folder=mine).rows[-3:]
    assert [(row["command"], row["outcome"], row["champion"]) for row in rows] == [
        ("rollback", "rolled-back", "v1"),
        ("promote", "promoted", "v2"),
        ("prune", "pruned", "v2"),
    ]
    assert "v1" in rows[2]["reason"]


# Prune


def version_folder(folder, number):
    manifests = folder.glob(".forecast/models/visits/versions/*/manifest.json")
    return next(path.parent for path in manifests if json.loads(path.read_text())["number"] == number)


def versions(folder, name="visits"):
    return [row["version"] for row in run("models", "show", name, folder=folder).rows]


def test_prune_removes_the_old_and_says_so(mine):
    dry = run("models", "prune", "visits", "--keep", "1", "--dry-run", folder=mine)
    size = sum(path.stat().st_size for path in version_folder(mine, 1).rglob("*") if path.is_file())
    assert (dry.code, dry.out) == (0, "")
    assert dry.err == f"Would remove 1 version of visits: v1; {size_text(size)} to be freed.\n"
    assert versions(mine) == ["v1", "v2"]
    done = run("models", "prune", "visits", "--keep", "1", folder=mine)
    assert done.err == f"Removed 1 version of visits: v1; {size_text(size)} freed.\n"
    assert versions(mine) == ["v2"]
    again = run("models", "prune", "--all", "--keep", "1", folder=mine)
    assert again.err.splitlines()[-1] == "Removed 0 versions of visits; 0 bytes freed."


def test_prune_removes_forecasts_that_were_issued_long_ago(mine):
    issued = mine / ".forecast" / "models" / "visits" / "issued"
    issued.mkdir(exist_ok=True)
    old, new, foreign = "20200101T000000Z-v1-4f2a91c0.csv", "20990101T000000Z-v1-4f2a91c0.csv", "20200101.csv"
    for name in (old, new, foreign):
        (issued / name).write_bytes(b"123")
    document = run("models", "prune", "visits", "--keep-issued", "2y", "--json", folder=mine).document
    assert (document["removed"], document["issued"], document["freed_bytes"]) == ([], 1, 3)
    assert {path.name for path in issued.iterdir()} >= {new, foreign}
    assert not (issued / old).exists()


def test_prune_keeps_the_champion_however_old(mine):
    run("models", "rollback", "visits", folder=mine)
    document = run("models", "prune", "visits", "--keep", "1", "--json", folder=mine).document
    nothing = {"removed": [], "damaged": [], "dry_run": False, "issued": 0, "freed_bytes": 0}
    assert document == {"schema_version": 1, "name": "visits", **nothing}
    assert versions(mine) == ["v1", "v2"]


def test_prune_names_the_damaged_versions_that_it_removes(mine):
    manifests = mine.glob(".forecast/models/visits/versions/*/manifest.json")
    damaged = next(path for path in manifests if json.loads(path.read_text())["number"] == 1)
    damaged.write_text("{}")
    size = sum(path.stat().st_size for path in damaged.parent.rglob("*") if path.is_file())
    done = run("models", "prune", "visits", "--keep", "5", folder=mine)
    assert done.err == f"Removed 1 version of visits: {damaged.parent.name} (damaged); {size_text(size)} freed.\n"
    assert not damaged.parent.exists()


# Export


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, when it saves
def test_export_writes_a_keras_file_once(mine):
    done = run("models", "export", "visits", "champion", "visits.keras", folder=mine)
    assert (done.code, done.out) == (0, "")
    assert "visits.keras: visits v2, gru" in done.err
    takes = re.search(
        r"window: the last ([\d,]+) values, oldest first.*\n +NaN in front of a series that has fewer", done.err
    )
    assert zipfile.is_zipfile(mine / "visits.keras")
    again = run("models", "export", "visits", "v1", "visits.keras", folder=mine)
    assert again.code == 2
    assert "visits.keras exists already" in again.err
    assert again.err.rstrip().endswith("forecast models export visits v1 visits-2.keras")
    inside = run("models", "export", "visits", "champion", ".", folder=mine)
    assert (inside.code, ". is a folder, not a file." in inside.err) == (2, True)
    document = run("models", "export", "visits", "v1", "visits.keras", "--force", "--json", folder=mine).document
    assert list(document) == ["schema_version", "name", "version", "model", "lookback", "horizon", "series", "files"]
    assert (document["version"], document["files"]) == ("v1", ["visits.keras"])
    assert f"{document['lookback']:,}" == takes[1]


# Errors


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("show", "vists"), 4, "There is no model 'vists'. Did you mean 'visits'?", "forecast train"),
        (("rollback", "nobody"), 4, "There is no model 'nobody'", "forecast train"),
        (("rollback", "visits", "--to", "v7"), 4, "visits has no version 'v7'", "forecast models show visits"),
        (("promote", "visits", "v7"), 4, "visits has no version 'v7'", "forecast models show visits"),
        (("promote", "visits"), 2, "Missing argument 'V'", "forecast models promote --help"),
        (("prune", "visits"), 2, "Nothing says what stays.", "--keep 5, or --keep-issued 2y"),
        (("prune", "--keep", "5"), 2, "Which model?", "its NAME, or --all"),
        (("prune", "visits", "--all", "--keep", "5"), 2, "--all is every model, and 'visits' is named", "--all alone"),
        (("prune", "visits", "--keep-issued", "soon"), 2, "--keep-issued 'soon' is not a length of time", "1y"),
        (("prune", "visits", "--keep-issued", "9999y"), 2, "longer ago than any date", "--keep-issued 2y"),
        (("prune", "vists", "--keep", "1"), 4, "no model 'vists'. Did you mean 'visits'?", "forecast train"),
        (("prune", "visits", "--keep", "0"), 2, "--keep must be greater than or equal to 1", "prune --help"),
        (("export", "visits", "v7", "a.keras"), 4, "visits has no version 'v7'", "forecast models show visits"),
        (("export", "visits", "v1", "a.h5"), 2, "Keras opens only files that end in .keras, not a.h5", "a.keras"),
        (("show",), 2, "Missing argument 'NAME'", "forecast models show --help"),
        (("show", "../visits"), 2, "'../visits' can't name a model", "--name"),
        (("lst",), 2, "No such command 'lst'. Did you mean 'list'?", "forecast models --help"),
        (("list", "--all"), 2, "No such option: --all", "forecast models list --help"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_error_has_its_number_sentence_and_hint(arguments, code, message, hint, form, twice):
    done = run("models", *arguments, *(("--json",) if form == "json" else ()), folder=twice)
    assert (done.code, done.out) == (code, "")
    if form == "json":
        assert list(done.error) == ["code", "message", "hint", "command"]
        assert (done.error["code"], done.error["command"]) == (code, "models")
        said, advised = done.error["message"], done.error["hint"]
    else:
        said, advised = done.err.splitlines()
    assert message in said
    assert hint in advised


def test_bare_group_shows_its_help_without_an_error(tmp_path):
    done = run("models", folder=tmp_path)
    assert done.code == 0
    assert "rollback" in done.out
    assert done.err == ""
