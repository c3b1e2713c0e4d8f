"""A walk through every command and every flag: each has help, stands in the docs, and is completed by the shell."""

import runpy

import pytest

from commands import csv_bytes, launch, run, visits
from every_command import COMMANDS
from forecast.data.files.header_peek import column_names
from forecast.errors import DataError
from forecast.models.registry import MODELS
from places import ROOT

DOCS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def choices_of(words, parameter):
    """Returns the words that a flag allows; those of an argument are of another kind."""
    shown, _ = parameter.get_help_record(COMMANDS[words])
    choices = shown.partition("<")[2].rstrip(">").split("|")
    return choices if parameter.param_type_name == "option" and len(choices) > 1 else []


CHOOSING = [
    pytest.param(words, parameter, id=f"{' '.join(words)} {parameter.opts[0]}")
    for words, context in COMMANDS.items()
    for parameter in context.command.params
    if choices_of(words, parameter)
]


def completed(*words, folder, **environment):
    """Returns what bash is offered for the last of the words."""
    line = {"COMP_WORDS": " ".join(("forecast", *words)), "COMP_CWORD": str(len(words))}
    done = run(folder=folder, _FORECAST_COMPLETE="complete_bash", **line, **environment)
    assert done.err == ""
    return done.out.split("\n")[:-1] if done.out.strip() else []


def section(words):
    return DOCS.partition(f"\n## forecast {' '.join(words)}\n")[2].partition("\n## ")[0]


# Help and docs


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_parameter_has_help_and_stands_in_the_docs(words):
    for parameter in COMMANDS[words].command.params:
        assert len(parameter.help) > 8, parameter.name
        assert parameter.help.endswith((".", "…")), parameter.name
        for name in parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]:
            assert name in section(words)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stands_in_the_table_at_the_top_of_the_page(words):
    name = f"forecast {' '.join(words)}"
    assert f"| [`{name}`](#{name.replace(' ', '-')}) |" in DOCS.partition("\n## ")[0]


def test_page_of_commands_is_current():
    text = runpy.run_path(str(ROOT / "docs" / "make_commands.py"))["commands_text"]()
    assert text == DOCS, "run: python docs/make_commands.py"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_takes_the_flags_that_all_have(words):
    flags = {name for parameter in COMMANDS[words].command.params for name in parameter.opts}
    assert flags >= {"--store", "--format", "--json", "--quiet", "-q", "--verbose", "-v", "--debug", "--config"}


def test_short_flags_mean_the_same_everywhere():
    standard = {
        "-o": "--output", "-n": "--dry-run", "-f": "--force", "-q": "--quiet", "-v": "--verbose", "-y": "--yes",
    }  # fmt: skip
    for context in COMMANDS.values():
        for parameter in context.command.params:
            short = [name for name in parameter.opts if len(name) == 2]
            assert all(standard[name] in parameter.opts for name in short)


# Completion


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_shell_is_offered_every_flag(words, tmp_path):
    flags = {name for p in COMMANDS[words].command.params for name in p.opts if name.startswith("--")}
    assert set(completed(*words, "--", folder=tmp_path)) == flags | {"--help"}


@pytest.mark.parametrize("words", [(), ("models",), ("config",)])
def test_shell_is_offered_every_command(words, tmp_path):
    inner = {name[len(words)] for name in COMMANDS if name[: len(words)] == words}
    assert set(completed(*words, "", folder=tmp_path)) >= inner


@pytest.mark.parametrize(("words", "parameter"), CHOOSING)
def test_shell_is_offered_each_word_that_a_flag_allows(words, parameter, tmp_path):
    assert completed(*words, parameter.opts[0], "", folder=tmp_path) == choices_of(words, parameter)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("train", "visits.csv", "--target", ""), ["day", "visits"]),
        (("train", "visits.csv", "--time", "d"), ["day"]),
        (("check", "visits.csv", "--id", "day,"), ["day,visits"]),
        (("train", "visits.csv", "--model", "l"), ["lstm", "linear", "local-ridge"]),
        (("train", "visits.csv", "--freq", "M"), ["MS", "ME"]),
        (("compare", "--models", "rnn,ens"), ["rnn,ensemble"]),
        (("compare", "--models", ""), list(MODELS)),
        (("train", "nowhere.csv", "--target", ""), []),
        (("train", "--target", "v"), ["visits"]),  # of forecast.toml's data
        (("predict", ""), ["visits"]),
        (("predict", "visits", "--model-version", ""), ["v1"]),
        (("models", "promote", "visits", ""), ["v1"]),
        (("models", "rollback", "visits", "--to", "v"), ["v1"]),
        (("predict", "visits", "--total", "m"), ["month"]),
        (("history", "x"), []),
    ],
)
def test_shell_is_offered_columns_models_and_versions(words, offered, tmp_path, shop):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    (tmp_path / "forecast.toml").write_text('data = "visits.csv"')
    assert completed(*words, folder=tmp_path, FORECAST_STORE=str(shop.folder / ".forecast")) == offered


def test_completion_is_silent_where_the_settings_are_broken(tmp_path):
    (tmp_path / "forecast.toml").write_text("this is no TOML")
    assert completed("train", "--target", "", folder=tmp_path) == []
    assert completed("train", "--fill", "i", folder=tmp_path) == ["interpolate"]


def test_completion_installs_itself(tmp_path):
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # under cron or CI no shell may be found to detect
    done = launch("--install-completion", "bash", folder=tmp_path, HOME=str(tmp_path), **named)
    assert done.code == 0
    assert "forecast" in (tmp_path / ".bash_completions" / "forecast.sh").read_text()


# The beginning of a file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_column_names_in_every_encoding(encoding, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("Größe;Umsatz;\n2024-01-01;5,2;\n2024-01-02;5,3;\n".encode(encoding))
    assert column_names(path) == ("Größe", "Umsatz")


def test_column_names_need_the_beginning_only(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text("day,ä\n" + "2024-01-01,ä\n" * 10_000, encoding="utf-8")
    for size in range(80, 90):  # somewhere in the middle of a character
        monkeypatch.setattr("forecast.data.files.header_peek.SAMPLE_BYTES", size)
        assert column_names(path) == ("day", "ä")


def test_file_without_a_header_has_no_column_names(tmp_path):
    (tmp_path / "x.csv").write_text("2024-01-01,5\n2024-01-02,6\n")
    with pytest.raises(DataError, match="holds data, not column names"):
        column_names(tmp_path / "x.csv")
