import shutil

import pytest
from commands import QUICK, run

TRAIN = ("train", "visits.csv", "--model", "gru", *QUICK, "--plots", "none")
COLUMNS = "name,version,champion,model,created,training_end"


@pytest.fixture(scope="module")
def twice(shop, tmp_path_factory):
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
    assert (done.code, done.out, done.err) == (0, f"{COLUMNS}\n", "")
    assert run("models", "list", "--json", folder=tmp_path).document == {"schema_version": 1, "models": []}
    assert list(tmp_path.iterdir()) == []


def test_list_has_a_row_a_model_with_its_champion(twice):
    done = run("models", "list", folder=twice)
    assert done.header == COLUMNS
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
    assert [list(row) for row in document["models"]] == [[*COLUMNS.split(","), "id"]] * 2
    assert [type(value) for value in document["models"][0].values()] == [str, str, bool, str, str, str, str]
    assert document["models"][1]["champion"] is True


def test_table_fits_eighty_columns(twice):
    lines = run("models", "show", "visits", "--format", "table", folder=twice, COLUMNS="80").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[2] for line in lines[1:]] == ["gru", "✓"]
    assert lines[1].split()[-1] == "2024-02-29"


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


# Errors


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("show", "vists"), 4, "there is no model 'vists'. Did you mean 'visits'?", "forecast train"),
        (("rollback", "nobody"), 4, "there is no model 'nobody'", "forecast train"),
        (("rollback", "visits", "--to", "v7"), 4, "visits has no version 'v7'", "forecast models show visits"),
        (("promote", "visits", "v7"), 4, "visits has no version 'v7'", "forecast models show visits"),
        (("promote", "visits"), 2, "Missing argument 'V'", "forecast models promote --help"),
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
    assert done.code == 2
    assert "rollback" in done.out
    assert done.err == ""
