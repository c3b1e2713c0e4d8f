import io

import numpy as np
import pandas as pd
import pytest

from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.data.panel import panel_from_series
from forecast.evaluation.distribution.quantile_metrics import calibration_error, wql
from forecast.evaluation.live.points import join_live
from forecast.evaluation.live.scores import errors_by_origin, score_live, step_groups
from forecast.evaluation.metrics import naive_scale
from forecast.report.tables import live_row

SEASON = 4
COLUMNS = [
    *("series_id", "timestamp", "step", "forecast", "lower_80", "upper_80", "lower_95", "upper_95"),
    *("model", "version", "origin"),
]


def day(number):
    return str(np.datetime64("1970-01-01") + int(number))


def table(origin, horizon=6, version="v1", ids=("a", "b"), seed=0):
    """A forecast that somebody made on a day, counted from 1970, as the program writes it."""
    rng = np.random.default_rng([seed, origin])
    rows = []
    for name in ids:
        for step in range(1, horizon + 1):
            point, width = rng.normal(20, 5), rng.uniform(1, 8)
            inner = [point - width, point + width] if rng.uniform() < 0.8 else [None, None]
            rows.append([name, day(origin + step), step, point, *inner, point - 9, point + 9, "gru", version])
    return pd.DataFrame([[*row, day(origin)] for row in rows], columns=COLUMNS)


def parsed(frame):
    return parse_forecasts(frame.to_csv(index=False).encode())


def a_panel(fill="interpolate"):
    """Two daily series, the second begins later, both with gaps."""
    rng = np.random.default_rng(7)
    values = [rng.normal(20, 4, 40), rng.normal(20, 4, 33)]
    values[0][[5, 22, 23, 31, 36]] = np.nan
    values[1][[3, 20]] = np.nan
    return panel_from_series(values, "D", series_ids=["a", "b"], first=[0, 5], fill=fill)


def actuals(panel):
    """The same values as a pandas series by name and day."""
    return pd.Series(
        {
            (name, day(panel.first[i] + t)): v
            for i, name in enumerate(panel.series_ids)
            for t, v in enumerate(panel.series(i))
        }
    )


FRAMES = [
    table(20),
    table(24),
    table(24, version="v2", seed=1),
    table(30, 9, version="v2", seed=1),
    table(36, 9, "v10"),
]


def recomputed(frames, panel):
    """Every issued row once, its truth, and its seasonal naive, by pandas alone."""
    rows = pd.concat(frames).drop_duplicates(["series_id", "version", "origin", "step"], keep="first")
    known = actuals(panel)
    rows["truth"] = [
        known.get((name, stamp), np.nan) for name, stamp in zip(rows.series_id, rows.timestamp, strict=True)
    ]
    filled = {}
    for (name, origin), _ in rows.groupby(["series_id", "origin"]):
        past = known[name]
        past = past[past.index <= origin]
        filled[name, origin] = past.interpolate().bfill()
    naive = []
    for row in rows.itertuples():
        past = filled[row.series_id, row.origin]
        naive.append(past.iloc[-SEASON + (row.step - 1) % SEASON] if len(past) >= SEASON else past.iloc[-1])
    rows["naive"] = naive
    return rows


def expected(rows):
    due = rows.dropna(subset="truth")
    error = due.forecast - due.truth
    inner, outer = due.dropna(subset="lower_80"), due.dropna(subset="lower_95")
    naive = ((due.naive - due.truth) ** 2).mean() ** 0.5
    return {
        "issued": len(rows),
        "points": len(due),
        "origins": due.origin.nunique(),
        "rmse": (error**2).mean() ** 0.5,
        "mae": error.abs().mean(),
        "bias": error.mean(),
        "coverage_80": inner.truth.between(inner.lower_80, inner.upper_80).mean(),
        "coverage_95": outer.truth.between(outer.lower_95, outer.upper_95).mean(),
        "naive_rmse": naive,
        "skill": 1 - (error**2).mean() ** 0.5 / naive,
    }


def test_scores_are_those_that_pandas_finds():
    panel = a_panel()
    points, lost = join_live(panel, [parsed(frame) for frame in FRAMES], SEASON, lone=False)
    rows = recomputed(FRAMES, panel)
    assert (lost, points.steps.size, int(points.arrived.sum())) == (0, len(rows), int(rows.truth.notna().sum()))
    scores = score_live(points)
    assert {(score.version, score.steps) for score in scores} >= {("all", "all"), ("v2", "8-9"), ("v10", "1-3")}
    for score in scores:
        own = rows if score.version == "all" else rows[rows.version == score.version]
        if score.steps != "all":
            first, last = score.steps.split("-")[0], score.steps.split("-")[-1]
            own = own[own.step.between(int(first), int(last))]
        for name, value in expected(own).items():
            found = live_row(score)[name]
            found = np.nan if found is None else found
            assert found == pytest.approx(value, rel=1e-12, nan_ok=True), (score.version, score.steps, name)


def test_versions_are_in_the_order_of_their_numbers():
    points, _ = join_live(a_panel(), [parsed(frame) for frame in FRAMES], SEASON, lone=False)
    assert list(dict.fromkeys(score.version for score in score_live(points))) == ["all", "v1", "v2", "v10"]


def test_what_is_issued_again_counts_once_as_it_was_first():
    panel, again = a_panel(), table(24, seed=9)
    tables = [parsed(frame) for frame in FRAMES]
    before, _ = join_live(panel, tables, SEASON, lone=False)
    after, _ = join_live(panel, [*tables, tables[0], parsed(again)], SEASON, lone=False)
    assert score_live(after) == score_live(before)
    reverse, _ = join_live(panel, [parsed(again), *tables], SEASON, lone=False)
    assert reverse.steps.size == before.steps.size
    assert score_live(reverse) != score_live(before)


def test_order_of_rows_changes_nothing():
    panel = a_panel()
    mixed = [parsed(frame.sample(frac=1, random_state=1)) for frame in FRAMES]
    plain = [parsed(frame) for frame in FRAMES]
    scores = [score_live(join_live(panel, tables, SEASON, lone=False)[0]) for tables in (plain, mixed)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("fill", ["interpolate", "previous", "zero"])
def test_seasonal_naive_knows_nothing_after_its_origin(fill):
    panel = a_panel(fill)
    tables = [parsed(table(23)), parsed(table(31))]
    points, _ = join_live(panel, tables, SEASON, lone=False)
    later = panel.values.copy()
    later[24:40] = np.where(np.isnan(later[24:40]), np.nan, 1e6)  # series a, after the first origin
    poisoned = panel_from_series([later[:40], later[40:]], "D", series_ids=["a", "b"], first=[0, 5], fill=fill)
    after, _ = join_live(poisoned, tables, SEASON, lone=False)
    early = points.origins == 23
    np.testing.assert_array_equal(after.naive[early], points.naive[early])
    assert not np.array_equal(after.naive, points.naive, equal_nan=True)


def test_truths_that_arrive_change_no_score_of_those_that_had():
    whole = a_panel()
    cut = whole.until([34, 29])
    tables = [parsed(frame) for frame in FRAMES]
    now, _ = join_live(cut, tables, SEASON, lone=False)
    later, _ = join_live(whole, tables, SEASON, lone=False)
    known = now.arrived
    assert 0 < known.sum() < later.arrived.sum()
    np.testing.assert_array_equal(later.truths[known], now.truths[known])
    np.testing.assert_array_equal(later.naive[known], now.naive[known])


def test_filled_gaps_are_not_scored():
    panel = a_panel()
    points, _ = join_live(panel, [parsed(table(20))], SEASON, lone=False)
    gaps = (points.series == 0) & np.isin(points.origins + points.steps, [22, 23])
    assert gaps.sum() == 2
    assert not points.arrived[gaps].any()


def test_a_lone_series_is_scored_whatever_it_was_called():
    panel = a_panel().select([0])
    frame = table(20, ids=("a",))
    renamed = frame.assign(series_id="old_name")
    scores = [score_live(join_live(panel, [parsed(f)], SEASON, lone=True)[0]) for f in (frame, renamed)]
    assert scores[0] == scores[1]
    assert join_live(panel, [parsed(renamed)], SEASON, lone=False)[1] == 6


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"series_id": "c"}, 12),
        ({"version": "mine"}, 12),
        ({"version": "v²"}, 12),
        ({"forecast": None}, 12),
        ({"origin": "1970-01-01T06:00:00"}, 12),
        ({"origin": "1970-01-20"}, 12),  # then the steps don't fit: of another frequency
    ],
)
def test_rows_that_fit_nothing_are_counted_and_left_out(change, lost):
    points, count = join_live(a_panel(), [parsed(table(20).assign(**change)), parsed(table(24))], SEASON, lone=False)
    assert count == lost
    assert points.steps.size == 12


def test_monthly_forecasts_are_not_taken_for_daily_ones():
    text = ",".join(COLUMNS) + "\na,1970-02-01,1,5,,,,,gru,v1,1970-01-01\n"
    points, lost = join_live(a_panel(), [parsed(pd.read_csv(io.StringIO(text)))], SEASON, lone=False)
    assert (points.steps.size, lost) == (0, 1)


def test_without_history_there_is_no_skill_but_an_error():
    panel = a_panel()
    late = panel_from_series([panel.series(0)[25:]], "D", series_ids=["a"], first=[25])
    [score, *_] = score_live(join_live(late, [parsed(table(24))], SEASON, lone=False)[0])
    assert (score.points, score.naive_rmse, score.skill) == (6, None, None)
    assert score.rmse > 0


def test_nothing_issued_and_nothing_come_true_have_no_scores():
    for tables in ([], [parsed(table(60))]):
        points, lost = join_live(a_panel(), tables, SEASON, lone=False)
        assert (score_live(points), lost) == ((), 0)


@pytest.mark.parametrize("horizon", [*range(1, 30), 365])
def test_groups_of_steps_cover_the_horizon_and_do_not_overlap(horizon):
    groups = step_groups(horizon)
    assert [step for first, last in groups for step in range(first, last + 1)] == list(range(1, horizon + 1))
    assert len(groups) == min(horizon, 4)
    sizes = [last - first for first, last in groups]
    assert max(sizes) - min(sizes) <= 1


def test_no_horizon_has_no_groups():
    assert step_groups(0) == []


def test_error_of_each_forecast_is_that_which_pandas_finds():
    panel = a_panel()
    points, _ = join_live(panel, [parsed(frame) for frame in FRAMES], SEASON, lone=False)
    rows = recomputed(FRAMES, panel)
    rows["number"] = rows.version.str[1:].astype(int)
    errors = errors_by_origin(points)
    groups = [(key, own) for key, own in rows.groupby(["number", "origin"]) if own.truth.notna().any()]
    assert [(n, day(o)) for n, o in zip(errors.versions, errors.origins, strict=True)] == [key for key, _ in groups]
    assert errors.rmse == pytest.approx([expected(own)["rmse"] for _, own in groups])
    assert errors.naive_rmse == pytest.approx([expected(own)["naive_rmse"] for _, own in groups])
    assert errors.is_complete.tolist() == [bool(own.truth.notna().all()) for _, own in groups]


def test_scale_of_each_point_is_that_of_its_series_up_to_the_origin():
    panel = a_panel()
    points, _ = join_live(
        panel, [parsed(frame) for frame in [*FRAMES, table(1), table(3), table(7)]], SEASON, lone=False
    )
    for series, origin, scale in zip(points.series, points.origins, points.scales, strict=True):
        known = panel.series(series)[: max(origin - panel.first[series] + 1, 0)]
        np.testing.assert_allclose(scale, naive_scale(known, SEASON))
    assert np.isnan(points.scales).any()
    assert (points.scales > 0).any()


def test_small_series_keeps_its_scale_beside_a_huge_one():
    panel = panel_from_series([1e15 + 1e12 * np.arange(40) % 7, 1e-6 * np.arange(40.0)], "D", series_ids=["a", "b"])
    points, _ = join_live(panel, [parsed(table(20))], SEASON, lone=False)
    np.testing.assert_allclose(points.scales[points.series == 1], 4e-6)


def test_distribution_is_scored_as_far_as_it_was_issued():
    points, _ = join_live(a_panel(), [parsed(frame) for frame in FRAMES], SEASON, lone=False)
    score = next(each for each in score_live(points) if (each.version, each.steps) == ("all", "all"))
    due = points.some(points.arrived)
    quantiles = np.stack([due.bounds[0], due.bounds[1], due.bounds[2], due.bounds[3], due.forecasts])
    probabilities = (0.1, 0.9, 0.025, 0.975, 0.5)
    assert score.wql_of_bounds == pytest.approx(wql(due.truths, quantiles, probabilities))
    assert score.calibration_error_of_bounds == pytest.approx(calibration_error(due.truths, quantiles, probabilities))
    assert score.wape == pytest.approx(np.abs(due.truths - due.forecasts).sum() / np.abs(due.truths).sum())
    assert score.relative_bias == pytest.approx((due.forecasts - due.truths).sum() / np.abs(due.truths).sum())
    lower, upper = due.bounds_of(95)
    each = upper - lower + 40 * np.maximum(lower - due.truths, 0) + 40 * np.maximum(due.truths - upper, 0)
    scaled = pd.Series(each / due.scales).groupby(due.series).mean()
    assert score.msis == pytest.approx(scaled.mean())


def test_forecasts_without_bounds_have_no_scores_of_them():
    bare = table(24).assign(lower_80=None, upper_80=None, lower_95=None, upper_95=None)
    [score, *_] = score_live(join_live(a_panel(), [parsed(bare)], SEASON, lone=False)[0])
    assert (score.wql_of_bounds, score.msis, score.calibration_error_of_bounds) == (None, None, None)
    assert score.wape > 0


def test_level_that_few_forecasts_were_issued_with_leaves_the_others_scored():
    """A version that was asked for 50 %, beside older ones that were not."""
    own = table(24, version="v3")
    middle = own.assign(lower_50=own["forecast"] - 1, upper_50=own["forecast"] + 1)
    frames = [*FRAMES, middle]
    points, _ = join_live(a_panel(), [parsed(frame) for frame in frames], SEASON, lone=False)
    scores = {each.version: each for each in score_live(points) if each.steps == "all"}
    due = points.some(points.arrived)
    usual = np.stack([*due.bounds_of(80), *due.bounds_of(95), due.forecasts])
    assert scores["all"].wql_of_bounds == pytest.approx(wql(due.truths, usual, (0.1, 0.9, 0.025, 0.975, 0.5)))
    newest = due.some(due.versions == 3)
    assert not np.isnan(newest.bounds_of(50)[0]).all()
    every = np.stack([*newest.bounds_of(50), *newest.bounds_of(80), *newest.bounds_of(95), newest.forecasts])
    probabilities = (0.25, 0.75, 0.1, 0.9, 0.025, 0.975, 0.5)
    only_v3 = score_live(join_live(a_panel(), [parsed(middle)], SEASON, lone=False)[0])[0]
    assert only_v3.wql_of_bounds == pytest.approx(wql(newest.truths, every, probabilities))
