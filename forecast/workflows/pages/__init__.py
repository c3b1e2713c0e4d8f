"""What the HTML pages and picture files of the verbs are made of."""
