"""The columns beside the target: which there may be, what is in them, on which steps, and what is to be said."""
