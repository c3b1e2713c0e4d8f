"""A trial: what no setting changes is made once for all of them, and each errs as it would alone."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.experiment.tuning.trial import score_trial
from forecast.experiment.tuning.trial_order import TrialOrder
from forecast.models.covariates import effect_fit
from forecast.models.networks import fitting
from forecast.run import SILENT, Cache, Run, StoppedClock
from forecast.specs import Machine, Overrides, Settings


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    source = tmp_path_factory.mktemp("trials") / "shop.csv"
    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-03-11"))
    sales = 50 + 10 * np.sin(np.arange(len(days)) * 2 * np.pi / 7) + np.random.default_rng(0).normal(size=len(days))
    source.write_text("day,sales\n" + "".join(f"{day},{one:.3f}\n" for day, one in zip(days, sales, strict=True)))
    return read_panel(str(source), ReadOptions())


def scored(reading, changes, run):
    settings = Settings(horizon=4, window=14, folds=2, seeds=1, overrides=Overrides(steps=2))
    order = TrialOrder(reading.source, ReadOptions(), "f", "2024-03-11", settings, "linear", changes, 0)
    return score_trial(order, reading, run)


def new_run():
    return Run(Machine(), SILENT, StoppedClock(), Cache())


@pytest.mark.parametrize("changes", [{"learning-rate": 0.004}, {"window": 21}, {"views": "log"}])
def test_effects_of_dates_are_learned_once_for_all_trials_and_none_errs_otherwise(reading, changes, monkeypatch):
    fits, fit = [], effect_fit.fit_effects
    monkeypatch.setattr(
        "forecast.models.covariates.covariate_model.fit_effects", lambda *given: fits.append(1) or fit(*given)
    )
    run = new_run()
    default = scored(reading, {}, run)
    learned = len(fits)
    beside = scored(reading, changes, run)
    assert (learned, len(fits)) == (3, 3)  # the fold that warms up, and two
    alone = scored(reading, changes, new_run())
    assert beside["blocks"] == alone["blocks"] != default["blocks"]
    assert len(fits) == 6


def test_windows_of_several_trials_are_kept_while_they_are_small(reading):
    panel = reading.panel
    large = replace(panel, values=np.zeros(fitting.FEW_STEPS + 1))
    half = replace(panel, values=np.zeros(fitting.FEW_STEPS // 2))
    kept = [fitting._kept_of(each) for each in (panel, half, large)]
    assert kept == [fitting.MOST_FOLDS, 2 * fitting.FEW_FOLDS, 1]
