"""--half-life: whoever learns from rows learns more from the newest, version after version."""

import json
from dataclasses import replace

import numpy as np
import pytest

from commands import run
from forecast.data.panel import panel_from_series
from forecast.models.covariates.covariate_model import fit_covariate_model
from forecast.models.forecaster import Watcher
from forecast.models.networks.smoothed_base import fit_smoothing
from forecast.models.registry import make_forecaster
from forecast.specs import View
from runs import QUIET
from tiny import tiny_spec
from told import told, told_spec


def echoes():
    """An impulse now and then, and the last of all; a high value came after each of old, a low one of late."""
    rng = np.random.default_rng(1)
    values = 50 + rng.normal(0, 0.1, 200)
    for step in [*range(9, 190, 9), 199]:
        values[step] += 5
        values[step + 1 : step + 2] += 4 if step < 130 else -4
    return panel_from_series([values], "YS")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ridge", "boosting", "linear", "gru"])
def test_a_model_forecasts_what_came_of_late_rather_than_what_came_of_old(name):
    view = View("last-value", level="mean", scale="deviation", ridge=True)
    specs = {cell: tiny_spec(cell, steps=60, season=1, views=(view,)) for cell in ("linear", "gru")}
    after = []
    for half_life in (None, 15.0):
        panel = replace(echoes(), half_life=half_life)
        fitted = make_forecaster(name, specs, 1, QUIET).fit(panel, Watcher())
        after.append(fitted.predict_members(panel).values[0, 0, 0])
    assert after[1] < after[0] - 0.5


def test_a_smoothed_base_counts_a_window_of_double_weight_as_two():
    rng = np.random.default_rng(0)
    windows, futures = rng.normal(size=(12, 8)), rng.normal(size=(12, 3))
    twice = np.arange(12) < 4
    weights = np.where(twice, 2.0, 1.0)[:, None] * np.ones((1, 3))
    weighed = fit_smoothing(windows, futures, np.ones((12, 1)), 4, QUIET.cache, weights)
    rows = np.concatenate([np.arange(12), np.flatnonzero(twice)])
    repeated = fit_smoothing(windows[rows], futures[rows], np.ones((16, 1)), 4, QUIET.cache)
    np.testing.assert_allclose(weighed, repeated, rtol=1e-5, atol=1e-7)


def test_an_effect_is_rather_what_it_was_of_late():
    rng = np.random.default_rng(3)
    promo = (rng.random(206) < 0.3).astype(float)
    growth = np.where(np.arange(200) < 140, 0.2, 0.8)
    values = 100 * np.exp(growth * promo[:200]) * rng.normal(1, 0.01, 200)
    panel = told([values], {"promo": [promo]})
    found = [
        float(fit_covariate_model(replace(panel, half_life=h), told_spec("linear")).effects.own[0, 0])
        for h in (None, 15.0)
    ]
    assert found[0] < 0.5
    assert found[1] > 0.65


def sales(steps):
    rng = np.random.default_rng(0)
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 6) + rng.normal(0, 2, steps)
    return "month,sales\n" + "".join(f"{2014 + i // 12}-{i % 12 + 1:02}-01,{v:.4f}\n" for i, v in enumerate(values))


def forecasts(folder):
    return [float(line.split(",")[3]) for line in (folder / "forecasts" / "sales.csv").read_text().splitlines()[1:]]


@pytest.mark.slow
def test_a_version_keeps_its_half_life_and_retrain_learns_by_it(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(60))
    flags = ("--model", "ridge", "--horizon", "3", "--folds", "1", "--plots", "none")
    assert run("train", "sales.csv", *flags, "--name", "plain", folder=tmp_path).code == 0
    outcome = run("train", "sales.csv", *flags, "--half-life", "6mo", folder=tmp_path)
    assert outcome.code == 0, outcome.err
    assert "what is 6mo (6 steps) older counts half where networks, regressions and effects learn" in " ".join(
        outcome.err.split()
    )
    (tmp_path / "sales.csv").write_text(sales(72))
    retrained = run("retrain", "sales", "--force", folder=tmp_path)
    assert retrained.code == 0, retrained.err
    manifests = {
        document["number"]: document
        for path in (tmp_path / ".forecast/models/sales/versions").iterdir()
        for document in [json.loads((path / "manifest.json").read_text())]
    }
    assert manifests[2]["data"]["settled"]["half_life"] == "6mo"
    assert manifests[1]["settings"] == manifests[2]["settings"]
    issued = forecasts(tmp_path)
    anew = run("train", "sales.csv", *flags, "--half-life", "6mo", "--name", "other", folder=tmp_path)
    assert anew.code == 0, anew.err
    other = (tmp_path / "forecasts" / "other.csv").read_text().splitlines()[1:]
    np.testing.assert_allclose(issued, [float(line.split(",")[3]) for line in other], rtol=1e-6)


@pytest.mark.parametrize(
    ("flags", "words", "hint"),
    [
        (("--half-life", "52"), "--half-life '52' is not a length of time.", "--half-life 90d, 26w, 18mo or 1y"),
        (("--half-life", "1d"), "--half-life 1d is shorter than a step of monthly data.", "--half-life 1y"),
        (("--half-life", ""), "--half-life is empty.", "--half-life with a value"),
    ],
)
def test_what_is_no_half_life_is_an_error_with_the_fix(tmp_path, flags, words, hint):
    (tmp_path / "sales.csv").write_text(sales(60))
    outcome = run("train", "sales.csv", "--model", "naive", *flags, folder=tmp_path)
    assert outcome.code == 2
    assert words in outcome.err
    assert f"hint:  {hint}" in outcome.err


def test_a_file_of_settings_may_say_it(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(60))
    (tmp_path / "forecast.toml").write_text('half-life = "1y"\nignore = ["2015", "2016-02..2016-03"]\n')
    outcome = run("check", "sales.csv", "--json", folder=tmp_path)
    assert [finding["flag"] for finding in outcome.document["findings"]].count("--half-life") == 1
    texts = " ".join(finding["text"] for finding in outcome.document["findings"])
    assert "14 steps, 2015-01-01 to 2015-12-01, 2016-02-01 to 2016-03-01, are neither" in texts
