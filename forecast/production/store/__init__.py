"""The store of published models: immutable versions, a moving champion, locks, writes that are whole or absent."""
