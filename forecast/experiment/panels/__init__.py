"""Work cut into jobs, wherever they are done: a panel forecast shard by shard, networks trained fold by fold."""
