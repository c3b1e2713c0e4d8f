"""`forecast anomalies`."""
