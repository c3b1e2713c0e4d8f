"""Dates that lie far from all others are left out and named, whichever end they are at."""

import numpy as np
import pandas as pd
import pytest

from forecast.data.columns.row_times import ENOUGH
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import QuestionError

DAYS = [str(day) for day in np.arange("2023-01-01", "2023-04-11", dtype="datetime64[D]")]  # 100


def read(tmp_path, days, frame=None, **options):
    """The first and the last date, how many steps there are, and what was said of strays."""
    path = tmp_path / "sales.csv"
    if frame is None:
        path.write_text("date,sales\n" + "".join(f"{day},{i % 7 + 3}\n" for i, day in enumerate(days)))
    else:
        path = tmp_path / "sales.parquet"
        frame.to_parquet(path)
    reading = read_panel(str(path), ReadOptions(**options))
    panel = reading.panel
    first = panel.frequency.timestamps(np.array([panel.first[0], panel.last[0]]))
    said = [finding.text for finding in reading.findings if finding.topic == "strays"]
    return [str(day)[:10] for day in first], len(panel.values), said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], ["9999-12-31"], "line 102, since '9999-12-31'"),
        (["0001-01-01"], [], "line 2, since '0001-01-01'"),
        (["1900-01-01"], ["9999-12-31"], "2 rows left out, the first is line 2, since '1900-01-01'"),
        (["1970-01-01"], [], "line 2, since '1970-01-01'"),
        ([], ["2203-04-11"], "line 102, since '2203-04-11'"),
    ],
)
def test_date_far_from_all_others_is_left_out_and_named(tmp_path, before, after, said):
    end = "2023-04-11" if len(before + after) == 1 else "2023-10-28"  # at most one row in a hundred
    many = [str(day) for day in np.arange("2023-01-01", end, dtype="datetime64[D]")]
    ends, steps, findings = read(tmp_path, [*before, *many, *after])
    assert ends == [many[0], many[-1]]
    assert steps == len(many)
    assert len(findings) == 1
    assert said in findings[0]
    assert findings[0].endswith("lies a decade or more from all other dates")


@pytest.mark.parametrize(
    "days",
    [
        pytest.param([*DAYS, "2024-04-10"], id="a year later"),
        pytest.param([*DAYS[: ENOUGH - 1], "2063-01-01"], id="too few to say"),
        pytest.param(
            [f"{year}-01-01" for year in [1700, *range(1800, 2000)]], id="a gap that is shorter than the rest"
        ),
        pytest.param([f"{year}-01-01" for year in [*range(1700, 1725), *range(1900, 1925)]], id="two halves"),
    ],
)
def test_gap_that_may_well_be_one_is_kept(tmp_path, days):
    with pytest.raises(QuestionError, match="steps have no row"):
        read(tmp_path, days)
    ends, _, findings = read(tmp_path, days, fill="interpolate")
    assert ends == [days[0], days[-1]]
    assert findings == []


def test_moments_of_a_parquet_file_are_judged_likewise(tmp_path):
    moments = pd.to_datetime([*DAYS, "2203-04-11"]).astype("datetime64[s]")
    ends, steps, findings = read(tmp_path, None, pd.DataFrame({"date": moments, "sales": np.arange(101) % 7 + 3}))
    assert ends == [DAYS[0], DAYS[-1]]
    assert steps == 100
    assert "2203-04-11" in findings[0]


def test_series_that_holds_nothing_but_such_a_date_is_left_out_with_it(tmp_path):
    path = tmp_path / "shops.csv"
    rows = [f"{day},{shop},{i % 7 + 3}\n" for shop in "ab" for i, day in enumerate(DAYS)]
    path.write_text("date,shop,sales\n" + "".join(rows) + "1970-01-01,old,5\n")
    reading = read_panel(str(path), ReadOptions())
    assert reading.panel.series_ids == ("a", "b")
    assert [finding.grade for finding in reading.findings if finding.topic == "strays"] == ["warning"]
