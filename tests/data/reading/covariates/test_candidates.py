import numpy as np
import pytest

from forecast.data.reading.covariates.candidates import ROOM, Candidate, candidate_findings
from forecast.data.reading.reader import ReadOptions, read_panel
from places import ROOT

STEPS = 40


@pytest.fixture
def found(tmp_path):
    def look(columns, sales=None, **options):
        """Looks at columns of two shops, each a function of shop and step."""
        lines = [",".join(["day", "shop", "sales", *columns])]
        for shop in ("a", "b"):
            for step in range(STEPS):
                own = (sales or (lambda shop, step: step * step % 23))(shop, step)
                cells = [column(shop, step) for column in columns.values()]
                lines.append(",".join(map(str, [np.datetime64("2024-01-01") + step, shop, own, *cells])))
        (tmp_path / "x.csv").write_text("\n".join(lines))
        options = {"target": ("sales",), "ids": ("shop",), **options}
        candidates = read_panel(tmp_path / "x.csv", ReadOptions(**options), other_numbers=True).candidates
        return {candidate.name: candidate.use for candidate in candidates}

    return look


@pytest.mark.parametrize(
    ("column", "use"),
    [
        (lambda shop, step: f"of {shop}", "static"),
        (lambda shop, step: 3 if shop == "a" else 4, "static"),
        (lambda shop, step: f"of {shop}" if step % 3 else "", "static"),
        (lambda shop, step: step % 3, "planned"),
        (lambda shop, step: ("yes", "no")[step % 2], "planned"),
        (lambda shop, step: ("sun", "rain", "snow")[step % 3], "planned"),
        (lambda shop, step: step * 0.37, "past"),
        (lambda shop, step: 5, None),
        (lambda shop, step: "", None),
        (lambda shop, step: f"note {shop}{step}", None),
        (lambda shop, step: np.datetime64("2023-01-01") + step, None),
        (lambda shop, step: "x" if step == 7 else step, None),
    ],
)
def test_use_of_a_column_is_told_by_its_values(column, use, found):
    assert found({"thing": column}).get("thing") == use


@pytest.mark.parametrize("name", ["price", "Promo", "SchoolHoliday", "unit_price", "IsHoliday"])
def test_use_of_a_column_is_told_by_its_name(name, found):
    assert found({name: lambda shop, step: step * 0.37}) == {name: "planned"}


def test_values_after_the_last_of_the_target_are_known_in_advance(found):
    def sales(shop, step):
        return "" if step > 35 or (shop == "a" and step > 30) else step % 7

    columns = {
        "told": lambda shop, step: step * 0.37,
        "untold": lambda shop, step: step * 0.37 if step <= 30 else "",
        "late": lambda shop, step: step * 0.37 if step <= 35 else "",  # of the shop that has closed too
        "trait": lambda shop, step: shop * 2,
    }
    assert found(columns, sales) == {"told": "known", "untold": "past", "late": "known", "trait": "static"}


def test_what_is_used_or_tells_the_calendar_is_no_candidate(found):
    columns = {"year": lambda shop, step: 2024 + step // 20, "promo": lambda shop, step: step % 2}
    assert found(columns) == {"promo": "planned"}
    assert found(columns, known=("promo",)) == {}
    assert found(columns, aggregate="sum", freq="2D") == {}


def test_findings_have_the_flag_that_takes_the_columns():
    one = [Candidate("region", "static"), Candidate("promo", "planned"), Candidate("temp", "past")]
    assert [finding.flag for finding in candidate_findings(one)] == ["--static region", "--known promo", "--past temp"]
    assert candidate_findings([]) == []
    many = [Candidate(f"column_{i}", "past") for i in range(20)]
    [finding] = candidate_findings(many)
    assert (finding.flag, len(",".join(candidate.name for candidate in many)) > ROOM) == ("--past", True)
    assert "and 12 more" in finding.text


def test_candidates_of_the_bundled_stores_are_what_made_their_sales():
    reading = read_panel(ROOT / "sample_data" / "store_sales.csv", other_numbers=True)
    uses = {candidate.name: candidate.use for candidate in reading.candidates}
    assert uses == {"region": "static", "promo": "planned", "holiday": "planned", "price": "planned"}
