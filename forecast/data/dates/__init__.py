"""Dates in whatever form a person wrote them, their frequency, and what a date says by itself."""
