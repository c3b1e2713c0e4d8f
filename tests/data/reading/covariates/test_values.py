import numpy as np
import pytest

from forecast.data.columns.roles import Columns
from forecast.data.covariates import Column
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.reading.covariates.values import MOST_LEVELS, read_all_cells, read_cells, unseen_findings
from forecast.errors import DataError, UsageError

NAN = np.nan


def table_of(name, cells):
    lines = [f"n,{name}", *(f"{i},{cell}" for i, cell in enumerate(cells))]
    return Table(Source("shops.csv", "shops", None, "\n".join(lines).encode(), "", "UTF-8"))


def cells_of(cells, **more):
    return read_cells(table_of("promo", cells), "promo", "known", **more)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ([1, 0, "", 1], [1, 0, NAN, 1]),
        ([2.5, "NA", -1], [2.5, NAN, -1]),
        (["$1,200", "$3"], [1200, 3]),
        (["true", "false", ""], [1, 0, NAN]),
        (["True", "FALSE", "NA"], [1, 0, NAN]),
        (["yes", "No", " yes "], [1, 0, 1]),
        (["Y", "n", ""], [1, 0, NAN]),
        (["t", "F", "T"], [1, 0, 1]),
        (["", "", ""], [NAN, NAN, NAN]),
    ],
)
def test_numbers_and_words_of_truth_are_numbers(cells, values):
    read = cells_of([f'"{cell}"' for cell in cells] if "$1,200" in cells else cells)
    assert read.column == Column("promo", "known")
    np.testing.assert_array_equal(read.values, values)


def test_text_becomes_codes_of_its_sorted_values():
    read = cells_of(["sun", "rain", "", " sun", "yes", 1])
    assert read.column == Column("promo", "known", ("1", "rain", "sun", "yes"))
    np.testing.assert_array_equal(read.values, [2, 1, NAN, 2, 3, 0])


def test_numbers_that_stand_for_nothing_are_missing():
    np.testing.assert_array_equal(cells_of([1, -200, 3], missing=[-200.0]).values, [1, NAN, 3])
    columns = Columns("n", ("n",), (), past=("promo",))
    [read] = read_all_cells(table_of("promo", [1, -200, 3]), columns, ("-200", "none"))
    np.testing.assert_array_equal(read.values, [1, NAN, 3])


def test_text_that_was_read_before_keeps_its_codes_and_new_ones_come_after():
    like = Column("promo", "known", ("b", "1", "a"))
    read = cells_of(["a", "z", 1, "c", ""], like=like)
    assert read.column.levels == ("b", "1", "a", "c", "z")
    np.testing.assert_array_equal(read.values, [2, 4, 1, 3, NAN])
    [finding] = unseen_findings([read])
    assert finding.text == "promo has 'c', 'z', which it never had before: taken as none of its values"
    assert finding.grade == "warning"


def test_text_stays_text_where_only_numbers_are_left_of_it():
    read = cells_of([0, 0, 1], like=Column("promo", "known", ("0", "a")))
    assert read.column.levels == ("0", "a", "1")
    assert read.values.tolist() == [0, 0, 2]


def test_words_among_what_was_numbers_before_are_refused():
    with pytest.raises(DataError, match=r"shops.csv line 3: 'sun' in column promo is not a number"):
        cells_of([1, "sun", "rain"], like=Column("promo", "known"))


@pytest.mark.parametrize(
    ("cells", "error", "message"),
    [
        ([1, 2, "inf"], DataError, "shops.csv line 4: column promo holds an infinite number"),
        ([1, 2, "x", 4], DataError, "shops.csv line 4: 'x' in column promo is not a number"),
        (["2024-01-01", "2024-01-02"], UsageError, "Column promo of shops.csv holds dates, which can't be a covariate"),
        (
            [f"note {i}" for i in range(MOST_LEVELS + 1)],
            UsageError,
            "Column promo of shops.csv has 51 different texts; a covariate can have at most 50",
        ),
    ],
)
def test_what_can_be_no_covariate_is_refused(cells, error, message):
    with pytest.raises(error, match=message):
        cells_of(cells)


def test_as_many_texts_as_may_be_are_taken():
    assert len(cells_of([f"note {i}" for i in range(MOST_LEVELS)]).column.levels) == MOST_LEVELS


@pytest.mark.parametrize("word", ["RAIN", "Rain", " rain ", "rain\u00a0", "ＲＡＩＮ"])
def test_text_is_known_again_however_it_is_typed(word):
    like = Column("promo", "known", ("rain", "sun"))
    read = cells_of([word, "sun"], like=like)
    assert (read.values.tolist(), read.unseen) == ([0, 1], ())


def test_composed_and_decomposed_accents_are_one():
    like = Column("city", "static", ("Köln", "Málaga"))
    read = cells_of(["Ko\u0308ln", "MA\u0301LAGA"], like=like)
    assert (read.values.tolist(), read.unseen) == ([0, 1], ())


def test_case_tells_where_it_told_before():
    like = Column("grade", "static", ("ok", "OK", "low"))
    read = cells_of(["OK", "ok", "Ok", "LOW"], like=like)
    assert read.unseen == ("Ok",)
    assert read.values.tolist() == [1, 0, 3, 2]


def test_spellings_of_one_text_are_one_level_the_most_usual():
    read = cells_of(["Rain", "RAIN", "Rain", "sun", "sun ", "rain"])
    assert read.column.levels == ("Rain", "sun")
    assert read.values.tolist() == [0, 0, 0, 1, 1, 0]
    [note] = unseen_findings([read])
    assert note.text == "promo: 'RAIN', 'rain' read regardless of case"
    assert cells_of(["a", "A", "b"]).column.levels == ("A", "a", "b")
