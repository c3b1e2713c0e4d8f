"""From a table to a panel: rows onto the steps of their frequency, targets and covariates as numbers."""
