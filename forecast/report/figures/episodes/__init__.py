"""What was not expected, drawn."""
