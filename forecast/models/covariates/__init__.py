"""What is known beside the target, as a model uses it: encoded inputs, regressors, effects measured on them."""
