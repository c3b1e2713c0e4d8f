"""What a part is worth: a backtest without each covariate, or of each cell alone."""
