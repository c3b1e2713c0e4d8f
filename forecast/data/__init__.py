"""From a CSV to panels and windows."""
