"""How a table stands in a file: separators, decimals, the lines of its header, stacked columns."""
