"""How work is run: jobs here, in processes or on a cluster, and the folder of a run that goes on where it ended."""
