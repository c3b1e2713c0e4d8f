import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from forecast.models.parallel import beforehand, side_by_side


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


def test_work_is_done_beforehand_while_the_block_goes_on_and_its_error_comes_where_it_is_needed():
    done, waits = [], threading.Event()
    works = [lambda: 1 / 0, lambda: waits.wait(20) and done.append("first"), lambda: done.append("second")]
    with beforehand(works, 2):
        waits.set()
        for _ in range(2000):
            if len(done) == 2:
                break
            threading.Event().wait(0.01)
    assert done == ["first", "second"]


def test_no_work_is_begun_after_a_block_that_is_left_in_the_middle():
    begun, leaves, done = threading.Event(), threading.Event(), []

    def left():
        with beforehand([lambda: begun.set() or leaves.wait(20), lambda: done.append(1)], 2):
            assert begun.wait(20)
            raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        left()
    [worker] = set(threading.enumerate()) - before
    leaves.set()
    worker.join(20)
    assert (worker.is_alive(), done) == (False, [])


def test_one_thread_does_nothing_beforehand():
    with beforehand([lambda: pytest.fail("it is done")], 1):
        pass
