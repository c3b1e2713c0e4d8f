"""Series that are sums of others: their ids, the rows that hold sums, and the sums as series."""
