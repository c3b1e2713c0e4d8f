"""What a decision needs of a version's distribution: how much to order, totals with intervals, joint paths."""
