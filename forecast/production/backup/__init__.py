"""Copies of a store: a backup and its restoration, its verification, the copy in a bucket."""
