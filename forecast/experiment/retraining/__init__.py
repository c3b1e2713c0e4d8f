"""Champion and challenger: the fair fight on newest points, the challenger's publication, the data's continuity."""
