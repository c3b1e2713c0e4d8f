"""What is said of the distribution that was asked for."""

import numpy as np
import pytest

from forecast.experiment.decisions.asked import median_notes
from forecast.models.forecaster import Forecasts, Quantiles

POINT = np.array([[100.0, 120.0, 80.0]])


def forecasts(median, probabilities=(0.1, 0.5, 0.9)):
    values = np.stack([median + 200 * (p - 0.5) for p in probabilities])
    stamps = np.arange("2024-01-01", "2024-01-04", dtype="datetime64[D]").astype("datetime64[s]")[None]
    return Forecasts(("shop",), stamps, POINT, quantiles=Quantiles(probabilities, values))


@pytest.mark.parametrize(("share", "side"), [(0.96, "below"), (1.1, "above")])
def test_a_median_that_is_not_the_forecast_is_explained(share, side):
    [note] = median_notes(forecasts(share * POINT))
    assert note.startswith(
        f"The median (q0.5) lies {'4.0' if share < 1 else '10'} % from the forecast, mostly {side} it"
    )
    assert "while the forecast is like their mean, which is what a low RMSE wants." in note


@pytest.mark.parametrize(
    "made",
    [
        forecasts(POINT),
        forecasts(1.004 * POINT),  # as good as the same
        forecasts(0.9 * POINT, (0.1, 0.9)),  # nobody asked for it
        forecasts(np.full_like(POINT, np.nan)),  # nothing is known of it
        Forecasts(("shop",), np.zeros((1, 3), "datetime64[s]"), POINT),
    ],
)
@pytest.mark.filterwarnings("error")
def test_where_there_is_nothing_to_explain_nothing_is_said(made):
    assert median_notes(made) == ()
