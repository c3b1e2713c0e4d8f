"""Outliers with a name are explained by it; the others are told to be corrected, as before."""

import numpy as np
import pytest

from forecast.data.checks.explained import labels_of
from forecast.data.checks.survey import survey
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel

DAYS = np.datetime64("2021-01-01") + np.arange(900)
PROMO = [100, 300, 301, 600, 777]


def findings(tmp_path, high, head="day,sales", column=lambda i: "", days=DAYS, **options):
    values = 100 + 8 * np.sin(np.arange(days.size)) + np.random.default_rng(0).normal(0, 2, days.size)
    values[high] += 150
    rows = "".join(f"{day},{values[i]:.2f}{column(i)}\n" for i, day in enumerate(days))
    (tmp_path / "a.csv").write_text(f"{head}\n{rows}")
    reading = read_panel(tmp_path / "a.csv", ReadOptions(target=("sales",), **options), other_numbers=True)
    spots = survey(reading.panel, labels_of(reading.other_numbers, reading.texts))
    return {spot.finding.topic: (spot.finding, len(spot.steps)) for spot in spots}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (lambda i: f",{int(i in PROMO)}", "promo = 1 (5)"),
        (lambda i: f",{'yes' if i in PROMO else 'no'}", "promo = 'yes' (5)"),
        (lambda i: f",{'fair' if i in PROMO else ''}", "promo = 'fair' (5)"),
    ],
)
def test_a_column_that_is_of_a_kind_on_those_days_explains_them(column, words, tmp_path):
    found = findings(tmp_path, PROMO, "day,sales,promo", column)
    assert set(found) & {"outliers", "explained"} == {"explained"}
    finding, count = found["explained"]
    assert finding.text == f"5 values far from those around, explained by {words}"
    assert (finding.grade, finding.flag, count) == ("note", "--known promo", 5)


def dates(*texts):
    return [int((np.datetime64(text) - DAYS[0]).astype(int)) for text in texts]


@pytest.mark.parametrize(
    ("high", "words"),
    [
        (dates("2021-12-25", "2022-12-25"), "Christmas (2)"),
        (dates("2021-11-26", "2022-11-25"), "Black Friday (2)"),
        (dates("2021-04-04", "2022-04-17", "2023-04-09"), "Easter (3)"),
        (dates("2021-02-14", "2022-02-14", "2023-02-14"), "14 February each year (3)"),
        (dates("2021-05-09", "2022-05-08", "2023-05-14"), "a Sunday of May each year (3)"),
    ],
)
def test_the_same_day_of_other_years_explains_a_value(high, words, tmp_path):
    found = findings(tmp_path, high)
    assert set(found) & {"outliers", "explained"} == {"explained"}
    assert found["explained"][0].text.endswith(f"explained by {words}")


def test_weeks_of_christmas_are_explained_too(tmp_path):
    weeks = np.datetime64("2018-01-07") + 7 * np.arange(200)
    high = [
        i for i, week in enumerate(weeks) if str(week)[5:] in {"12-25", "12-26", "12-27", "12-28", "12-29", "12-30"}
    ]
    found = findings(tmp_path, high, days=weeks)
    assert "outliers" not in found
    assert "Christmas" in found["explained"][0].text


def test_what_nothing_explains_is_still_to_be_corrected_and_alone(tmp_path):
    high = [*PROMO, 450]
    found = findings(tmp_path, high, "day,sales,promo", lambda i: f",{int(i in PROMO)}")
    assert found["explained"][1] == 5
    finding, count = found["outliers"]
    assert count == 1
    assert str(DAYS[450]) in finding.text


@pytest.mark.parametrize(
    ("high", "column"),
    [
        (dates("2022-12-25"), lambda i: ",0"),  # not so the year before
        (PROMO, lambda i: f",{i % 2}"),
        (PROMO, lambda i: f",{i % 7}"),
    ],
)
def test_chance_explains_nothing(high, column, tmp_path):
    found = findings(tmp_path, high, "day,sales,kind", column)
    assert (found["outliers"][1], "explained" in found) == (len(high), False)
