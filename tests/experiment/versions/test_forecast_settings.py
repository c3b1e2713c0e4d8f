"""The numbers of a version come back as they were written, and those that an early record lacks are the early ones."""

import ast
import inspect
import json
from dataclasses import fields, replace

import pytest

from forecast.evaluation.distribution.difficulty import DIFFICULTY
from forecast.evaluation.scales import SCALES
from forecast.experiment.versions import forecast_settings
from forecast.experiment.versions.forecast_settings import (
    AS_OF_A984722,
    SCHEMA,
    ForecastSettings,
    read_forecast_settings,
    write_forecast_settings,
)
from forecast.models.method_settings import CURRENT
from forecast.production.store.json_document import NewerStoreError

NOW = ForecastSettings(CURRENT, SCALES, DIFFICULTY)


def written(settings=NOW):
    return json.loads(json.dumps(write_forecast_settings(settings)))


def with_theta(**changes):
    classical = replace(CURRENT.classical, theta=replace(CURRENT.classical.theta, **changes))
    return replace(NOW, methods=replace(CURRENT, classical=classical))


@pytest.mark.parametrize("settings", [NOW, with_theta(theta=0.7, speeds=(0.5,), leads=2)])
def test_what_is_written_is_read(settings):
    assert read_forecast_settings(written(settings)) == settings


def test_a_version_without_a_record_has_that_of_the_programs_that_kept_none():
    assert read_forecast_settings(None) is AS_OF_A984722


def test_a_number_that_a_record_did_not_have_yet_is_that_of_the_early_programs(monkeypatch):
    entry = written(with_theta(theta=0.7))
    del entry["methods"]["classical"]["theta"]["leads"], entry["methods"]["views"], entry["scales"]["belief"]
    monkeypatch.setattr(type(CURRENT.views).__init__, "__defaults__", (9.0,) * 7)  # what a later program might prefer
    read = read_forecast_settings(entry)
    assert (read.methods.classical.theta.theta, read.methods.classical.theta.leads) == (0.7, 4)
    assert (read.methods.views, read.scales.belief) == (AS_OF_A984722.methods.views, 4.0)


def test_every_number_of_the_early_programs_is_written_down():
    """A number that is added later must be put there, too: none of them may come from a default."""
    tree = ast.parse(inspect.getsource(forecast_settings))
    [value] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "AS_OF_A984722"
    ]
    records = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    assert len(records) == 18
    for record in records:
        kind = getattr(forecast_settings, ast.unparse(record.func))
        assert {keyword.arg for keyword in record.keywords} == {field.name for field in fields(kind)}, kind
    assert read_forecast_settings({"schema_version": SCHEMA}) == AS_OF_A984722


def test_a_newer_record_is_refused_with_the_way_out():
    with pytest.raises(NewerStoreError, match=rf"\(schema {SCHEMA + 1};") as error:
        read_forecast_settings(written() | {"schema_version": SCHEMA + 1})
    assert "git pull" in error.value.hint


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("methods", "classical", "theta", "leads"), 0, "'leads' is no number of anything"),
        (("methods", "classical", "theta", "leads"), 2.5, "leads is 2.5, not a whole number"),
        (("methods", "classical", "theta", "speeds"), [], "'speeds' holds nothing"),
        (("methods", "classical", "local_ridge", "lags"), [3], "lags is a list of 1"),
        (("methods", "classical", "seasonality", "kept"), [10**30, 0.5], "'kept' is no number of anything"),
        (("scales", "belief"), 1e300, "'belief' is no number of anything"),
        (("methods", "views", "new"), 1.0, "new is nothing that this program knows"),
        (("scales",), 3, "scales is 3, not an object"),
        (("schema_version",), "one", "schema_version is 'one'"),
    ],
)
def test_a_record_that_no_program_wrote_is_refused(place, value, words):
    entry = written()
    part = entry
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(ValueError, match=words):
        read_forecast_settings(entry)
