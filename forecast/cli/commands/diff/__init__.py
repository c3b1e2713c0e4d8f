"""The command that says what changed between two forecasts, and what it prints."""
