import shlex
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest

from command_lines import parse
from forecast.cli.input_data import read_options
from forecast.cli.options import setting_values
from forecast.cli.options.groups import DataFlags, SettingsFlags
from forecast.data.covariates import KINDS
from forecast.data.read_options import LISTS, ReadOptions, setting_names
from forecast.experiment.rerun_command import command_line, given_flags, train_command
from forecast.name_lists import join_names
from forecast.specs import Overrides, Settings

OPTIONS = ReadOptions(
    time="Date,Time", target=("a b", "c"), ids=("shop",), freq="D", date_format="%d/%m/%Y", fill="zero", decimal=",",
    missing=("-200", "n/a"), aggregate="sum", keep_partial=True, known=("promo", "price"), static=("region",),
    ignore=("2020-03..2021-06", "2022-01"),
)  # fmt: skip
SETTINGS = Settings(
    horizon=7, window=28, season=7, folds=2, preset="fast", seed=3, seeds=2, metric="mae",
    overrides=Overrides(units=16, dropout=0.1, loss="huber", learning_rate=0.001), kind="sales",
    calendar=False, country="DE",
)  # fmt: skip
FROM_FILE = SimpleNamespace(path="/data/sales.csv")


def test_nothing_asked_is_no_flag():
    assert given_flags(ReadOptions(), Settings()) == {}
    assert train_command(FROM_FILE, "sales.csv", "sales", {}) == "forecast train sales.csv"


@pytest.mark.parametrize(("options", "settings"), [(OPTIONS, SETTINGS), (ReadOptions(no_dates=True), Settings(seed=1))])
def test_command_asks_for_what_was_asked(options, settings):
    command = train_command(FROM_FILE, "my sales.csv", "shop", given_flags(options, settings))
    name, values = parse(shlex.split(command)[1:])
    assert (name, values["data"], values["name"]) == ("train", "my sales.csv", "shop")
    flags = [
        kind(**{key: value for key, value in values.items() if key in kind.__dataclass_fields__})
        for kind in (DataFlags, SettingsFlags)
    ]
    lists = {name: (join_names(own),) for name in ("target", "ids", *KINDS) if (own := getattr(options, name))}
    assert read_options(flags[0]) == replace(options, **lists)  # the columns of a file take them apart
    assert flags[1].settings() == settings


def test_name_is_said_where_it_is_not_the_file_s():
    assert train_command(FROM_FILE, "sales.csv", "shop", {}).endswith("--name shop")


def test_data_frame_has_no_name_that_a_shell_knows():
    frame = SimpleNamespace(path=None)
    assert train_command(frame, "the data frame", "data", {}).startswith("forecast train DATA")
    assert train_command(frame, "-", "stdin", {}) == "forecast train -"


def test_words_are_quoted_for_the_shell():
    line = command_line(("compare", "a b.csv"), {"--models": "gru,lstm", "--no-dates": ""})
    assert shlex.split(line) == ["forecast", "compare", "a b.csv", "--models", "gru,lstm", "--no-dates"]


def test_settings_come_back_from_their_names_and_every_flag_is_one():
    assert Settings.of(SETTINGS.flat()) == SETTINGS
    assert Settings.of({"units": 16}) == Settings(overrides=Overrides(units=16))
    assert ReadOptions.of({"id": "shop", "target": ("a b", "c"), "missing": "-200, n/a"}) == ReadOptions(
        ids=("shop",), target=("a b", "c"), missing=("-200", "n/a")
    )
    flags = {field.name for group in (DataFlags, SettingsFlags) for field in fields(group)}
    flags -= {"device", "time_limit", "table"}  # the last one stands in the address
    assert {name.removeprefix("no_") if name == "no_calendar" else name for name in flags} == {
        *setting_names().values(),
        *Settings().flat(),
    }
    lists = {setting_names()[name] for name in LISTS}
    assert set(setting_values.LISTS) == {"time", "models", "levels", "quantiles", "fail_if", *lists}


def test_address_and_query_come_back_as_they_were_asked():
    query = "select day, sold from sales where note <> 'a b'"
    given = given_flags(ReadOptions(query=query), Settings())
    reading = SimpleNamespace(path=None)
    line = train_command(reading, "postgresql://ann:${DATABASE_PASSWORD}@h/shop", "shop", given)
    assert shlex.split(line) == ["forecast", "train", "postgresql://ann:${DATABASE_PASSWORD}@h/shop", "--query", query]
    assert (
        train_command(reading, "sqlite:////a/shop.db#sales", "sales", {})
        == "forecast train 'sqlite:////a/shop.db#sales'"
    )
