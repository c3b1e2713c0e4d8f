"""From words and flags about data to what the readers take: tables and queries of databases."""

import pytest

from forecast.cli.input_data import flag_words, in_address, settings_for, tuned_for
from forecast.cli.options.groups import DataFlags, OutputFlags, SettingsFlags
from forecast.cli.options.setting_values import Setting
from forecast.cli.options.settings import Configuration
from forecast.errors import UsageError


def test_table_goes_into_the_address_and_a_query_stays_a_flag():
    assert in_address("sqlite:///a.db", DataFlags(table="sales")) == ("sqlite:///a.db#sales", DataFlags())
    asked = DataFlags(query="select 1", target="n")
    assert in_address("sqlite:///a.db", asked) == ("sqlite:///a.db", asked)
    assert flag_words(DataFlags(table="sales", target="n")) == " --target n"


@pytest.mark.parametrize(
    ("data", "flags", "message"),
    [
        ("a.csv", {"table": "t"}, "--table says what is read of a database, and a.csv is none"),
        ("s3://b/a.csv", {"query": "q"}, "--query says what is read of a database, and s3://b/a.csv is none"),
        (None, {"query": "q"}, "and none is named"),
        ("sqlite:///a.db", {"query": "q", "table": "t"}, "both say what is read"),
    ],
)
def test_flag_of_a_database_without_one_is_refused(data, flags, message):
    with pytest.raises(UsageError, match=message):
        in_address(data, DataFlags(**flags))


def test_settings_of_a_folder_that_a_model_has_not_are_left_out_and_told_and_flags_are_kept(capsys):
    own = {"units": Setting(32, "forecast.toml"), "steps": Setting("9", "FORECAST_STEPS"), "tuned": Setting("a", "t")}
    output = OutputFlags(config=Configuration("forecast.toml", own))
    flags = SettingsFlags(units=32, steps=9, layers=2)
    given = settings_for(flags, ("smoothing", "naive"), output).overrides
    assert (given.units, given.steps, given.layers) == (None, None, 2)
    assert capsys.readouterr().err.splitlines() == [
        "Note      units of forecast.toml: not used, since smoothing and naive have no such setting",
        "Note      steps of FORECAST_STEPS: not used, since smoothing and naive have no such setting",
    ]
    assert settings_for(flags, ("linear",), output).overrides.steps == 9
    assert settings_for(flags, ("auto",), output) == flags.settings()
    assert settings_for(SettingsFlags(units=8), ("naive",), output).overrides.units == 8  # a flag: refused, not lost
    assert tuned_for("a", "smoothing", output) is None
    assert (tuned_for("b", "smoothing", output), tuned_for("a", "auto", output)) == ("b", "a")
