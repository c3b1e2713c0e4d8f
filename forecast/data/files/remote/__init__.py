"""Data that is no file here: databases, objects and URLs, and the addresses that name them."""
