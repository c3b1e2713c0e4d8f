"""What was expected of each step, by smoothing, by a model or by the other series, and how far off it was."""
