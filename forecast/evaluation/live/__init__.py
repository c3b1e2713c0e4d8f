"""How good issued forecasts were once their truth is there, and what that teaches of the next intervals."""
