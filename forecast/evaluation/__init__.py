"""Folds, scores, intervals and the leaderboard."""
