import errno
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pytest

from commands import csv_bytes, visits
from forecast.data.reading.reader import ReadOptions
from forecast.errors import DataError, LockedError, NotFoundError, TrainingError, UsageError
from forecast.evaluation.metrics import rmse
from forecast.experiment.retraining import challenger, retrain_run
from forecast.experiment.retraining.continuity import SuspiciousError
from forecast.experiment.retraining.request import Change, RetrainRequest
from forecast.experiment.versions.stored_model import load_version
from forecast.models.classical.baselines import seasonal_naive
from forecast.production.promotion import Gate
from forecast.production.store.store import Store
from forecast.production.triggers import Rules, Tolerance
from forecast.run import SILENT
from forecast.specs import Settings
from forecast.workflows.retrain import retrain
from forecast.workflows.train import TrainRequest, train
from runs import run_at
from untrained import train_nothing

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
HORIZON = 7
DAYS = 100
KEYS = (
    "time", "command", "outcome", "champion", "challenger", "champion_rmse", "challenger_rmse", "naive_rmse", "reason",
    "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code", "widened", "held",
)  # fmt: skip


@dataclass(eq=False)
class Shop:
    """A model trained on so many days of visits, and the newest file."""

    folder: Path
    seen: list
    now: datetime = NOW
    reporter: object = SILENT

    @property
    def data(self):
        return self.folder / "visits.csv"

    @property
    def store(self):
        return Store(self.folder / "store")

    @property
    def models(self):
        return self.store.model("visits")

    @property
    def lines(self):
        return self.models.history()

    def grow(self, days, rows=None):
        self.data.write_bytes(csv_bytes(visits(days) if rows is None else rows))

    def train(self, *, force=False, **settings):
        chosen = {"horizon": HORIZON, "folds": 1, "seeds": 1, **settings}
        request = TrainRequest(
            str(self.data),
            ReadOptions(),
            Settings(**chosen),
            "gru",
            None,
            self.folder / "out",
            "none",
            force=force,
        )
        return train(request, self.store, run_at(self.now).with_reporter(self.reporter))

    def retrain(self, log=lambda event, facts: None, store=None, **asked):
        self.now += timedelta(days=1)
        request = RetrainRequest("visits", None, None, Change(), Gate(), Rules(), Tolerance(), self.folder / "out")
        return retrain(
            replace(request, **asked), store or self.store, run_at(self.now).with_reporter(self.reporter), log
        )

    @property
    def forecast(self):
        return (self.folder / "out" / "visits.csv").read_text()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which the shop was trained once, and a copy of all that lay in it then."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        shop = Shop(folder / "now", train_nothing(patch))
        shop.folder.mkdir()
        shop.grow(DAYS)
        shop.train()
    copytree(shop.folder, folder / "then")
    return folder


@pytest.fixture
def shop(trained, monkeypatch):
    """The trained shop, as it was; its place is the same for all, since a version remembers its file."""
    rmtree(trained / "now")
    copytree(trained / "then", trained / "now")
    return Shop(trained / "now", train_nothing(monkeypatch))


class Watched:
    """A reporter that keeps the shares that it hears."""

    def __init__(self):
        self.shares = []

    def tell(self, news):
        pass

    def progress(self, label, share):
        self.shares.append(share)


@pytest.mark.parametrize("verb", ["train", "retrain"])
@pytest.mark.slow
def test_progress_never_goes_back_and_is_not_done_before_the_end(shop, verb):
    watched = Watched()
    shop.reporter = watched
    shop.grow(DAYS + HORIZON)
    shop.train(force=True) if verb == "train" else shop.retrain(gate=Gate(force=True))
    assert len(set(watched.shares)) > 3
    assert watched.shares == sorted(watched.shares)
    assert watched.shares[0] == 0
    assert 0.9 <= watched.shares[-1] <= 1


def lose(shop):
    """Settings under which no challenger can win."""
    return {"gate": Gate(min_gain=0.99)}


# The fair fight


def test_champion_is_scored_with_its_stored_weights_on_points_after_its_training(shop):
    champion = load_version(shop.models.champion()).trained
    shop.grow(DAYS + HORIZON)
    result = shop.retrain(**lose(shop))
    panel = read(shop)
    point = champion.forecast(panel.until([DAYS]), HORIZON).point
    truth = panel.values[-HORIZON:][None]
    assert result.record.champion_rmse == pytest.approx(rmse(truth, point), rel=1e-12)
    naive = seasonal_naive(panel.until([DAYS]), HORIZON, 7)
    assert result.record.naive_rmse == pytest.approx(rmse(truth, naive), rel=1e-12)
    assert result.record.scored_on == "the newest 7 days"


def read(shop):
    from forecast.data.reading.reader import read_panel

    return read_panel(str(shop.data)).panel


@pytest.mark.parametrize(("new", "held"), [(7, 7), (13, 7), (14, 7), (20, 10), (40, 20)])
@pytest.mark.slow
def test_challenger_learns_from_what_came_before_the_held_out_points_only(shop, new, held):
    shop.grow(DAYS + new)
    result = shop.retrain(**lose(shop))
    assert max(panel.lengths[0] for panel in shop.seen) == DAYS + new - held
    assert result.record.scored_on == f"the newest {held} days"


def test_points_that_are_scored_move_no_weight(shop):
    """The challenger's score may change with the truths; what it learned may not."""
    learned = []
    for spoil in (0.0, 500.0):
        rows = visits(DAYS + HORIZON)
        shop.grow(0, [(day, value + spoil * (i >= DAYS)) for i, (day, value) in enumerate(rows)])
        shop.seen.clear()
        shop.retrain(**lose(shop))
        learned.append([panel.values.copy() for panel in shop.seen])
    for one, other in zip(*learned, strict=True):
        np.testing.assert_array_equal(one, other)


def test_too_few_new_rows_put_both_recipes_on_rolling_origins(shop):
    shop.grow(DAYS + 3)
    result = shop.retrain()
    assert result.record.scored_on == "the newest 7 days, both trained anew"
    assert result.record.champion_rmse == result.record.challenger_rmse  # the recipe is the same
    assert result.record.outcome == "promoted"


@pytest.mark.slow
def test_another_recipe_is_compared_with_the_champions_recipe_on_the_same_origins(shop):
    shop.grow(DAYS + 3)
    result = shop.retrain(change=Change(model="lstm", seed=5))
    assert result.record.champion_rmse != result.record.challenger_rmse
    assert {panel.lengths[0] for panel in shop.seen if panel.lengths[0] < DAYS + 3} == {DAYS + 3 - 14, DAYS + 3 - 7}


def test_min_holdout_decides_which_way_is_taken(shop):
    shop.grow(DAYS + 3)
    assert shop.retrain(change=Change(min_holdout=3), **lose(shop)).record.scored_on == "the newest 3 days"
    assert shop.retrain(change=Change(min_holdout=4), **lose(shop)).record.scored_on.endswith("trained anew")


def test_winner_is_trained_on_all_data_and_keeps_the_champions_horizon(shop):
    shop.grow(DAYS + 20)
    result = shop.retrain(gate=Gate(force=True))
    version = shop.models.champion()
    assert (version.label, result.record.champion) == ("v2", "v2")
    assert version.manifest.retrain.refitted_on_all is True
    assert version.manifest.data.training_end.startswith(str(visits(DAYS + 20)[-1][0]))
    assert load_version(version).trained.horizon == HORIZON
    assert shop.seen[-1].lengths[0] == DAYS + 20


def test_no_refit_all_publishes_what_fought(shop):
    shop.grow(DAYS + 20)
    shop.retrain(gate=Gate(force=True), change=Change(refit_all=False))
    version = shop.models.champion()
    assert version.manifest.retrain.refitted_on_all is False
    assert version.manifest.data.training_end.startswith(str(visits(DAYS + 10)[-1][0]))
    assert max(panel.lengths[0] for panel in shop.seen) == DAYS + 10


@pytest.mark.slow
def test_warm_start_is_one_more_challenger_and_needs_unseen_points(shop):
    shop.grow(DAYS + 20)
    result = shop.retrain(change=Change(warm=True), gate=Gate(force=True))
    assert result.entrant in {"challenger", "warm challenger"}
    assert shop.models.champion().manifest.retrain.warm is (result.entrant == "warm challenger")
    shop.grow(DAYS + 21)
    result = shop.retrain(change=Change(warm=True))
    assert result.entrant == "challenger"
    assert "--warm needs newer rows" in result.notes[0]


def test_a_warm_winner_keeps_the_widths_that_its_champion_was_taught(shop, monkeypatch):
    before = load_version(shop.models.champion()).trained
    monkeypatch.setattr("forecast.experiment.retraining.challenge.fit_on_all", broken_fit)
    shop.grow(DAYS + 20)
    result = shop.retrain(change=Change(warm=True), gate=Gate(force=True))
    after = load_version(shop.models.champion()).trained
    assert result.entrant == "warm challenger"
    np.testing.assert_array_equal(after.distribution.table, before.distribution.table)
    np.testing.assert_array_equal(after.distribution.hardness.own, before.distribution.hardness.own)
    assert after.combination.trust == before.combination.trust
    assert json.loads(shop.models.champion().read("metrics.json"))["leaderboard"][0]["rmse"] > 0


def broken_fit(experiment, chosen, run):
    """A cold challenger that forecasts no numbers."""
    from forecast.experiment.final_fit import fit_on_all

    trained = fit_on_all(experiment, chosen, run)
    [part] = trained.model.parts
    networks = tuple(replace(n, weights={k: w * np.nan for k, w in n.weights.items()}) for n in part.networks)
    return replace(trained, model=replace(trained.model, parts=(replace(part, networks=networks),)))


# What became of the champion


def test_a_loser_is_not_published_and_the_champion_forecasts_from_the_new_end(shop):
    shop.grow(DAYS + HORIZON)
    before = shop.forecast
    result = shop.retrain(**lose(shop))
    assert (result.record.outcome, result.record.champion, result.record.challenger) == ("kept", "v1", None)
    assert [version.label for version in shop.models.versions()] == ["v1"]
    assert shop.forecast != before
    assert {line.split(",")[9] for line in shop.forecast.splitlines()[1:]} == {"v1"}
    assert f",{visits(DAYS + HORIZON)[-1][0]}\n" in shop.forecast
    assert shop.forecast.encode() in {table.data for table in shop.models.issued().tables}


def test_candidate_is_published_and_the_champion_stays(shop):
    shop.grow(DAYS + HORIZON)
    result = shop.retrain(gate=Gate(candidate_only=True))
    assert (result.record.outcome, result.record.champion, result.record.challenger) == ("candidate", "v1", "v2")
    assert shop.models.champion().label == "v1"
    assert shop.models.promote("v2", NOW).label == "v2"


def test_a_challenger_without_numbers_is_kept_out_even_by_force(shop, monkeypatch):
    monkeypatch.setattr("forecast.experiment.retraining.challenge.fit_on_all", broken_fit)
    shop.grow(DAYS + HORIZON)
    assert shop.retrain(gate=Gate(force=True)).record.outcome == "kept"
    assert shop.lines[-1]["challenger_rmse"] is None


def test_a_winner_that_is_broken_by_the_last_training_is_kept_out(shop, monkeypatch):
    shop.grow(DAYS + 3)
    real = retrain_run.final_model

    def ruined(*arguments, **more):
        final = real(*arguments, **more)
        train_nothing(monkeypatch, size=30.0)
        wild = real(*arguments, **more).trained
        return final._replace(trained=replace(wild, combination=None))

    monkeypatch.setattr(retrain_run, "final_model", ruined)
    result = shop.retrain()
    assert result.record.outcome == "kept"
    assert "trained on all data, the challenger errs" in result.record.reason


def test_self_test_refuses_bytes_that_forecast_something_else(shop, monkeypatch):
    real = challenger.pack_version

    def wrong(trained, *more):
        [part] = trained.model.parts
        networks = tuple(replace(n, weights={k: w + 0.01 for k, w in n.weights.items()}) for n in part.networks)
        model = replace(trained.model, parts=(replace(part, networks=networks),))
        return real(replace(trained, model=model, combination=None), *more)

    monkeypatch.setattr(challenger, "pack_version", wrong)
    shop.grow(DAYS + 3)
    with pytest.raises(TrainingError, match="forecasts something else"):
        shop.retrain()
    assert shop.models.champion().label == "v1"
    assert (shop.lines[-1]["outcome"], shop.lines[-1]["exit_code"]) == ("failed", 6)


def test_self_test_refuses_a_manifest_that_cannot_be_read_back(shop, monkeypatch):
    real = challenger.pack_version

    def without_season(*arguments):
        weights, entry = real(*arguments)
        return weights, replace(entry, season=None)

    monkeypatch.setattr(challenger, "pack_version", without_season)
    shop.grow(DAYS + 3)
    with pytest.raises(TrainingError, match="can't be read back"):
        shop.retrain()
    assert shop.models.champion().label == "v1"


def test_forecast_file_is_that_of_the_published_version(shop):
    shop.grow(DAYS + HORIZON)
    result = shop.retrain(gate=Gate(force=True))
    assert shop.forecast.encode() == shop.models.champion().read("forecast.csv")
    assert result.files == (shop.folder / "out" / "visits.csv",)


# Is it worth it


def test_unchanged_data_and_settings_are_nothing_new_and_touch_nothing(shop):
    before, champion = shop.forecast, shop.models.champion()
    for _ in range(2):
        result = shop.retrain()
        assert (result.record.outcome, result.since) == ("nothing-new", f"{NOW:%Y-%m-%d %H:%M} UTC")
    assert (shop.forecast, shop.models.champion()) == (before, champion)
    assert shop.seen == []
    assert [line["outcome"] for line in shop.lines] == ["trained", "nothing-new", "nothing-new"]


@pytest.mark.slow
def test_data_that_the_champion_won_on_is_not_judged_again_but_for_other_settings(shop):
    shop.grow(DAYS + HORIZON)
    assert shop.retrain(**lose(shop)).record.outcome == "kept"
    assert shop.retrain(**lose(shop)).record.outcome == "nothing-new"
    shop.grow(DAYS + HORIZON + 1)
    two, one = Rules(min_new_rows=2), Rules(min_new_rows=1)
    assert shop.retrain(rules=two, **lose(shop)).record.reason == "1 new row, but fewer than 2 (--min-new-rows)"
    assert shop.retrain(rules=one, **lose(shop)).record.outcome == "kept"
    last = shop.retrain(rules=two, gate=Gate(force=True))  # another hurdle: all 8 rows count again
    assert last.record.outcome == "promoted", last.record


@pytest.mark.parametrize(
    ("rules", "trigger", "reason"),
    [
        (Rules(), "3 new rows", ""),
        (Rules(min_new_rows=3), "3 new rows", ""),
        (Rules(min_new_rows=4), "", "3 new rows, but fewer than 4 (--min-new-rows)"),
        (Rules(max_age=timedelta(days=1)), "the champion is 1 day old (--max-age)", ""),
        (Rules(max_age=timedelta(days=2)), "", "the champion is only 1 day old (--max-age)"),
        (Rules(4, timedelta(hours=5)), "the champion is 1 day old (--max-age)", ""),
        (Rules(on_drift=True), "", "no drift (--on-drift)"),
    ],
)
@pytest.mark.slow
def test_rules_decide_when_training_is_worth_it_and_say_which_fired(shop, rules, trigger, reason):
    shop.grow(DAYS + 3)
    entry = shop.retrain(rules=rules).record
    assert entry.trigger == trigger
    assert (entry.outcome == "nothing-new") is (trigger == "")
    assert reason in entry.reason
    assert shop.lines[-1]["trigger"] == trigger


def test_drift_is_a_reason_and_says_what_drifted(shop):
    rows = visits(DAYS + 10)
    shop.grow(0, [(day, value + 1000 * (i >= DAYS)) for i, (day, value) in enumerate(rows)])
    entry = shop.retrain(rules=Rules(on_drift=True), **lose(shop)).record
    assert entry.trigger.startswith("drift: ")
    assert "10 of 10 new values (100 %) lie out of the range" in entry.trigger


def test_corrected_values_are_a_reason_once(shop):
    rows = visits(DAYS)
    shop.grow(0, [*rows[:-2], (rows[-2][0], 99.0), rows[-1]])
    assert shop.retrain(**lose(shop)).record.trigger == "1 old value changed"
    assert shop.retrain(**lose(shop)).record.outcome == "nothing-new"


def test_more_columns_but_the_same_values_are_nothing_new(shop):
    shop.grow(0, [])
    rows = [(*row, 1) for row in visits(DAYS)]
    shop.data.write_bytes(csv_bytes(rows, "day,visits,open"))
    assert shop.retrain().record.reason == "no new rows"
    assert shop.seen == []


def test_another_recipe_is_worth_a_training_without_new_rows(shop):
    assert shop.retrain(change=Change(model="lstm"), **lose(shop)).record.trigger == "--model lstm instead of gru"


def test_force_trains_whatever_the_data(shop):
    assert shop.retrain(gate=Gate(force=True)).record.champion == "v2"


def test_after_a_run_that_died_the_next_one_writes_the_forecast_that_it_owed(shop):
    shop.grow(DAYS + HORIZON)
    shop.retrain(gate=Gate(force=True))
    owed = shop.forecast
    history = shop.models.folder / "history.jsonl"
    history.write_bytes(b"".join(history.read_bytes().splitlines(keepends=True)[:-1]))
    (shop.folder / "out" / "visits.csv").write_text("old")
    result = shop.retrain()
    assert (result.record.outcome, result.record.champion) == ("nothing-new", "v2")
    assert shop.forecast == owed


def test_a_forecast_file_that_was_removed_is_written_again(shop):
    owed = shop.forecast
    (shop.folder / "out" / "visits.csv").unlink()
    assert shop.retrain().record.outcome == "nothing-new"
    assert [line.split(",")[:3] for line in shop.forecast.splitlines()] == [
        line.split(",")[:3] for line in owed.splitlines()
    ]


def test_a_rollback_is_not_undone_by_the_next_run_on_the_same_data(shop):
    shop.grow(DAYS + HORIZON)
    shop.retrain()
    shop.models.rollback(None, shop.now)
    assert (shop.retrain().record.outcome, shop.models.champion().label) == ("nothing-new", "v1")
    assert {line.split(",")[9] for line in shop.forecast.splitlines()[1:]} == {"v1"}


# Suspicious data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "match", "allowed"),
    [
        ("shorter", "has 99 rows, but had 100 last time", Tolerance(shorter=True)),
        ("cut off", "may be cut off", Tolerance(cut_off=True)),
        ("rewritten", "rewrites the past: 10 of 100 old values", Tolerance(max_revision=0.1)),
        ("future", "which is still to come: today is 2026-01-03", Tolerance(future=True)),
    ],
)
def test_suspicious_data_is_refused_and_can_be_allowed_knowingly(shop, spoil, match, allowed):
    rows = visits(DAYS + 3)
    if spoil == "shorter":
        rows = rows[: DAYS - 1]
    if spoil == "rewritten":
        rows = [(day, value + 50 * (20 <= i < 30)) for i, (day, value) in enumerate(rows)]
    if spoil == "future":
        rows += visits(660, first=date(2024, 4, 13))
    shop.grow(0, rows)
    if spoil == "cut off":
        shop.data.write_bytes(shop.data.read_bytes()[:-2])
    before = shop.forecast
    with pytest.raises(SuspiciousError, match=match) as raised:
        shop.retrain()
    flag = "--max-revision 0.1" if spoil == "rewritten" else f"--allow-{spoil.replace(' ', '-')}"
    assert flag in raised.value.hint
    assert shop.models.champion().label == "v1"
    assert shop.forecast == before
    assert shop.seen == []
    assert (shop.lines[-1]["outcome"], shop.lines[-1]["exit_code"]) == ("refused", 5)
    assert shop.retrain(tolerance=allowed).record.outcome in {"promoted", "kept", "nothing-new"}


def test_unreadable_data_is_refused(shop):
    shop.data.write_bytes(shop.data.read_bytes() + b"2024-04-10")
    with pytest.raises(DataError, match="1 field"):
        shop.retrain()
    assert shop.lines[-1]["outcome"] == "refused"
    assert shop.models.champion().label == "v1"


def test_file_that_is_gone_is_named_with_the_command_that_takes_another(shop):
    shop.data.unlink()
    with pytest.raises(NotFoundError, match="not there any more") as raised:
        shop.retrain()
    assert raised.value.hint == "forecast retrain visits FILE"
    assert (shop.lines[-1]["outcome"], shop.lines[-1]["exit_code"]) == ("failed", 4)


def test_other_series_are_not_taken_for_newer_data(tmp_path, monkeypatch):
    shop = Shop(tmp_path, train_nothing(monkeypatch))

    def write(names, days):
        rows = [(name, *row) for name in names for row in visits(days)]
        shop.data.write_bytes(csv_bytes(rows, "store,day,visits"))

    write("ab", DAYS)
    shop.train()
    write("cd", DAYS + 3)
    with pytest.raises(UsageError, match="none of the series"):
        shop.retrain()


def test_new_network_names_are_checked_before_the_data_is_read(shop):
    with pytest.raises(UsageError, match="no model 'lsmt'"):
        shop.retrain(change=Change(model="lsmt"))


def test_a_model_that_does_not_exist_leaves_nothing_behind(shop):
    with pytest.raises(NotFoundError):
        shop.retrain(name="nope")
    assert shop.store.names() == ("visits",)
    assert not (shop.folder / "store" / "models" / "nope").exists()


def test_while_another_run_works_this_one_gives_up_at_once(shop):
    shop.grow(DAYS + 3)
    with Store(shop.folder / "store").model("visits").lock(), pytest.raises(LockedError, match="holds the lock"):
        shop.retrain()
    assert [line["command"] for line in shop.lines] == ["train"]


def test_a_disk_that_fills_up_is_no_fault_of_the_data_and_the_champion_stays(shop):
    shop.grow(DAYS + 3)
    before = shop.forecast

    def full(step):
        if step.startswith("write weights"):
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(DataError, match="the disk is full"):
        shop.retrain(store=Store(shop.folder / "store", full))
    assert shop.models.champion().label == "v1"
    assert shop.forecast == before
    assert (shop.lines[-1]["outcome"], shop.lines[-1]["champion"]) == ("failed", "v1")
    assert shop.retrain().record.outcome == "promoted"


def test_a_damaged_champion_is_named_with_the_way_back(shop):
    (shop.models.champion().folder / "weights.npz").write_bytes(b"broken")
    shop.grow(DAYS + 3)
    with pytest.raises(DataError, match="v1 is damaged") as raised:
        shop.retrain()
    assert raised.value.hint == "forecast models rollback visits"
    assert shop.lines[-1]["outcome"] == "failed"


@pytest.mark.slow
def test_standard_input_has_no_file_to_look_at_again(shop, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(csv_bytes(visits(DAYS + 3)))))
    assert shop.retrain(source="-").record.outcome == "promoted"
    with pytest.raises(NotFoundError, match="trained on standard input, which is no file"):
        shop.retrain()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(csv_bytes(visits(DAYS + 3)))))
    assert shop.retrain(source="-").record.reason == "the same data and settings as before"


def test_a_clock_that_jumped_back_makes_no_champion_old(shop):
    shop.now -= timedelta(days=400)
    shop.grow(DAYS + 3)
    entry = shop.retrain(rules=Rules(max_age=timedelta(days=1)), tolerance=Tolerance(future=True)).record
    assert "the champion is only 0 hours old" in entry.reason


# Records


def test_every_line_of_the_history_has_the_same_keys_and_no_nan(shop):
    shop.retrain()
    shop.grow(DAYS + HORIZON)
    shop.retrain(gate=Gate(force=True))
    shop.grow(DAYS)
    with pytest.raises(SuspiciousError):
        shop.retrain()
    assert [line["outcome"] for line in shop.lines] == ["trained", "nothing-new", "promoted", "refused"]
    assert all(set(KEYS) <= set(line) for line in shop.lines)
    json.dumps(shop.lines, allow_nan=False)
    assert shop.lines[2]["new_rows"] == HORIZON
    assert shop.lines[2]["training_end"] == shop.models.champion().manifest.data.training_end


def test_dry_run_says_what_it_would_do_and_changes_nothing(shop):
    shop.grow(DAYS + HORIZON)
    before = {path: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()}
    result = shop.retrain(dry_run=True)
    assert {path: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()} == before
    assert shop.seen == []
    assert [line.split()[0] for line in result.plan] == ["read", "train", "score", "write", "write"]
    assert "7 new rows" in result.plan[0]


@pytest.mark.slow
def test_log_hears_each_stage(shop):
    events = []
    shop.grow(DAYS + HORIZON)
    shop.retrain(log=lambda event, facts: events.append(event), gate=Gate(force=True))
    assert events == ["started", "checked", "decided", "published", "ended"]


def test_interrupted_run_is_recorded(shop, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("forecast.experiment.retraining.retuning.challenge_recipes", interrupt)
    shop.grow(DAYS + 3)
    with pytest.raises(KeyboardInterrupt):
        shop.retrain()
    assert (shop.lines[-1]["outcome"], shop.lines[-1]["exit_code"]) == ("failed", 130)
    assert shop.models.champion().label == "v1"


# What the champion's data promised, and odd series


@pytest.mark.slow
@pytest.mark.parametrize("asked", [{"rules": Rules(min_new_rows=100)}, {"gate": Gate(min_gain=0.99)}, {}])
@pytest.mark.parametrize(("kind", "value"), [("sales", -5.0), ("price", 0.0)])
def test_values_that_the_kind_cannot_have_are_refused_on_every_way_out(shop, kind, value, asked):
    shop.train(kind=kind)
    before = shop.forecast
    rows = visits(DAYS + HORIZON)
    shop.grow(0, [*rows[:-1], (rows[-1][0], value)])
    with pytest.raises(DataError, match=f"With --kind {kind}") as error:
        shop.retrain(**asked)
    assert error.value.hint == "mend the data, or forecast train FILE --kind auto"
    assert shop.lines[-1]["outcome"] == "refused"
    assert shop.forecast == before


@pytest.mark.slow
def test_a_series_that_never_varies_and_a_new_one_stand_in_no_way(shop):
    """They have no scale, and so no intervals: no reason to refuse the version that knows them."""

    def rows(days):
        sold = [(day, name, value + more) for name, more in (("a", 0), ("b", 9)) for day, value in visits(days)]
        return [*sold, *((day, "dead", 0) for day, _ in visits(days)), (visits(days)[-1][0], "new", 3)]

    shop.data.write_bytes(csv_bytes(rows(DAYS), "day,shop,visits"))
    shop.train(force=True)  # the name stood for one series
    shop.data.write_bytes(csv_bytes(rows(DAYS + HORIZON), "day,shop,visits"))
    result = shop.retrain(gate=Gate(force=True))
    assert result.record.outcome == "promoted"
    bounds = {line.split(",")[0]: line.split(",")[4:8] for line in shop.forecast.splitlines()[1:]}
    assert set(bounds["dead"]) == {""}
    assert all(bounds["a"])


@pytest.mark.slow
def test_the_same_recipe_on_few_new_rows_wins_nothing_and_says_so(shop):
    shop.grow(DAYS + 1)
    entry = shop.retrain().record
    assert entry.outcome == "promoted"
    assert entry.champion_rmse == entry.challenger_rmse
    assert "the champion's recipe" in entry.reason
