"""The verb that says what changed between two forecasts."""
