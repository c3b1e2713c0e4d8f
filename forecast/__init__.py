"""From a CSV of sales or prices to forecasts you can trust."""

__version__ = "0.1.0"
