"""Workbooks: the sheet that holds a table, as the text of a CSV with a line a row."""
