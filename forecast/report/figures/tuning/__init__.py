"""The pictures of a tuning."""
