"""The index of a site of models: safe, small, and of one script only."""

import base64
import hashlib
import re

import numpy as np

from forecast.report.html.page import PageWriter
from forecast.report.html.site_index import (
    MARK,
    MARK_WITHIN,
    SiteCell,
    SiteColumn,
    SiteIndex,
    SiteRow,
    render_index,
    sparkline_of,
)


def index_of(*rows):
    columns = (SiteColumn("expected"), SiteColumn("last run", is_text=True))
    return render_index(SiteIndex("Models", "now", ("All well.",), (), columns, rows, "foot"), PageWriter()).decode()


def row(name="shop", **changes):
    cells = (SiteCell("1,200", "next 12 months", 1200.0), SiteCell("–"))
    own = {"page": f"models/{name}.html", "health": "ok", "grade": "good", "why": "", "sparkline": None, "cells": cells}
    return SiteRow(name, **{**own, **changes})


def test_browser_may_run_the_script_of_the_page_and_no_other():
    page = index_of(row())
    [script] = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'" in page


def test_whoever_replaces_an_index_finds_its_mark_near_the_beginning():
    assert MARK in index_of(row()).encode()[:MARK_WITHIN]


def test_text_stays_text():
    page = index_of(row(why="<script>alert(1)</script>", health="failed", grade="error"))
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<script>") == 1


def test_row_without_a_page_has_no_link_and_an_unknown_number_is_sorted_last():
    page = index_of(row(page="", cells=(SiteCell("–"), SiteCell("–"))))
    assert "<a href" not in page
    assert '<td class="number" data-k="">–</td>' in page


def test_two_hundred_rows_are_no_heavy_page():
    line = sparkline_of(np.sin(np.arange(500.0)), np.sin(np.arange(90.0)))
    cells = tuple(SiteCell("1,234.5", "backtest 1,234.5", 1234.56789) for _ in range(2))
    rows = [row(f"shop_{place:03d}", sparkline=line, cells=cells) for place in range(200)]
    assert len(index_of(*rows)) < 300_000


def test_sparkline_goes_from_the_newest_values_to_the_forecast_and_leaves_gaps_out():
    line = sparkline_of(np.array([0.0, np.nan, 10.0]), np.array([5.0, 10.0]))
    assert line.past == "0,22 60,2"
    assert line.ahead == "60,2 90,12 120,2"
    assert sparkline_of(np.array([np.nan]), np.array([np.nan])) is None
    assert sparkline_of(np.array([3.0, 3.0]), np.array([3.0])).past == "0,22 60,22"
