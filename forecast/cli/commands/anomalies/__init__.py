"""`forecast anomalies`: its flags, and what it prints."""
