"""The Forecaster protocol and everything that keeps it."""
