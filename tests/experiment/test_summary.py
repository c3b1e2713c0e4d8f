import json

import numpy as np
import pytest

from commands import csv_bytes, visits
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.evaluation.summary import document_of, summary_from
from forecast.experiment.experiment import run_experiment
from forecast.experiment.summary import summary_of
from forecast.specs import Settings
from runs import QUIET

NAMES = ("naive", "seasonal-naive", "drift")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    path = tmp_path_factory.mktemp("account") / "visits.csv"
    path.write_bytes(csv_bytes(visits(120)))
    return run_experiment(read_panel(path), Settings(horizon=7, folds=3), NAMES, QUIET)


@pytest.fixture(scope="module")
def summary(experiment):
    return summary_of(experiment, "forecast compare visits.csv", {"--folds": "3"})


def test_summary_survives_json_and_is_small(summary):
    text = json.dumps(document_of(summary), allow_nan=False)
    assert summary_from(json.loads(text)) == summary
    assert len(text) < 8_000


@pytest.mark.parametrize("odd", [{"level": 101}, {"level": 0}, {"points": 0}])
def test_intervals_that_can_not_be_are_refused(summary, odd):
    document = document_of(summary)
    document["coverage"][0] |= odd
    with pytest.raises(ValueError, match="tells of intervals of"):
        summary_from(document)


def test_coverage_is_that_of_counting(experiment, summary):
    truths = experiment.backtest.truths
    for said in summary.coverage:
        tested = next(tested for tested in experiment.backtest.models if tested.name == said.model)
        pair = next(pair for pair in tested.intervals if pair.level == said.level)
        inside = [
            lower <= truth <= upper
            for truth, lower, upper in zip(truths.flat, pair.lower.flat, pair.upper.flat, strict=True)
            if not np.isnan(truth) and not np.isnan(lower)
        ]
        assert said.points == len(inside)
        assert said.share == pytest.approx(sum(inside) / len(inside))
        assert len(said.by_fold) == 3
    assert {said.level for said in summary.coverage} == {80, 95}


def test_errors_by_step_are_those_of_the_board(experiment, summary):
    for row in summary.leaderboard:
        assert row.rmse_by_step == pytest.approx(experiment.board.by_step[row.model], rel=1e-5)


def test_folds_end_where_the_next_begins_and_the_last_with_the_data(summary):
    origins = [fold.origin for fold in summary.folds]
    assert np.diff(np.array(origins, dtype="datetime64[D]")).tolist() == [np.timedelta64(7, "D")] * 3
    assert summary.calendar.last.startswith("2024-04-29")
    assert summary.calendar.first.startswith("2024-01-01")


def test_what_was_inferred_has_its_flags_and_no_network_is_told_of_where_none_was(summary):
    assert [one.label for one in summary.inferred] == ["Read", "Series", "Season", "Forecast", "Scoring"]
    assert all(flag.startswith("--") for one in summary.inferred for flag in one.flags)
    assert summary.networks == {}


def test_libraries_are_those_that_run(summary):
    assert summary.libraries["numpy"] == np.__version__
    assert {"forecast", "python", "tensorflow"} <= summary.libraries.keys()


def test_columns_beside_the_target_are_told(tmp_path):
    rows = [(day, value, number % 3, "ab"[number % 2]) for number, (day, value) in enumerate(visits(60))]
    (tmp_path / "shop.csv").write_bytes(csv_bytes(rows, header="day,visits,promo,weather"))
    reading = read_panel(tmp_path / "shop.csv", ReadOptions(target=("visits",), known=("promo",), past=("weather",)))
    told = run_experiment(reading, Settings(horizon=7, folds=1), NAMES, QUIET)
    beside = summary_of(told, "", {}).beside
    assert (beside.known, beside.past, beside.static) == (("promo",), ("weather",), ())
    assert beside.levels == {"weather": 2}
    assert (beside.effects, beside.calendar, beside.seen, beside.idle) == ({}, (), (), ())  # no network


@pytest.mark.parametrize(("field", "value", "text"), [
    ("truths", [1.0], "don't fit each other"), ("first", "once", "'once' is no date"),
])  # fmt: skip
def test_folds_that_can_not_be_are_refused(field, value, text):
    own = {
        "series": "s", "fold": 1, "first": "2024-01-01", "came": None, "expected": 3.0, "lowest": None, "highest": None,
        **{name: [1.0, None] for name in ("truths", "forecasts", "lower", "upper")},
    }  # fmt: skip
    data = {"source": "a.csv", "rows": 9, "frequency": "D", "findings": []}
    document = {"leaderboard": [{"model": "gru", "rmse": 1.0}], "data": data, "backtest": [own]}
    assert summary_from(document).backtest[0].truths == (1.0, None)
    with pytest.raises(ValueError, match=text):
        summary_from({**document, "backtest": [{**own, field: value}]})
