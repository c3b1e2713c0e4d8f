"""`forecast models …`: what is in the store, what can be done with it, and that it is whole and kept elsewhere."""
