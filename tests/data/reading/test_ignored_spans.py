"""--ignore: which steps dates mean, what is left, and what is refused."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.ignored_spans import ignoring, words_of
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, UsageError

JANUARY_2020 = 50 * 12  # ordinal of a month


def months(count=48, **more):
    return panel_from_series([np.arange(count) % 12 + 5.0], "MS", first=[JANUARY_2020], **more)


def hidden_steps(panel, *texts):
    return np.flatnonzero(ignoring(panel, texts, is_settled=False)[0].is_ignored).tolist()


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("2020-03..2021-06", range(2, 18)),
        (" 2020-03 .. 2021-06 ", range(2, 18)),
        ("2021", range(12, 24)),
        ("2021-02", [13]),
        ("2021-02-14", [13]),
        ("2021-02-14..2021-03-01", [13, 14]),
        ("2023-07..", range(42, 48)),
        ("2023-07..2031", range(42, 48)),
    ],
)
def test_dates_months_years_and_ranges_mean_the_steps_of_them(text, steps):
    assert hidden_steps(months(), text) == list(steps)


def test_days_hours_weeks_and_rows_can_be_named():
    days = panel_from_series([np.arange(100.0)], "D", first=[0])
    assert hidden_steps(days, "1970-02") == list(range(31, 59))
    hours = panel_from_series([np.arange(100.0)], "h", first=[0])
    assert hidden_steps(hours, "1970-01-02 03:00..1970-01-02 05") == [27, 28, 29]
    weeks = panel_from_series([np.arange(20.0)], "W-MON", first=[0])
    stamp = str(weeks.timestamps(0)[7] + np.timedelta64(3, "D"))[:10]
    assert hidden_steps(weeks, stamp) == [7]
    rows = panel_from_series([np.arange(100.0)], "D", first=[0])
    assert hidden_steps(rows, "1970-01-05", "1970-01-06..1970-01-08", "1970-01-07..1970-01-10") == list(range(4, 10))


def test_nothing_is_observed_in_a_span_and_a_bridge_stands_there_whatever_the_fill():
    for fill in ("zero", "previous", "interpolate"):
        panel, _ = ignoring(months(fill=fill), ["2021-03..2022-02"], is_settled=False)
        assert not panel.observed[14:26].any()
        np.testing.assert_allclose(panel.filled, months().values, rtol=1e-5)


def test_a_series_begins_after_a_span_in_which_it_began_and_is_left_out_where_that_is_all_of_it():
    panel = panel_from_series(
        [np.arange(24.0), np.arange(6.0), np.arange(20.0)],
        "MS",
        series_ids=["old", "gone", "late"],
        first=JANUARY_2020 + np.array([0, 2, 4]),
    )
    left, findings = ignoring(panel, ["2020-02..2020-09"], is_settled=False)
    assert left.series_ids == ("old", "late")
    assert left.lengths.tolist() == [24, 15]
    assert [finding.topic for finding in findings] == ["ignored", "ignored-series"]
    assert "1 series that lies in it as a whole left out: gone" in findings[1].text


def test_a_series_that_ends_in_a_span_is_forecast_from_its_last_step():
    left, _ = ignoring(months(), ["2023-05.."], is_settled=False)
    assert left.last == months().last
    assert left.counted_last == months().last - 8


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("2030", "outside of the data, 2020-01-01 to 2023-12-01", "--ignore 2021-12-01..2022-04-01"),
        ("spring", "is not a date", "--ignore 2021-12-01..2022-04-01"),
        ("2021-13", "is not a date", "--ignore 2021-12-01..2022-04-01"),
        ("2021..x", "--ignore x is not a date", "--ignore 2021-12-01..2022-04-01"),
        ("2022..2021", "ends before it begins", "--ignore 2021..2022"),
        ("..", "names no date", "--ignore 2021-12-01..2022-04-01"),
    ],
)
def test_what_is_no_span_of_the_data_is_refused_with_one_that_is(text, words, hint):
    with pytest.raises(UsageError, match=words) as caught:
        ignoring(months(), [text], is_settled=False)
    assert caught.value.hint == hint


def test_a_span_that_is_all_of_the_data_is_refused():
    with pytest.raises(DataError, match="leaves no value to learn from"):
        ignoring(months(), ["2020..2023"], is_settled=False)


def test_a_version_may_ignore_days_that_its_file_has_lost():
    panel, findings = ignoring(months(), ["2015..2016"], is_settled=True)
    assert panel.observed.all()
    assert findings == []


def test_a_span_that_is_left_open_ends_with_the_data_once_a_version_keeps_it(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("month,sales\n" + "".join(f"2020-{m:02}-01,{m % 5}\n" for m in range(1, 13)))
    settled = read_panel(path, ReadOptions(ignore=("2020-10..", "..2020-02", "2020-05"))).settled
    assert settled.ignore == ("2020-10..2020-12-01", "..2020-02", "2020-05")
    path.write_text("sales\n" + "".join(f"{m % 5}\n" for m in range(1, 13)))
    options = ReadOptions(ignore=("9..",), no_dates=True, target=("sales",))
    reading = read_panel(path, options)
    assert reading.settled.ignore == (f"9..{reading.days[1]}",)
    assert read_panel(path, reading.settled, prior=PriorReading(is_settled=True)).panel.ignored == reading.panel.ignored


def test_lists_with_commas_and_lists_of_texts_are_the_same_spans():
    for given in ("2020-03,2021", ["2020-03", "2021"], ["2020-03,2021"]):
        assert ReadOptions.of({"ignore": given}).ignore == ("2020-03", "2021")
    assert ReadOptions.of({"ignore": ""}).ignore is None


def test_a_file_reads_the_same_whatever_stands_in_what_is_ignored(tmp_path):
    readings = []
    for poison in ("", "1e9", "-1e9", "7"):
        rows = [f"2020-{m:02}-01,{poison if m in (5, 6) else m}\n" for m in range(1, 13)]
        path = tmp_path / f"{len(readings)}.csv"
        path.write_text("month,sales\n" + "".join(rows))
        readings.append(read_panel(path, ReadOptions(ignore=("2020-05..2020-06",))))
    first = readings[0].panel
    for reading in readings[1:]:
        np.testing.assert_array_equal(reading.panel.values, first.values)
        np.testing.assert_array_equal(reading.panel.filled, first.filled)
    note = next(finding for finding in first and readings[1].findings if finding.topic == "ignored")
    assert note.text.startswith("2 steps, 2020-05-01 to 2020-06-01, are neither learned from nor scored")


@pytest.mark.parametrize("code", ["h", "15min", "D", "W", "MS", "QS"])
@pytest.mark.parametrize("places", [[24, 25, 70], [44]])
def test_the_words_of_single_values_mean_these_values_of_their_series_alone(code, places):
    panel = panel_from_series(
        [np.arange(60.0) + 1, np.arange(40.0) + 5], code, series_ids=["a@b", "c"], first=[96, 120]
    )
    hidden, [told] = ignoring(panel, words_of(panel, places), is_settled=False)
    assert np.flatnonzero(hidden.is_ignored).tolist() == places
    assert not np.isnan(hidden.filled).any()
    assert "alone" in told.text


def test_a_lone_series_needs_no_name_which_may_be_another_in_the_next_file():
    panel = panel_from_series([np.arange(60.0)], "D")
    assert words_of(panel, [31]) == ("1970-02-01",)


def test_a_series_that_is_gone_is_no_mistake_of_a_version_but_of_a_person():
    assert not ignoring(months(), ["north@2020-03"], is_settled=True)[0].has_ignored
    with pytest.raises(UsageError, match="names no series: there is no 'north'"):
        ignoring(months(), ["north@2020-03"], is_settled=False)


def test_what_is_left_out_stays_so_in_parts_of_a_panel():
    panel = panel_from_series([np.arange(20.0), np.arange(30.0)], "D").leaving_out([18, 19, 25])
    assert panel.counted_last.tolist() == [17, 29]
    assert panel.select([1]).is_ignored.nonzero()[0].tolist() == [5]
    assert panel.until([18, 4]).left_out is None
    assert panel.tail(3).is_ignored.nonzero()[0].tolist() == [1, 2]
