"""A trained model as the files of a version, and back: what is stored beside the weights, as typed records."""
