"""What a cell is worth alone: the parts add up to the whole, and each is what it says."""

from dataclasses import replace

import numpy as np
import pytest

from commands import csv_bytes, run, visits
from forecast.data.windows import last_lookbacks
from forecast.errors import UsageError
from forecast.experiment.ablation.cell_worth import _Part, check_alone, worth_words
from forecast.experiment.time_limit import Terms
from forecast.metric_records import CELL_PARTS
from forecast.models.forecaster import Watcher
from forecast.models.networks.recurrent import run_network
from forecast.models.views import restore, see
from forecast.specs import Settings
from tiny import awkward_panel, random_model, tiny_spec
from untrained import Untrained, train_nothing

FLAGS = ("--horizon", "7", "--folds", "2", "--seeds", "1", "--plots", "none")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worth")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        yield folder


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_a_part_has_no_anchor_and_an_untrained_one_is_the_naive_base(cell):
    panel = awkward_panel()
    part = _Part(cell, Untrained(cell, tiny_spec(cell)), is_trained=False)
    fitted = part.fit(panel, Watcher())
    members = fitted.predict_members(panel)
    assert members.anchors is None
    model = fitted.model
    (network,) = model.networks
    statistics = model.statistics_of(panel, network.view)
    maps = model.maps_of(network.view, statistics)
    seen = see(last_lookbacks(panel, 8, network.view.season), maps, statistics.level, statistics.scale)
    np.testing.assert_allclose(members.values[0], restore(np.zeros((len(panel), 3)), seen, maps))
    whole = _Part(cell, Untrained(cell, tiny_spec(cell)), is_trained=True).fit(panel, Watcher())
    assert np.abs(whole.predict_members(panel).values - members.values).max() > 0
    own = run_network(model.spec, whole.model.networks[0].weights, seen.inputs, None, seen.normalised_base)
    np.testing.assert_allclose(whole.predict_members(panel).values[0], restore(own, seen, maps))


@pytest.mark.slow
def test_parts_add_up_to_the_leaderboard(folder):
    done = run("compare", "visits.csv", "--models", "lstm,gru,linear", *FLAGS, "--alone", "--json", folder=folder)
    assert done.code == 0, done.err
    rows = {row["model"]: row for row in done.document["leaderboard"]}
    for cell in ("lstm", "gru"):
        own = rows[cell]
        assert own["rmse_alone"] - own["highway_adds"] - own["anchor_adds"] == pytest.approx(own["rmse"])
        assert own["rmse_base"] != own["rmse_alone"]
        assert f"The {cell} alone has an RMSE of" in done.document["verdict"]
    assert rows["lstm"]["rmse_base"] == rows["gru"]["rmse_base"]  # they correct the same
    assert all(rows["linear"][name] is rows["naive"][name] is None for name in CELL_PARTS)  # no cell


@pytest.mark.slow
def test_nothing_of_it_is_told_unasked(folder):
    plain = run("compare", "visits.csv", "--models", "gru", *FLAGS, folder=folder)
    assert not set(CELL_PARTS) & set(plain.rows[0])
    asked = run("compare", "visits.csv", "--models", "gru", *FLAGS, "--alone", folder=folder)
    assert set(asked.rows[0]) - set(plain.rows[0]) == set(CELL_PARTS)
    assert float(asked.rows[0]["rmse"]) == float(plain.rows[0]["rmse"])


def test_table_and_page_show_it(folder, tmp_path):
    words = ("visits.csv", "--models", "gru", *FLAGS, "--alone", "--report", "--out-dir", tmp_path)
    done = run("compare", *words, "--format", "table", folder=folder, COLUMNS="80")
    assert done.code == 0, done.err
    assert "model  naive bases  cell alone" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    page = (tmp_path / "visits-compare-report.html").read_text()
    assert all(title in page for title in CELL_PARTS.values())
    assert "--alone" in page  # the command that makes it again


@pytest.mark.slow
def test_dry_run_counts_the_second_training(folder):
    done = run("compare", "visits.csv", "--models", "gru", *FLAGS, "--alone", "--dry-run", "--json", folder=folder)
    assert "each cell once more, without its highway" in [step["what"] for step in done.document["steps"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--models", "linear", "--alone"), "none is compared"),
        (("--models", "gru", "--alone", "--bare"), "--alone can't be used with --bare"),
        (("--models", "gru", "--alone", "--preset", "tutorial"), "--alone can't be used with --preset tutorial"),
        (("--models", "gru", "--alone", "--time-limit", "99s"), "--alone can't be used with --time-limit"),
        (("--models", "ridge", "--bare"), "--bare compares recurrent cells"),
        (("--models", "gru", "--bare", "--preset", "tutorial"), "--bare can't be used with --preset tutorial"),
        (("--models", "gru", "--bare", "--time-limit", "99s"), "--bare can't be used with --time-limit"),
        (("--models", "gru", "--bare", "--country", "DE"), "--country can't be used with --bare"),
    ],
)
def test_what_has_no_parts_is_refused_before_anything_is_trained(words, message, folder):
    done = run("compare", "visits.csv", *words, folder=folder)
    assert done.code == 2
    assert message in done.err.replace("\n       ", " ")
    assert "Comparing" not in done.err


@pytest.mark.slow
def test_bare_cells_are_compared_with_the_usual_baselines(folder):
    done = run("compare", "visits.csv", "--models", "rnn,gru", *FLAGS, "--bare", "--json", folder=folder)
    assert done.code == 0, done.err
    assert {row["model"] for row in done.document["leaderboard"]} >= {"rnn", "gru", "ridge", "seasonal-naive"}
    assert "one recurrent step an observation" in done.document["verdict"]
    params = [row["params"] for row in done.document["leaderboard"] if row["model"] in {"rnn", "gru"}]
    assert max(params) / min(params) < 1.1
    longer = run(
        "compare", "visits.csv", "--models", "rnn", *FLAGS, "--bare", "--segment", "7", "--json", folder=folder
    )
    assert "one recurrent step an observation" not in longer.document["verdict"]


def test_words_say_below_and_above():
    from types import SimpleNamespace

    row = SimpleNamespace(model="gru", scores=tuple(zip(CELL_PARTS, (10.0, 12.0, 3.0, -0.5), strict=True)))
    said = worth_words(SimpleNamespace(rows=(row,)))
    assert "RMSE of 12.00, 20 % above the naive bases" in said
    assert "the highway takes 3.000 off and the anchor adds 0.5000" in said


def test_timed_terms_are_refused():
    with pytest.raises(UsageError, match="--match seconds"):
        check_alone(("gru",), Settings(), replace(Terms(), match="seconds"))


def test_a_model_without_anchors_stands_alone():
    panel = awkward_panel()
    model = random_model(tiny_spec("gru", anchors=()), panel)
    assert model.predict_members(panel).anchors is None
