"""Beyond the end of the data: a file of known values to come, a scenario, values that the data never held."""
