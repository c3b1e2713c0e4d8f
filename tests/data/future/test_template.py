"""The template of a future file: read as one, it tells of all steps to come what is told or usual."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from forecast.data.files.source import written_source
from forecast.data.future.future_file import read_future
from forecast.data.future.template import future_template
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel

DAYS = [date(2023, 11, 20) + timedelta(i) for i in range(60)]
H = 5


def table(header, rows):
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]).encode() + b"\n"


def daily(form):
    return [(f"{day:{form}}", i % 9, i % 7 == 0, 2.5 - (i % 3) / 4) for i, day in enumerate(DAYS)]


SHOPS = [(day, name, i % 9, int(i % 5 == 0)) for name in ("a/b", "c") for i, day in enumerate(DAYS)]
MONTHS = [(2015 + i // 12, i % 12 + 1, i % 9 + 1, i % 2) for i in range(60)]
HOURS = [(moment.date(), f"{moment:%H:%M}", i % 24, i % 2) for i in range(240)
         for moment in [datetime(2024, 3, 1) + timedelta(hours=i)]]  # fmt: skip
AHEAD = [*((day, i % 9, i % 3) for i, day in enumerate(DAYS)), (DAYS[-1] + timedelta(1), "", 2)]
PLANS = {
    "iso": (table("date,sales,promo,price", daily("%Y-%m-%d")), {"known": ("promo", "price")}),
    "form": (table("date,sales,promo,price", daily("%d/%m/%Y")), {"known": ("promo", "price")}),
    "series": (table("date,shop,sales,promo", SHOPS), {"known": ("promo",), "ids": ("shop",)}),
    "months": (table("Year,Month,sales,promo", MONTHS), {"known": ("promo",)}),
    "clock": (table("Date,Time,load,promo", HOURS), {"known": ("promo",), "target": ("load",)}),
    "rows": (
        table("n,promo", [(i % 9, i % 2) for i in range(40)]),
        {"known": ("promo",), "no_dates": True, "target": ("n",)},
    ),
    "targets": (
        table("date,x,y,promo", [(day, i % 9, i % 4, i % 2) for i, day in enumerate(DAYS)]),
        {"known": ("promo",), "target": ("x", "y")},
    ),
    "texts": (
        table("date,sales,sky", [(day, i % 9, ("sun", "rain")[i % 2]) for i, day in enumerate(DAYS)]),
        {"known": ("sky",)},
    ),
    "weekly": (
        table("date,sales,promo", [(day, i % 9, i // 7 % 2) for i, day in enumerate(DAYS[:57])]),
        {"known": ("promo",), "aggregate": "sum", "freq": "W"},
    ),
    "told": (table("date,sales,promo", AHEAD), {"known": ("promo",)}),
}  # fmt: skip


def made(name):
    """Returns the panel of a plan, how it was read, and its template where 1 is the usual value of all."""
    data, options = PLANS[name]
    reading = read_panel(written_source(data, f"{name}.csv"), ReadOptions(**options))
    panel = reading.panel
    usual = np.full((len(panel), len(panel.covariates.of("known"))), 1.0)
    return reading, future_template(panel, reading.settled, reading.ids, H, usual)


@pytest.mark.parametrize("name", PLANS)
def test_a_template_is_read_as_the_plan_that_it_says(name):
    reading, template = made(name)
    panel, settled = reading.panel, reading.settled
    told, findings = read_future(written_source(template.csv(settled.date_format), "next.csv"), settled, panel)
    before = panel.covariates.known_between(panel.last + 1, H)
    ahead = told.known_between(panel.last + 1, H)
    np.testing.assert_array_equal(ahead, np.where(np.isnan(before), 1.0, before))
    assert [finding.grade for finding in findings] in ([], ["note"])
    things = {series_id.removesuffix("/x").removesuffix("/y") for series_id in panel.series_ids}
    assert len(template.rows) == H * (1 if name == "targets" else len(things))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("iso", ("2024-01-19", "1", "1")),
        ("series", ("2024-01-19", "a/b", "1")),
        ("months", ("2020", "1", "1")),
        ("clock", ("2024-03-11", "00:00", "1")),
        ("rows", ("1",)),
        ("texts", ("2024-01-19", "sun")),
        ("told", ("2024-01-19", "2")),
    ],
)
def test_rows_are_written_as_those_of_the_data(name, first):
    assert made(name)[1].rows[0] == first


def test_dates_are_written_in_the_form_of_the_data_where_only_that_is_read():
    template = made("form")[1]
    assert template.csv("%d/%m/%Y").splitlines()[1] == b"19/01/2024,1,1"
    assert template.csv().splitlines()[1] == b"2024-01-19,1,1"


def test_usual_values_have_one_decimal_more_than_their_history():
    data = table("date,sales,a,b,c", [(day, i % 9, i % 7, i % 7 / 4, i / 7) for i, day in enumerate(DAYS)])
    reading = read_panel(written_source(data, "x.csv"), ReadOptions(known=("a", "b", "c")))
    template = future_template(reading.panel, reading.settled, reading.ids, 1, np.array([[2.9831, 0.75, 4.123456789]]))
    assert template.rows[0][1:] == ("3", "0.75", "4.1235")
    assert template.columns == ("date", "a", "b", "c")


def test_limits_are_carried_on():
    data = table("date,sales,room", [(day, i % 9, 20 + i) for i, day in enumerate(DAYS)])
    reading = read_panel(written_source(data, "x.csv"), ReadOptions(max="room", target=("sales",)))
    panel = replace(reading.panel, covariates=None)
    template = future_template(panel, reading.settled, reading.ids, 2, np.empty((1, 0)))
    assert template.rows == (("2024-01-19", "79"), ("2024-01-20", "79"))
