import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from forecast.models.parallel import side_by_side


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_results_come_in_the_order_of_the_items(threads, count):
    assert side_by_side(lambda item: item * item, iter(range(count)), threads) == [n * n for n in range(count)]


def test_items_are_worked_on_at_the_same_time_and_products_keep_to_their_thread():
    both = threading.Barrier(2, timeout=20)  # passed only where two threads are there at once

    def work(item):
        both.wait()
        np.ones((4, 4)) @ np.ones((4, 4))
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    assert side_by_side(work, [1, 2], 2) == [{1}, {1}]


def test_an_error_is_raised_where_the_work_was_asked_for():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 / item, [1, 0, 2], 2)
