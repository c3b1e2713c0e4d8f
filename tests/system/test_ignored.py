"""--ignore: whatever stands in a span that is ignored, no fit, forecast or score of any model may move by one bit."""

import json

import numpy as np
import pytest

from commands import QUICK, run
from forecast.data.panel import panel_from_series
from forecast.errors import DependencyError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.splits import rolling_origins
from forecast.models.registry import ENSEMBLE, MODELS, make_forecaster, spec_names
from marks import slow_but
from runs import QUIET
from tiny import SEASON, VIEWS, tiny_spec, wave

SPAN = (22, 30)
SLOW = {*MODELS.of("classical"), "rnn", "lstm", "gru", "ensemble", "local-ridge"}


def panel_with(poison):
    series = [wave(48), wave(44, seed=2), 50 * wave(48, seed=3)]
    first = [0, 4, 0]
    for values, start in zip(series, first, strict=True):
        values[SPAN[0] - start : SPAN[1] - start + 1] = poison
    return panel_from_series(series, "QS", first=first).ignoring([SPAN])


def backtested(name, panel):
    views = VIEWS[-1:] if name == ENSEMBLE else VIEWS[1:]
    specs = {cell: tiny_spec(cell, views=views, steps=10, anchors=("naive", "smoothing")) for cell in spec_names(name)}
    try:
        forecaster = make_forecaster(name, specs, SEASON, QUIET)
    except DependencyError as missing:
        pytest.skip(missing.message)
    return backtest(
        panel, rolling_origins(panel, 3, 5, least=5), [forecaster], SEASON, refit=False, metric="rmsse", run=QUIET
    )


@pytest.mark.parametrize(
    "name",
    slow_but({*MODELS} - SLOW - {"adida", "imapa", "sba", "naive", "seasonal-naive", "drift", "boosting"}, MODELS),
)
def test_no_model_takes_anything_from_what_is_ignored(name):
    clean, huge = (backtested(name, panel_with(poison)) for poison in (20.0, 1e9))
    [one], [other] = clean.models, huge.models
    np.testing.assert_array_equal(one.forecasts, other.forecasts)
    np.testing.assert_array_equal(clean.truths, huge.truths)
    np.testing.assert_array_equal(clean.scales, huge.scales)
    assert np.isfinite(one.forecasts).all()
    assert np.abs(one.forecasts).max() < 1e4


def test_the_test_above_can_fail():
    bare = [panel_from_series([p.series(0)], "QS") for p in (panel_with(20.0), panel_with(1e9))]
    raw = [
        panel_from_series([np.where(np.isnan(p.values), v, p.values)], "QS")
        for p, v in zip(bare, (20.0, 1e9), strict=True)
    ]
    clean, huge = (backtested("drift", each) for each in raw)
    assert (clean.scales != huge.scales).any()


def test_a_fold_inside_the_span_is_not_scored_and_one_after_it_repeats_what_was_before_it():
    panel = panel_with(1e9)
    result = backtested("seasonal-naive", panel)
    scored = (np.array([fold.cuts for fold in result.folds[1:]])[..., None] + np.arange(3)) + panel.first[:, None]
    inside = (scored >= SPAN[0]) & (scored <= SPAN[1])
    assert np.isnan(result.truths[inside]).all()
    assert not np.isnan(result.truths[~inside]).any()


def series_csv(poison, steps=72):
    rows = [f"{2014 + i // 12}-{i % 12 + 1:02}-01,{v:.6f}" for i, v in enumerate(20 + wave(steps))]
    for i in range(40, 50):
        rows[i] = f"{rows[i].partition(',')[0]},{poison}"
    return "month,sales\n" + "\n".join(rows) + "\n"


def trained(folder, poison, *flags):
    folder.mkdir()
    (folder / "sales.csv").write_text(series_csv(poison))
    outcome = run(
        *("train", "sales.csv", "--ignore", "2017-05..2018-02", "--horizon", "3", "--plots", "none", "--json"),
        *flags,
        folder=folder,
    )
    assert outcome.code == 0, outcome.err
    return outcome


def scores_of(outcome):
    return [
        {k: v for k, v in row.items() if not k.endswith(("seconds", "_ms"))} for row in outcome.document["leaderboard"]
    ]


@pytest.mark.slow
def test_a_train_that_ignores_days_is_the_same_whatever_stands_there(tmp_path):
    flags = ("--model", "linear", *QUICK)
    clean, poisoned = trained(tmp_path / "a", 20, *flags), trained(tmp_path / "b", 1e9, *flags)
    assert scores_of(clean) == scores_of(poisoned)
    forecasts = [(tmp_path / name / "forecasts" / "sales.csv").read_bytes() for name in "ab"]
    assert forecasts[0] == forecasts[1]


def test_predict_gives_trains_numbers_with_its_file_and_without_it(tmp_path):
    trained(tmp_path / "a", 1e9, "--model", "seasonal-naive")
    issued = (tmp_path / "a" / "forecasts" / "sales.csv").read_text()
    again = run("predict", "sales", "--format", "csv", folder=tmp_path / "a")
    (tmp_path / "a" / "sales.csv").unlink()
    alone = run("predict", "sales", "--format", "csv", folder=tmp_path / "a")
    assert issued == again.out == alone.out


@pytest.mark.slow
def test_retrain_and_score_go_on_ignoring(tmp_path):
    folder = tmp_path / "a"
    trained(folder, 20, "--model", "seasonal-naive")
    (folder / "sales.csv").write_text(series_csv(1e9, steps=84))
    outcome = run("retrain", "sales", "--json", folder=folder)
    assert outcome.code == 0, outcome.err
    (version,) = [path for path in (folder / ".forecast/models/sales/versions").iterdir() if _number(path) == 2]
    data = json.loads((version / "manifest.json").read_text())["data"]
    assert data["settled"]["ignore"] == ["2017-05..2018-02"]
    assert data["ranges"][0][1] < 1e4
    assert "--ignore 2017-05..2018-02" in json.loads((version / "metrics.json").read_text())["command"]
    (folder / "sales.csv").write_text(series_csv(1e9, steps=87))
    scored = run("score", "sales", "--json", folder=folder)
    assert scored.code == 0, scored.err


def _number(version):
    return json.loads((version / "manifest.json").read_text())["number"]


@pytest.mark.slow
def test_a_retrain_that_begins_to_ignore_does_not_take_it_for_a_rewritten_past(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "sales.csv").write_text(series_csv(20))
    flags = ("--model", "seasonal-naive", "--horizon", "3", "--plots", "none")
    assert run("train", "sales.csv", *flags, folder=folder).code == 0
    (folder / "sales.csv").write_text(series_csv(20, steps=84))
    outcome = run("retrain", "sales", "--ignore", "2017-05..2018-02", folder=folder)
    assert outcome.code == 0, outcome.err


def test_data_that_ends_in_what_is_ignored_is_forecast_from_its_last_row(tmp_path):
    (tmp_path / "sales.csv").write_text(series_csv(20))
    flags = ("--model", "seasonal-naive", "--horizon", "3", "--plots", "none", "--ignore", "2019-10..")
    outcome = run("train", "sales.csv", *flags, folder=tmp_path)
    assert outcome.code == 0, outcome.err
    lines = (tmp_path / "forecasts" / "sales.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["2020-01-01", "2020-02-01", "2020-03-01"]


def test_check_says_what_would_be_ignored_and_its_clean_table_keeps_the_values(tmp_path):
    (tmp_path / "sales.csv").write_text(series_csv(77))
    outcome = run(
        "check", "sales.csv", "--ignore", "2017-05..2018-02", "--fix", "clean.csv", "--format", "table", folder=tmp_path
    )
    assert "10 steps, 2017-05-01 to 2018-02-01, are neither learned from nor scored" in " ".join(outcome.out.split())
    assert "forecast train clean.csv --ignore 2017-05..2018-02" in outcome.err
    assert (tmp_path / "clean.csv").read_text().count(",77") == 10


@pytest.mark.parametrize(
    ("flags", "words", "hint"),
    [
        (("--ignore", "2031"), "--ignore 2031 lies outside of the data, 2014-01-01 to 2019-12-01.", "--ignore 2016-12"),
        (("--ignore", "2014..2019"), "--ignore 2014..2019 leaves no value to learn from", "--ignore 2016-12"),
        (("--ignore", "..2019-07"), "What is ignored leaves 5 rows, which are too few", "--horizon 1"),
        (
            ("--ignore", "2014-03..2019-07"),
            "What is ignored leaves 7 rows, which are too few",
            "a shorter span to --ignore",
        ),
        (("--ignore", " , "), "--ignore ' , ' names nothing.", "--ignore with a name"),
    ],
)
def test_a_span_that_can_not_be_ignored_is_an_error_with_the_fix(tmp_path, flags, words, hint):
    (tmp_path / "sales.csv").write_text(series_csv(20))
    outcome = run("train", "sales.csv", "--model", "naive", "--horizon", "3", *flags, folder=tmp_path)
    assert outcome.code in {2, 5}
    message, hints = outcome.err.split("hint:  ")
    assert words in " ".join(message.split())
    assert hint in hints
    assert "Traceback" not in outcome.err
