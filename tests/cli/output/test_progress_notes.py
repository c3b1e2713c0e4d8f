from types import SimpleNamespace

import pytest

from forecast.cli.output.progress_notes import _totals_held, tell_files
from forecast.evaluation.summary import TotalRow


def words(*rows, horizon=12):
    totals = tuple(TotalRow("gru", total, level, share, points, 0.1) for total, level, share, points in rows)
    experiment = SimpleNamespace(plan=SimpleNamespace(horizon=horizon))
    return _totals_held(SimpleNamespace(experiment=experiment, totals=totals))


@pytest.mark.parametrize(("share", "points", "said"), [(2 / 3, 3, "2 of 3"), (0.8, 20, "80 %"), (0.0, 19, "0 of 19")])
def test_few_totals_are_counted_and_many_are_a_share(share, points, said):
    assert words(("horizon", 80, share, points)) == f"; those of totals of 12 steps {said}"


def test_totals_of_one_step_are_the_steps():
    assert words(("horizon", 80, 0.8, 50), horizon=1) == ""


def test_only_the_main_level_is_said():
    rows = (("horizon", 50, 0.5, 50), ("horizon", 80, 0.8, 50), ("all series", 80, 0.9, 50))
    assert words(*rows) == "; those of totals of 12 steps 80 %, of all series together 90 %"


def test_workbook_is_part_of_the_report_and_no_plot(capsys):
    tell_files(["a-forecast.png", "a-report.xlsx", "a-report.html"])
    words = " ".join(capsys.readouterr().err.split())
    assert words == "Plots a-forecast.png Report a-report.html, a-report.xlsx"
