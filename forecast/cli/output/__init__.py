"""What the user sees: streams, notes and progress, and each command's result as text or JSON."""
