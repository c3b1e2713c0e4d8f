"""A file a verb: read, compute, write, return a frozen result."""
