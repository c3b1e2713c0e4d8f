"""`forecast tune`: the verb that searches for better settings."""
