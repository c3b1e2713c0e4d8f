"""The search for better settings: what is searched, how a trial is scored, and whether the winner is any better."""
