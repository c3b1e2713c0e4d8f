"""Layers and losses of the user's own: checked, and trained like the others."""
