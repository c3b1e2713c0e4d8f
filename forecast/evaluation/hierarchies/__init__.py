"""How well the forecasts of a hierarchy are reconciled: fold by fold, and level by level."""
