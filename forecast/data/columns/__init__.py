"""Which column is the time, the target, a series' name or a covariate: asked for, or inferred."""
