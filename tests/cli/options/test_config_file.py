import re
from pathlib import Path

import pytest

from forecast.cli.options.config_file import find_config, read_config, with_settings, write_config, write_settings
from forecast.errors import DataError, NotFoundError, UsageError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nearest_file_counts_and_its_name_is_seen_from_here(here, monkeypatch):
    (here / "forecast.toml").write_text("horizon = 3")
    (here / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(here / "a" / "b")
    found = find_config(Path.cwd())
    assert (found.name, found.table) == ("../../forecast.toml", {"horizon": 3})
    (here / "a" / "forecast.toml").write_text("horizon = 4")
    assert find_config(Path.cwd()).table == {"horizon": 4}


def test_folder_that_another_user_closed_holds_no_settings(here, monkeypatch):
    (here / "forecast.toml").write_text("horizon = 3")
    is_file = Path.is_file

    def guarded(path):
        if path.parent == here / "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", guarded)
    assert find_config(here / "closed" / "open").table == {"horizon": 3}


def test_pyproject_counts_where_it_has_a_table_for_forecast(here):
    (here / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert find_config(here) is None
    (here / "pyproject.toml").write_text("[tool.forecast]\nhorizon = 3\n")
    assert find_config(here).name == "pyproject.toml [tool.forecast]"
    assert find_config(here).table == {"horizon": 3}
    (here / "forecast.toml").write_text("horizon = 5")
    assert find_config(here).table == {"horizon": 5}


def test_pyproject_of_somebody_else_may_be_broken(here):
    (here / "pyproject.toml").write_text("this is no TOML")
    assert find_config(here) is None


def test_section_for_forecast_must_be_a_table(here):
    (here / "pyproject.toml").write_text("tool = 3  # no tool.forecast here\n")
    assert find_config(here) is None
    (here / "pyproject.toml").write_text("# tool.forecast\n[tool]\nforecast = 3\n")
    with pytest.raises(DataError, match=re.escape("pyproject.toml [tool.forecast] is 3; it must be a table.")):
        find_config(here)


def test_paths_in_a_file_are_beside_it(here, monkeypatch):
    (here / "forecast.toml").write_text("")
    (here / "sub").mkdir()
    assert find_config(here).resolved("data/x.csv") == "data/x.csv"
    monkeypatch.chdir(here / "sub")
    found = find_config(Path.cwd())
    assert found.resolved("data/x.csv") == "../data/x.csv"
    assert found.resolved("/data/x.csv") == "/data/x.csv"
    assert found.resolved("-") == "-"


@pytest.mark.parametrize("content", [b"data = ", b'data = "\xff"', b"= 3"])
def test_file_that_is_no_toml_is_an_error(content, here):
    (here / "forecast.toml").write_bytes(content)
    with pytest.raises(DataError, match=re.escape("forecast.toml can't be read")) as error:
        find_config(here)
    assert error.value.hint


def test_file_that_is_named_must_be_there(here):
    with pytest.raises(NotFoundError, match=re.escape("There is no file nowhere.toml.")):
        read_config(Path("nowhere.toml"))
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        read_config(here)


def test_file_is_replaced_only_with_force(here):
    path = here / "forecast.toml"
    write_config(path, "one", force=False)
    with pytest.raises(UsageError, match="exists already") as error:
        write_config(path, "two", force=False)
    assert "--force" in error.value.hint
    assert path.read_text() == "one"
    write_config(path, "two", force=True)
    assert path.read_text() == "two"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[train]\nunits = 16\nloss = "mae"\n'),
        ("horizon = 3\n", 'horizon = 3\n\n[train]\nunits = 16\nloss = "mae"\n'),
        ("[train]\nunits = 8\nname = 'x'\n", "[train]\nunits = 16\nloss = \"mae\"\nname = 'x'\n"),
        ("[ train ] # ours\n[check]\nunits = 8\n", '[ train ] # ours\nunits = 16\nloss = "mae"\n[check]\nunits = 8\n'),
    ],
)
def test_settings_are_written_into_their_table_and_all_else_stays(before, after, here):
    assert with_settings(before, "train", 'units = 16\nloss = "mae"') == after
    (here / "forecast.toml").write_text(before)
    write_settings(here / "forecast.toml", "train", 'units = 16\nloss = "mae"')
    assert (
        read_config(here / "forecast.toml").table["train"] | {"units": 16, "loss": "mae"}
        == (read_config(here / "forecast.toml").table["train"])
    )


@pytest.mark.parametrize("text", ["train = {units = 8}\n", "train.units = 8\n"])
def test_table_that_is_written_otherwise_is_left_alone(text, here):
    (here / "forecast.toml").write_text(text)
    with pytest.raises(DataError, match="can't be written into this file"):
        write_settings(here / "forecast.toml", "train", "units = 16")
    assert (here / "forecast.toml").read_text() == text
