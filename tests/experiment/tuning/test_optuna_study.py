"""The journal: whatever a killed process left of it, the study goes on as if it had never stopped."""

import errno
import sys
from dataclasses import replace

import pytest

from forecast.errors import DataError, DependencyError
from forecast.experiment.tuning import optuna_study
from forecast.experiment.tuning.optuna_study import TuningStudy, is_behind
from forecast.experiment.tuning.search_space import SearchedSetting

SPACE = (
    SearchedSetting("window", 24, (12, 24, 48, 96)),
    SearchedSetting("cell", "auto", ("auto", "gru"), is_ordered=False),
    SearchedSetting("learning-rate", 1e-3, (2e-4, 5e-3), is_range=True),
)
TRIALS = 14


def error_of(values):
    return abs(values["window"] - 48) / 48 + 100 * abs(values["learning-rate"] - 2e-3)


def go_on(path, trials=TRIALS, batch=2):
    """Asks for batches, and tells how they ended, until there are so many."""
    study = TuningStudy(path, SPACE, seed=7)
    while True:
        known = study.trials()
        begun = [trial for trial in known if trial.state == "open"]
        begun += [study.ask() for _ in range(len(known), min(-(-max(len(known), 1) // batch) * batch, trials))]
        if not begun and len(known) >= trials:
            return known
        for trial in begun or [study.ask() for _ in range(batch)]:
            study.tell(replace(trial, state="whole", error=error_of(trial.values), blocks=(1.0, None)))


def facts(trials):
    return [(trial.number, trial.values, trial.error, trial.state, trial.blocks) for trial in trials]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "journal.log"
    return facts(go_on(path)), path.read_bytes()


def test_trial_0_is_the_default(whole):
    assert whole[0][0][1] == {"window": 24, "cell": "auto", "learning-rate": 1e-3}


def test_search_finds_what_errs_less(whole):
    assert min(error for _, _, error, *_ in whole[0]) < 0.5 * whole[0][0][2]


@pytest.mark.parametrize(
    ("share", "rest"), [(0.0, b""), (0.0, b'{"op'), (0.35, b'{"op_code": 5, "wor'), (0.61, b"{}x\n"), (0.995, b"")]
)
def test_journal_cut_anywhere_goes_on_to_the_same_trials(whole, share, rest, tmp_path):
    trials, content = whole
    path = tmp_path / "journal.log"
    path.write_bytes(content[: content.rfind(b"\n", 0, int(share * len(content))) + 1] + rest)
    assert facts(go_on(path)) == trials


@pytest.mark.slow
def test_journal_cut_at_every_line_goes_on_to_the_same_trials(whole, tmp_path):
    trials, content = whole
    lines = content.splitlines(keepends=True)
    for count in range(0, len(lines), 3):
        path = tmp_path / f"{count}.log"
        path.write_bytes(b"".join(lines[:count]))
        assert facts(go_on(path)) == trials, count


@pytest.mark.parametrize(
    "line",
    [b'{"op_code": 99, "worker_id": "x"}\n', b"[]\n", b'"x"\n', b"\xf6\x94\n"],
)
def test_journal_that_says_nonsense_is_refused_in_a_sentence(whole, line, tmp_path):
    path = tmp_path / "visits" / "tuning" / "journal.log"
    path.parent.mkdir(parents=True)
    path.write_bytes(whole[1] + line + whole[1])
    with pytest.raises(DataError, match=r"journal .* can't be read") as told:
        go_on(path)
    assert told.value.hint == "forecast tune DATA --name visits --force begins anew"


def test_full_disk_is_said_with_what_mends_it(tmp_path, monkeypatch):
    study = TuningStudy(tmp_path / "journal.log", SPACE, seed=1)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("optuna.storages.journal.JournalFileBackend.append_logs", full)
    with pytest.raises(DataError, match=r"Can't write .*: the disk is full") as told:
        study.ask()
    assert told.value.hint == "free some space, or choose another place with --store DIR"


def test_trial_that_failed_says_why_and_has_no_error(tmp_path):
    study = TuningStudy(tmp_path / "journal.log", SPACE, seed=1)
    study.tell(replace(study.ask(), state="failed", why="it diverged"))
    [trial] = TuningStudy(tmp_path / "journal.log", SPACE, seed=1).trials()
    assert (trial.state, trial.error, trial.why) == ("failed", None, "it diverged")


def test_few_trials_say_nothing_of_what_mattered(tmp_path):
    go_on(tmp_path / "journal.log", trials=4)
    assert TuningStudy(tmp_path / "journal.log", SPACE, seed=7).importances() == {}


@pytest.mark.slow
def test_setting_that_moves_the_error_matters_most(whole, tmp_path):
    (tmp_path / "journal.log").write_bytes(whole[1])
    shares = TuningStudy(tmp_path / "journal.log", SPACE, seed=7).importances()
    assert max(shares, key=shares.get) == "window"
    assert shares["cell"] < 0.1


def test_trial_that_errs_more_on_each_block_is_behind():
    best = [1.0, 1.1, 1.2, 0.9, 1.0, 1.1]
    assert is_behind(best, [1.3, 1.2, 1.5, 1.2])
    assert not is_behind(best, [0.9, 1.2, 1.1, 1.0])
    assert not is_behind(best, [1.3])


def test_so_few_blocks_that_no_trial_can_be_told_from_chance_ask_nobody(monkeypatch):
    asked = []
    monkeypatch.setattr(optuna_study, "_optuna", lambda: asked.append(1) or pytest.importorskip("optuna"))
    assert not is_behind([1.0, 1.1, 0.9, 1.0], [1.3, 1.5, 1.4])
    assert asked == []
    assert is_behind([1.0, 1.1, 0.9, 1.0, 1.2], [1.3, 1.5, 1.4, 1.6])
    assert not is_behind([1.0, 1.25, 0.75, 1.0], [1.5, 1.75, 1.25])  # ties: their chance is told otherwise
    assert asked == [1, 1]


def test_without_optuna_one_sentence_says_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(DependencyError, match="tune needs Optuna, which is not installed") as caught:
        optuna_study.check_optuna()
    assert caught.value.hint == optuna_study.EXTRA
