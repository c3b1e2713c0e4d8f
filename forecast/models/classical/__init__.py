"""Forecasts that need no network: naive rules, smoothing, seasonality, regressions of each series by itself."""
