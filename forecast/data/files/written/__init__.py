"""Tables and forecasts as the program writes them, and read back."""
