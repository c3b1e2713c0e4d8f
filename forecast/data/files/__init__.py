"""From bytes to a table: sources, encodings, dialects, headers, Parquet; and tables written."""
