import pytest

from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary
from forecast.evaluation.hierarchies.level_words import reconciled_words


@pytest.mark.parametrize(
    ("best", "words"), [(0.99962, "as large as that"), (1.0004, "as large as that"), (0.98, "2.0 % below that")]
)
def test_error_of_sums_is_told_beside_that_of_each_by_itself(best, words):
    found = ReconciliationSummary(hierarchy="a/b", model="gru", method="ols", losses={"ols": best}, levels=())
    assert reconciled_words(found).endswith(f"its error is {words} of each by itself")
