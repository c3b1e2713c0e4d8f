"""The predictive distribution: what earlier errors say of later ones, at any probability, for any total."""
