"""Recurrent networks: cells, training, presets, time budget, and their weights as plain arrays."""
