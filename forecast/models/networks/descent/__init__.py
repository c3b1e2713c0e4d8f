"""Gradient descent without TensorFlow: batches, steps, and small networks trained all at once in numpy."""
