"""Texts of covariates that are the same but for how they were typed."""

import numpy as np
import pytest

from forecast.data.covariates import Column, Covariates, as_known

NFD = "cafe\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("word", "levels", "meant"),
    [
        ("RAIN", ("rain", "sun"), "rain"),
        ("  heavy   Rain", ("heavy rain", "sun"), "heavy rain"),
        (NFD, ("café", "bar"), "café"),
        ("Snow", ("rain", "sun"), "Snow"),
        ("A", ("A", "a"), "A"),  # typing tells between these two
        ("Rain", ("RAIN", "rain"), "Rain"),
    ],
)
def test_a_text_is_the_level_that_it_is_another_spelling_of(word, levels, meant):
    assert as_known([word], levels) == [meant]


def test_panels_are_coded_by_the_rule_that_files_are_read_by():
    column = Column("sky", "static", (NFD, "SUN", "Fog"))
    offsets, first = np.zeros(4, dtype=np.int64), np.zeros(3, dtype=np.int64)
    nothing, static = np.empty((0, 0)), np.array([[0.0], [1.0], [2.0]])
    covariates = Covariates((column,), nothing, offsets, first, nothing, static)
    coded = covariates.coded_like([Column("sky", "static", ("Sun", "café"))])
    assert coded.columns[0].levels == ("Sun", "café", "Fog")
    assert coded.static[:, 0].tolist() == [1, 0, 2]
