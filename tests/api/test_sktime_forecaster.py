"""The forecaster in sktime: its own checks pass; without it, a sentence says how to get it."""

import sys
import warnings

import pytest

from forecast import ForecastError


def test_without_sktime_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sktime.forecasting.base", None)
    monkeypatch.delitem(sys.modules, "forecast.api.sktime_forecaster", raising=False)
    with pytest.raises(ForecastError, match="sktime can't be imported") as caught:
        import forecast.api.sktime_forecaster  # noqa: F401 - importing is the test
    assert caught.value.hint == "pip install 'sktime>=0.38'"


@pytest.mark.slow
def test_sktime_s_own_checks_pass():
    reason = "sktime is no part of [dev]: it asks for an older pandas (pip install --no-deps sktime scikit-base)"
    pytest.importorskip("sktime", reason=reason)
    from sktime.utils.estimator_checks import check_estimator

    from forecast.api.sktime_forecaster import SktimeForecaster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(SktimeForecaster, verbose=False)
    assert len(found) > 100
    assert {name: result for name, result in found.items() if result != "PASSED"} == {}
