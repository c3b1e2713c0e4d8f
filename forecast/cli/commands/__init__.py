"""A file a command: its own flags, one workflow called, its result printed."""
