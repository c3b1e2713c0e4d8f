"""Where errors are: by series, step, weekday, month, or a part of the series' ids."""
