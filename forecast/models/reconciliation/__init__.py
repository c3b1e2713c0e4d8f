"""Forecasts of all series of a hierarchy, moved as little as can be so that they add up."""
