"""What was not expected: scorers, their calibration, and the episodes that are told."""
