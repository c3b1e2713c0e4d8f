"""Very many steps without a row: a question, asked by `check` and `train` alike, and answered by flags."""

import shlex

import numpy as np
import pytest

from commands import run
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.decoding import decode, encode
from forecast.errors import DataError, QuestionError
from forecast.experiment.versions.data_entry import decode_options
from forecast.production.store.manifest import ManifestData


def written(path, stamps, values=None):
    values = 50 + np.arange(len(stamps)) % 9 * 7 if values is None else values
    path.write_text("date,value\n" + "".join(f"{t},{v:.4g}\n" for t, v in zip(stamps, values, strict=True)))
    return path


def days(count, start="2023-01-02"):
    return np.datetime64(start) + np.arange(count)


def bars(weekdays=5, first="09:30", last="16:00", step=30, weeks=6):
    """Returns intraday stamps of trading hours, Monday first."""
    clock = np.arange(np.datetime64(f"1970-01-01T{first}"), np.datetime64(f"1970-01-01T{last}") + step, step)
    clock = (clock - np.datetime64("1970-01-01T00:00")).astype("timedelta64[m]")
    dates = [day for i, day in enumerate(days(7 * weeks)) if i % 7 < weekdays]
    return np.concatenate([day.astype("datetime64[m]") + clock for day in dates]).astype("datetime64[s]")


PRICES = 100 + np.cumsum(np.sin(np.arange(5000)))
SALES = ("--fill zero", "--fill interpolate")
LEVELS = ("--fill previous", "--fill interpolate")
EVERY_DAY = days(210)
WEEKS = np.resize([4, 4, 5], 60)
CASES = {
    "trading hours of a price": (bars(), PRICES, ("--no-dates --season 14", *LEVELS), "from 09:30 to 16:00 only"),
    "five days around the clock": (
        bars(5, "00:00", "23:00", 60), PRICES, ("--no-dates --season 24", *LEVELS), "on some days only",
    ),
    "a shop open from 8 to 20": (
        bars(7, "08:00", "20:00", 60), None, ("--no-dates --season 13", *SALES), "from 08:00 to 20:00 only",
    ),
    "a market closed on Friday and Saturday": (
        EVERY_DAY[[i % 7 not in (4, 5) for i in range(210)]], PRICES, ("--no-dates --season 5", *LEVELS),
        "no Friday or Saturday has a value",
    ),
    "a shop closed on Sunday and Monday": (
        EVERY_DAY[[i % 7 not in (6, 0) for i in range(210)]], None, ("--no-dates --season 5", *SALES),
        "no Monday or Sunday has a value",
    ),
    "periods of 4, 4 and 5 weeks": (
        days(1)[0] + 7 * np.cumsum(WEEKS), None, ("--no-dates --season 12", "--fill interpolate"),
        "4 and 5 weeks apart",
    ),
    "periods of 5, 4 and 4 weeks": (
        days(1)[0] + 7 * np.cumsum(np.roll(WEEKS, 1)), None, ("--no-dates --season 12", "--fill interpolate"),
        "4 and 5 weeks apart",
    ),
    "sales now and then": (
        EVERY_DAY[np.random.default_rng(0).random(210) < 0.6], None, SALES, "the longest gap is",
    ),
    "one long outage": (
        np.concatenate([EVERY_DAY[:80], EVERY_DAY[140:]]), None, SALES, "the longest gap is 60 steps from 2023-03-23",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_very_many_steps_without_a_row_are_asked_about_with_the_answers_that_fit(name, tmp_path):
    stamps, values, answers, words = CASES[name]
    values = None if values is None else values[: len(stamps)]
    path = written(tmp_path / "a.csv", stamps, values)
    with pytest.raises(QuestionError, match="steps have no row") as error:
        read_panel(path)
    assert tuple(error.value.answers) == answers
    assert words in error.value.message
    for answer in answers:
        flags = dict(zip(*[iter(shlex.split(answer.replace("--no-dates", "--no-dates x")))] * 2, strict=True))
        given = {"fill": flags["--fill"]} if "--fill" in flags else {"no_dates": True}
        panel = read_panel(path, ReadOptions(**given)).panel
        assert panel.observed.sum() == len(stamps)
    assert read_panel(path, may_ask=False).question is not None


@pytest.mark.parametrize(
    "stamps",
    [
        EVERY_DAY[[i % 7 != 6 for i in range(210)]],  # a seventh
        EVERY_DAY[[i % 7 < 5 for i in range(210)]],  # business days have no weekends
        np.concatenate([EVERY_DAY[:80], EVERY_DAY[120:]]),  # 40 of 210
        np.datetime64("2016-01-31") + 28 * np.arange(40),  # 13 periods a year are regular
    ],
)
def test_fewer_gaps_are_told_and_not_asked_about(stamps, tmp_path):
    assert read_panel(written(tmp_path / "a.csv", stamps)).question is None


def test_rows_without_a_value_and_series_that_begin_late_are_no_steps_without_a_row(tmp_path):
    rows = [f"{day},a,{'' if i % 2 else i}\n" for i, day in enumerate(EVERY_DAY)]
    rows += [f"{day},b,{i}\n" for i, day in enumerate(EVERY_DAY[200:])]
    (tmp_path / "a.csv").write_text("date,shop,value\n" + "".join(rows))
    assert read_panel(tmp_path / "a.csv").question is None


def test_columns_that_show_with_the_dates_only_are_named_where_rows_are_counted(tmp_path):
    seconds = bars().astype(np.int64)
    rows = [f"{second},{name},{50 + i % 9}\n" for i, second in enumerate(seconds) for name in "ab"]
    (tmp_path / "a.csv").write_text("time,shop,value\n" + "".join(rows))
    with pytest.raises(QuestionError) as error:
        read_panel(tmp_path / "a.csv")
    assert next(iter(error.value.answers)) == "--no-dates --season 14 --id shop --target value"


def test_rows_that_are_newest_first_are_not_to_be_counted(tmp_path):
    stamps = bars()[::-1]
    with pytest.raises(QuestionError) as error:
        read_panel(written(tmp_path / "a.csv", stamps, PRICES[: len(stamps)]))
    assert tuple(error.value.answers) == LEVELS


@pytest.mark.parametrize("options", [{"fill": "interpolate"}, {"freq": "30min"}, {"aggregate": "sum", "freq": "30min"}])
def test_a_flag_answers_for_good(options, tmp_path):
    path = written(tmp_path / "a.csv", bars())
    reading = read_panel(path, ReadOptions(**options))
    assert read_panel(path, reading.settled).question is None


def test_check_shows_all_that_it_found_and_asks_what_train_asks(tmp_path):
    written(tmp_path / "a b.csv", bars(), PRICES[: bars().size])
    check = run("check", "a b.csv", "--format", "table", "--fix", "clean.csv", folder=tmp_path)
    train = run("train", "a b.csv", "--horizon", "7", folder=tmp_path)
    assert (check.code, train.code) == (5, 5)
    assert "Season" in check.out
    assert "Error     1,4" in check.out
    assert "forecast train 'a b.csv' --no-dates --season 14   # each row is one step\n" in check.err
    assert "forecast train 'a b.csv' --horizon 7 --no-dates --season 14   # each row is one step\n" in train.err
    assert not (tmp_path / "clean.csv").exists()


OUTAGE = np.concatenate([EVERY_DAY[:80], EVERY_DAY[120:]])
SPARSE = np.sort(np.random.default_rng(0).choice(EVERY_DAY, 100, replace=False))


@pytest.mark.parametrize(
    ("stamps", "freq", "grade", "text"),
    [
        (OUTAGE, "D", "warning", "40 days without a row counted as 0: 2023-03-23 … 2023-05-01"),
        (OUTAGE, "W-SUN", "warning", "5 weeks without a row counted as 0: 2023-04-02 … 2023-04-30"),
        (OUTAGE, "MS", "note", "1 month without a row counted as 0: 2023-04-01"),
        (SPARSE, "D", "note", "days without a row counted as 0, the longest gap"),
    ],
)
@pytest.mark.parametrize("how", ["sum", "count"])
def test_steps_without_a_row_that_are_added_up_to_0_are_told(stamps, freq, grade, text, how, tmp_path):
    path = written(tmp_path / "a.csv", stamps)
    [finding] = [one for one in read_panel(path, ReadOptions(aggregate=how, freq=freq)).findings if one.topic == "gaps"]
    assert (finding.grade, finding.flag) == (grade, "--fill interpolate")
    assert text in finding.text


def test_a_series_that_stops_is_told_where_its_sums_go_on_as_0(tmp_path):
    rows = [f"{day},{shop},5\n" for day in EVERY_DAY for shop in "ab" if shop == "a" or day < EVERY_DAY[150]]
    (tmp_path / "a.csv").write_text("date,shop,sales\n" + "".join(rows))
    options = ReadOptions(aggregate="sum", ids=("shop",))
    [finding] = [one for one in read_panel(tmp_path / "a.csv", options).findings if one.topic == "gaps"]
    assert finding.text == "60 days without a row counted as 0: 2023-06-01 … 2023-07-30 of b"


@pytest.mark.parametrize("how", ["sum", "count", "mean", "last"])
@pytest.mark.parametrize(("fill", "between"), [("interpolate", 3.0), ("previous", 2.0), ("zero", 0.0)])
def test_what_stands_in_a_gap_is_obeyed_by_every_way_to_aggregate(how, fill, between, tmp_path):
    rows = [f"{day},{2 if i < 20 else 4}\n" for i, day in enumerate(days(40)) if i != 20]
    (tmp_path / "a.csv").write_text("date,value\n" + "".join([rows[0], *rows]))
    panel = read_panel(tmp_path / "a.csv", ReadOptions(aggregate=how, freq="D", fill=fill)).panel
    if how == "count":
        between = 0.0 if fill == "zero" else 1.0
    assert panel.filled[20] == between
    with pytest.raises(DataError, match="1 date missing, the first is 2023-01-22"):
        read_panel(tmp_path / "a.csv", ReadOptions(aggregate=how, freq="D", fill="error"))


def settled_by(**data):
    return decode_options(decode(ManifestData, data))


def test_versions_of_earlier_programs_go_on_to_count_days_without_a_row_as_0():
    options = {**encode(ReadOptions(aggregate="sum")), "fill": "interpolate"}
    assert settled_by(settled=options).filled == "zero"
    assert settled_by(settled=options, fills_sums=True).filled == "interpolate"
    mean = {**options, "aggregate": "mean"}
    assert settled_by(settled=mean).filled == "interpolate"
