"""A trained model as one Keras model of standard layers: the arithmetic of the other rooms as Keras operations."""
