"""The store of published models: immutable versions, a moving champion, a history (standard library only)."""
