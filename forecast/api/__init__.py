"""The Python face: the verbs of the command line for notebooks and programs, frames in and frames out."""
