"""Flags > FORECAST_* > file > defaults, seen through `config show` and through the commands themselves."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest
import typer

from commands import csv_bytes, run, visits
from forecast.cli.app import root_command
from forecast.cli.options.config_file import ConfigFile
from forecast.cli.options.config_template import config_form
from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.setting_values import Setting, example_of, read_file
from forecast.cli.options.settings import NEVER, ONE_COMMAND, Configuration, commands_of, options_of, shared_options
from forecast.cli.program import Invocation

CONTEXT = typer.Context(root_command(), info_name="forecast", obj=Invocation())
SHARED = shared_options(commands_of(CONTEXT))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return tmp_path


def write(folder, text, name="forecast.toml"):
    (folder / name).write_text(text)


def shown(folder, *arguments, **environment):
    done = run("config", "show", "--json", *arguments, folder=folder, **environment)
    assert done.code == 0, done.err
    return {row["setting"]: (row["value"], row["origin"]) for row in done.document["settings"]}


# Precedence


@pytest.mark.parametrize("given", list(itertools.product([False, True], repeat=3)))
def test_flag_goes_before_variable_before_file_before_default(given, folder):
    flag, variable, file = given
    if file:
        write(folder, "horizon = 3")
    environment = {"FORECAST_HORIZON": "4"} if variable else {}
    arguments = ("--horizon", "5") if flag else ()
    done = run("check", "visits.csv", *arguments, "--json", folder=folder, **environment)
    wanted = 5 if flag else 4 if variable else 3 if file else 12
    assert done.document["plan"]["horizon"] == wanted


def test_table_of_a_command_goes_before_the_common_settings_and_after_variables(folder):
    write(folder, "horizon = 3\n[check]\nhorizon = 4\n[train]\nhorizon = 5\n")
    command = ("check", "visits.csv", "--json")
    assert run(*command, folder=folder).document["plan"]["horizon"] == 4
    assert run(*command, folder=folder, FORECAST_HORIZON="6").document["plan"]["horizon"] == 6


def test_origin_of_every_value_is_told(folder):
    write(folder, 'horizon = 3\nstore = "there"\nmodels = ["lstm", "gru"]\n[train]\nname = "x"\n')
    rows = shown(folder, "--store", "here", FORECAST_SEED="7")
    assert rows["horizon"] == (3, "forecast.toml")
    assert rows["seed"] == ("7", "FORECAST_SEED")
    assert rows["store"] == ("here", "--store")
    assert rows["models"] == ("lstm,gru", "forecast.toml")
    assert rows["window"] == (None, "default")
    assert rows["train.name"] == ("x", "forecast.toml [train]")
    assert {name.replace("-", "_") for name in rows} >= set(SHARED)


def test_covariates_are_read_from_the_file_and_from_variables(folder):
    rows = [(day, value, i % 3, i % 7, i % 5) for i, (day, value) in enumerate(visits())]
    (folder / "visits.csv").write_bytes(csv_bytes(rows, "day,visits,promo,price,temp"))
    write(folder, 'target = "visits"\nknown = ["promo", "price"]\n[train]\nknown = "price"\n')
    assert shown(folder)["known"] == ("promo,price", "forecast.toml")
    document = run("check", "visits.csv", "--json", folder=folder, FORECAST_PAST="temp").document
    assert document["data"]["covariates"] == []
    assert run("check", "visits.csv", "--json", folder=folder).document["data"]["covariates"] == ["temp"]
    done = run("check", "visits.csv", folder=folder, FORECAST_PAST="promo")
    assert (done.code, "Column promo is asked for twice" in done.err) == (2, True)


def test_empty_variable_is_none(folder):
    assert shown(folder, FORECAST_HORIZON="")["horizon"] == (None, "default")


def test_file_that_is_named_stands_in_place_of_the_nearest(folder):
    write(folder, "this is no TOML")
    write(folder, "horizon = 3", "other.toml")
    assert shown(folder, "--config", "other.toml")["horizon"] == (3, "other.toml")


def test_settings_of_a_parent_folder_count_with_paths_beside_the_file(folder):
    write(folder, 'data = "visits.csv"\nstore = "store"')
    (folder / "sub").mkdir()
    done = run("check", "--json", folder=folder / "sub")
    assert "Using ../visits.csv, named in ../forecast.toml." in done.err
    assert shown(folder / "sub")["store"] == ("../store", "../forecast.toml")


def test_variable_names_the_data_too(folder):
    write(folder, 'data = "other.csv"')
    done = run("check", "--json", folder=folder, FORECAST_DATA="visits.csv")
    assert "Using visits.csv, named in FORECAST_DATA." in done.err


def test_train_takes_its_data_from_the_file(folder):
    assert run("train", folder=folder).code == 2
    write(folder, 'data = "nowhere.csv"')
    done = run("train", folder=folder)
    assert done.code == 4
    assert "Using nowhere.csv, named in forecast.toml." in done.err


def test_commands_that_go_on_with_a_model_keep_to_it(shop, tmp_path):
    """A horizon for training is none for predicting; the store is for both."""
    plain = run("predict", "--json", folder=shop.folder).document["forecasts"]
    environment = {
        "FORECAST_HORIZON": "3",
        "FORECAST_TARGET": "nothing",
        "FORECAST_STORE": str(shop.folder / ".forecast"),
    }
    given = run("predict", "--json", folder=shop.folder, **environment)
    assert given.document["forecasts"] == plain
    write(tmp_path, "[predict]\nhorizon = 3\n")
    own = run("predict", "--json", folder=tmp_path, FORECAST_STORE=environment["FORECAST_STORE"])
    assert len(own.document["forecasts"]) == 3


def test_format_in_a_file_is_the_format_of_errors_too(folder):
    write(folder, 'format = "json"')
    done = run("predict", "nobody", folder=folder)
    assert done.error["code"] == done.code == 4


def test_json_goes_before_a_configured_format_but_contradicts_a_flag(folder):
    write(folder, 'format = "csv"')
    assert run("config", "show", "--json", folder=folder).document["settings"]
    assert run("config", "show", "--json", "--format", "json", folder=folder).document["settings"]
    done = run("config", "show", "--json", "--format", "table", folder=folder)
    assert (done.code, done.error["message"]) == (2, "--json and --format table can't be used together.")


def test_configured_store_is_not_repeated_in_commands_that_are_recommended():
    settings = {"store": Setting("elsewhere", "forecast.toml")}
    assert OutputFlags(store=Path("elsewhere"), config=Configuration(settings=settings)).store_words == ""
    assert OutputFlags(store=Path("other"), config=Configuration(settings=settings)).store_words == " --store other"
    assert OutputFlags(store=Path("elsewhere")).store_words == " --store elsewhere"


# Errors


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("horizont = 3", "In forecast.toml, horizont is no setting. Did you mean 'horizon'?", "forecast train --help"),
        ("date_fromat = 'x'", "date_fromat is no setting. Did you mean 'date-format'?", "forecast train --help"),
        ("[trian]\nhorizon = 3", "In forecast.toml, [trian] is no command. Did you mean 'train'?", "forecast --help"),
        ("[predict]\nseeds = 3", "In forecast.toml [predict], seeds is no setting.", "forecast predict --help"),
        ("horizon = '3'", "In forecast.toml, horizon is '3'; it must be a whole number.", "horizon = 12"),
        ("horizon = 3.5", "horizon is 3.5; it must be a whole number", "horizon = 12"),
        ("horizon = true", "horizon is True; it must be a whole number", "horizon = 12"),
        ("horizon = 0", "horizon is 0: --horizon must be greater than or equal to 1", "horizon = 12"),
        ("seed = 9223372036854775808", "--seed must be less than or equal to 1000000000000000.", "seed = 0"),
        ("units = 200_000", "--units must be less than or equal to 10000.", "units = 3"),
        ("dropout = 'a'", "dropout is 'a'; it must be a number", "dropout = 0.1"),
        ("no-dates = 1", "no-dates is 1; it must be true or false", "no-dates = true"),
        ("target = 5", "target is 5; it must be a text", 'target = "sales"'),
        ("target = ''", "In forecast.toml, target is ''; it must not be empty.", 'target = "sales"'),
        ("known = ','", "In forecast.toml, known is ','; it must not be empty.", 'known = "promo,price"'),
        ("store = ''", "In forecast.toml, store is ''; it must not be empty.", 'store = ".forecast"'),
        ("freq = ['D']", "freq is ['D']; it must be a text", 'freq = "D"'),
        ("data = 5", "data is 5; it must be the path of a file", 'data = "sales.csv"'),
        ("fill = 'zera'", "fill is 'zera': --fill: 'zera' is not one of", 'fill = "interpolate"'),
        ("time-limit = 'soon'", "time-limit is 'soon': --time-limit 'soon' is not a length", 'time-limit = "60s"'),
        ("[train]\non-failure = 'rm'", "on-failure is no setting", "forecast train --help"),
    ],
)
def test_error_names_file_and_key(text, message, hint, folder):
    write(folder, text)
    for command in ("compare", "models list"):
        done = run(*command.split(), "--json", folder=folder)
        assert done.code == 5
        assert message in done.error["message"]
        assert hint in done.error["hint"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FORECAST_HORIZON", "soon", "FORECAST_HORIZON is 'soon': --horizon takes a whole number."),
        ("FORECAST_SEED", "9" * 20, "--seed must be less than or equal to 1000000000000000."),
        ("FORECAST_FILL", "zera", "FORECAST_FILL is 'zera': --fill: 'zera' is not one of"),
        ("FORECAST_NO_DATES", "perhaps", "FORECAST_NO_DATES is 'perhaps': --no-dates"),
    ],
)
def test_variable_that_its_flag_would_not_take_is_an_error_of_usage(variable, value, message, folder):
    done = run("compare", folder=folder, **{variable: value})
    assert done.code == 2
    assert message in done.err
    assert done.err.endswith(f"hint:  unset {variable}\n")


def test_variable_that_is_nearly_a_setting_is_noted(folder):
    done = run("config", "show", folder=folder, FORECAST_HORIZONT="3", FORECAST_EXIT_CODE="0")
    assert done.err == "Note      FORECAST_HORIZONT is no setting. Did you mean 'FORECAST_HORIZON'?\n"


def test_help_needs_no_file_that_can_be_read(folder):
    write(folder, "this is no TOML")
    for words in ((), ("train",), ("config", "init")):
        assert run(*words, "--help", folder=folder).code == 0


# Init


def test_init_writes_a_file_in_which_nothing_counts_but_the_data(folder):
    done = run("config", "init", "visits.csv", folder=folder)
    assert (done.code, done.out) == (0, "")
    assert "Wrote     forecast.toml" in done.err
    rows = shown(folder)
    assert rows.pop("data") == ("visits.csv", "forecast.toml")
    assert {origin for _, origin in rows.values()} == {"default", "--json"} - {"--json"}


def test_init_never_replaces_a_file_without_force(folder):
    write(folder, "this is no TOML")
    done = run("config", "init", folder=folder)
    assert done.code == 2
    assert "forecast.toml exists already" in done.err
    assert run("config", "init", "--force", "--json", folder=folder).document["files"] == ["forecast.toml"]
    assert shown(folder)["horizon"] == (None, "default")


def test_init_reads_no_settings(folder):
    write(folder, "horizon = 3", "other.toml")
    done = run("config", "init", "--config", "other.toml", folder=folder)
    assert done.code == 2
    assert "config init reads no settings" in done.err


def test_each_example_of_init_is_a_value_that_its_flag_takes(folder):
    text = config_form(SHARED, None)
    on = re.sub(r"^# (?=[a-z-]+ = )", "", text.partition("\n# Settings of one command")[0], flags=re.MULTILINE)
    table = tomllib.loads(on)
    assert {key.replace("-", "_") for key in table} == set(SHARED)
    write(folder, on)
    rows = shown(folder)
    assert {origin for _, origin in rows.values()} <= {"forecast.toml", "--json", "--format"}


@pytest.mark.parametrize("command", sorted(commands_of(CONTEXT)))
def test_each_setting_of_each_command_has_an_example_that_its_flag_takes(command):
    tables = {command: options_of(commands_of(CONTEXT)[command])}
    for name, option in tables[command].items():
        example = f"{name} = {example_of(option)}"
        file = ConfigFile(Path("forecast.toml"), "forecast.toml", {command: tomllib.loads(example)})
        assert read_file(file, tables, SHARED, CONTEXT)[1][command, name], example


def test_name_that_is_a_number_is_an_error_with_an_example(folder):
    write(folder, "[train]\nname = 5\n")
    done = run("train", "visits.csv", "--dry-run", folder=folder)
    assert (done.code, done.err) == (
        5, 'error: In forecast.toml [train], name is 5; it must be a text.\nhint:  name = "sales"\n'
    )  # fmt: skip


def test_every_option_is_a_setting_or_is_known_not_to_be():
    for name in ("train", "compare", "check"):
        for option in options_of(commands_of(CONTEXT)[name]):
            assert option in SHARED or option in ONE_COMMAND
            assert option not in NEVER
