"""Shards: Parquet files that hold whole series of a panel, with a manifest; made from a file or folder in a stream."""
