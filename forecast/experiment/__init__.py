"""What train, compare and retrain share: plan, backtest, final fit, and the summary that is kept."""
