import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from commands import run
from forecast.errors import UsageError
from forecast.evaluation.significance import LEAST_BLOCKS, paired_blocks
from forecast.experiment.ablation.ablation import check_ablation
from forecast.report.figures.ablation import ablation_figure
from forecast.specs import Machine

FLAGS = ("--known", "promo", "--static", "region", "--horizon", "7", "--folds", "2", "--steps", "50", "--seeds", "1")


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Ten weeks … of four shops whose promotions double the sales."""
    folder, rng = tmp_path_factory.mktemp("shops"), np.random.default_rng(2)
    lines = ["date,shop,region,promo,sales"]
    for shop in range(4):
        for day in range(140):
            promo = int(rng.random() < 0.3)
            sales = (
                (100 + 20 * shop) * (2.0 if promo else 1.0) * (1 + 0.3 * (day % 7 == 5)) * np.exp(0.05 * rng.normal())
            )
            date = np.datetime64("2024-01-01") + day
            lines.append(f"{date},S{shop},{'north' if shop < 2 else 'south'},{promo},{sales:.1f}")
    (folder / "shops.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def cheaply():
    """No XLA for loops of a moment, and three trees: boosting, which is compared too, is not what is asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.experiment.experiment.machine_for", lambda models, asked: Machine(jit=False))
        patch.setattr("forecast.models.regression.TREES", 3)
        yield


@pytest.fixture(scope="module")
def ablated(shops):
    return run("compare", "shops.csv", "--models", "linear", *FLAGS, "--ablate", "--json", folder=shops)


@pytest.mark.slow
def test_ablation_tells_what_each_covariate_is_worth(ablated, shops):
    document = ablated.document["ablation"]
    rows = {row["covariate"]: row for row in document["covariates"]}
    assert document["model"] == "linear"
    assert set(rows) >= {"promo", "region", "all covariates"}
    assert rows["promo"]["worth_share"] > 0.5
    assert rows["promo"]["p"] < 0.05
    for row in rows.values():
        assert row["worth"] == pytest.approx(row["rmse_without"] - document["rmse"])
    files = ablated.document["files"]
    assert any(file.endswith("-compare-ablation.png") for file in files)
    [table] = [file for file in files if file.endswith("-compare-ablation.csv")]
    written = list(csv.DictReader((shops / table).read_text().splitlines()))
    assert [row["covariate"] for row in written] == [row["covariate"] for row in document["covariates"]]


@pytest.mark.slow
def test_ablation_without_a_column_is_the_backtest_of_a_file_that_lacks_it(ablated, shops):
    lines = (shops / "shops.csv").read_text().splitlines()
    bare = [",".join(cell for c, cell in enumerate(line.split(",")) if c != 3) for line in lines]
    (shops / "bare.csv").write_text("\n".join(bare) + "\n")
    flags = [flag for flag in FLAGS if flag not in {"--known", "promo"}]
    alone = run("compare", "bare.csv", "--models", "linear", *flags, "--json", "--plots", "none", folder=shops)
    rmse = next(row["rmse"] for row in alone.document["leaderboard"] if row["model"] == "linear")
    without = next(row for row in ablated.document["ablation"]["covariates"] if row["covariate"] == "promo")
    assert without["rmse_without"] == pytest.approx(rmse, rel=1e-6)


@pytest.mark.slow
def test_ablation_stands_below_the_leaderboard_as_a_table_and_beside_it_as_csv(shops):
    words = ("compare", "shops.csv", "--models", "linear", *FLAGS, "--ablate", "--plots", "none")
    table = run(*words, "--format", "table", folder=shops)
    assert table.out.index("seasonal-naive") < table.out.index("loses without each covariate")
    piped = run(*words, "--format", "csv", folder=shops)
    assert "loses without" not in piped.out
    assert "loses without" in piped.err


@pytest.mark.slow
def test_a_dry_run_of_an_ablation_names_the_trainings_and_the_files(shops):
    done = run("compare", "shops.csv", "--models", "linear", *FLAGS, "--ablate", "-n", "--json", folder=shops)
    document = json.loads(done.out)
    [step] = [step for step in document["steps"] if step["verb"] == "ablate"]
    assert "3 times, without promo, region, and all of them" in step["what"]
    assert "forecasts/shops-compare-ablation.csv" in document["files"]


@pytest.mark.slow
def test_train_tells_what_shuffling_each_covariate_costs(shops):
    done = run("train", "shops.csv", "--model", "linear", *FLAGS, "--plots", "none", "--json", folder=shops)
    worth = {one["covariate"]: one for one in done.document["importance"]}
    assert worth["promo"]["share"] > 0.5
    assert worth["region"]["rise"] == 0  # the linear network is told no traits


@pytest.mark.parametrize(
    ("covariates", "models", "is_timed", "message"),
    [
        (None, ("lstm",), False, "none are named"),
        (object(), ("ridge", "naive"), False, "none is compared"),
        (object(), ("lstm",), True, "time-limit"),
    ],
)
def test_what_cannot_be_ablated_is_refused(covariates, models, is_timed, message):
    with pytest.raises(UsageError, match=message):
        check_ablation(SimpleNamespace(covariates=covariates), models, is_timed=is_timed)


def test_paired_blocks_find_a_small_difference_that_every_series_shows():
    rng = np.random.default_rng(0)
    truths, noise = np.zeros((2, 20, 6)), rng.normal(size=(2, 20, 6))
    assert paired_blocks(truths, 1.05 * noise, noise) < 1e-6
    assert paired_blocks(truths, noise, noise) == 1
    other = rng.normal(size=(2, 20, 6))
    assert paired_blocks(truths, other, noise) > 0.05
    assert paired_blocks(truths, noise, other) == pytest.approx(paired_blocks(truths, other, noise))
    assert np.isnan(paired_blocks(truths[:, : LEAST_BLOCKS // 2 - 1], other[:, :3], noise[:, :3]))


def test_ablation_plot_tells_gains_losses_and_ties_apart():
    rows = [
        SimpleNamespace(covariate="promo", worth=9.0, spread=1.0, share=0.9, is_tie=False),
        SimpleNamespace(covariate="a very long name of a column that nobody would ever type", worth=0.1, spread=None,
                        share=0.01, is_tie=True),
        SimpleNamespace(covariate="rain", worth=-3.0, spread=0.5, share=-0.3, is_tie=False),
    ]  # fmt: skip
    figure = ablation_figure(rows, target="sales", title="What each is worth")
    bars = figure.axes[0].patches
    assert len({bar.get_facecolor() for bar in bars}) == 3
    assert [bar.get_width() for bar in bars] == [9.0, 0.1, -3.0]
    assert "ablation" not in figure.axes[0].get_xlabel()
    assert "(sales)" in figure.axes[0].get_xlabel()
