"""The files of ../shared/cases, which went wrong once; `python benchmarks/cases.py` prints them as a table."""

import sys

import pytest

from places import BENCHMARKS

sys.path.insert(0, str(BENCHMARKS))
try:
    from cases import CASES, FOLDER, Case, run_case
finally:
    sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/cases is not here")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.nr)
def test_file_that_went_wrong_once_is_right(case):
    outcome = run_case(case)
    assert not outcome.wrong, outcome.output


def test_what_does_not_hold_is_told():
    case = Case("0", "", (("--version",),), (r"forecast \d", "never shown"), (r"\d",), codes=(5,))
    assert run_case(case).wrong == ("exit 0", "no never shown", r"\d")
    assert not run_case(Case("0", "", (("--version",),), (r"forecast \d",))).wrong
