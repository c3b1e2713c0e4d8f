"""Champion and challenger: scored on the newest points, the challenger's publication, the data's continuity."""
