"""When a model is retrained: the timetable, the user's crontab, units for systemd (standard library only)."""
