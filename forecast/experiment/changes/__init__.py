"""What changed between two forecasts that were issued, and what each part of it comes from."""
