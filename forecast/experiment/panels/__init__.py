"""Panels of any size: a forecast shard by shard, wherever the shards are forecast."""
