import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from forecast.process import SystemClock
from forecast.run import ALONE, NO_CACHE, SILENT, Cache, News, Run, StoppedClock
from forecast.specs import Machine


def ask(cache, key, made, *, shelf="numbers", most=2):
    return cache.get(shelf, key, lambda: made.append(key) or len(made), most)


def test_what_was_made_is_made_once():
    cache, made = Cache(), []
    assert [ask(cache, key, made) for key in "abab"] == [1, 2, 1, 2]


def test_what_was_asked_for_longest_ago_leaves_first():
    cache, made = Cache(), []
    for key in "abac":
        ask(cache, key, made)
    assert ask(cache, "a", made) == 1
    assert made == ["a", "b", "c"]
    ask(cache, "b", made)
    assert made == ["a", "b", "c", "b"]


def test_shelves_are_apart():
    cache, made = Cache(), []
    assert (ask(cache, "a", made), ask(cache, "a", made, shelf="others")) == (1, 2)


def test_what_is_made_may_ask_for_something_else():
    cache = Cache()
    assert cache.get("outer", 1, lambda: cache.get("inner", 1, lambda: 7, most=1) + 1, most=1) == 8


def test_who_asks_for_what_is_being_made_waits_for_it():
    cache, made, begun, ends = Cache(), [], Event(), Event()

    def make():
        begun.set()
        ends.wait(20)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "numbers", "a", make, 2)
        assert begun.wait(20)
        second = pool.submit(cache.get, "numbers", "a", make, 2)
        assert cache.get("numbers", "b", lambda: 7, 2) == 7  # another key waits for nothing
        ends.set()
        assert (first.result(20), second.result(20), made) == (1, 1, [1])


def test_what_could_not_be_made_is_not_kept():
    cache = Cache()
    try:
        cache.get("numbers", 1, lambda: 1 // 0, most=1)
    except ZeroDivisionError:
        assert cache.get("numbers", 1, lambda: 5, most=1) == 5


def test_nothing_is_kept_where_nothing_is_to_be_kept():
    made = []
    assert [ask(NO_CACHE, "a", made) for _ in range(3)] == [1, 2, 3]


def test_run_crosses_to_another_process_with_an_empty_cache():
    run, made = Run(Machine(threads=3, room=7), SILENT, SystemClock(), Cache()), []
    ask(run.cache, "a", made)
    other = pickle.loads(pickle.dumps(run))
    assert (other.machine, other.reporter, other.clock) == (run.machine, SILENT, run.clock)
    assert ask(other.cache, "a", made) == 2
    assert ask(other.cache, "a", made) == 2
    assert pickle.loads(pickle.dumps(ALONE)).clock == StoppedClock()
    made.clear()
    assert [ask(pickle.loads(pickle.dumps(NO_CACHE)), "a", made) for _ in range(2)] == [1, 2]


class Heard:
    """A reporter that keeps what it hears."""

    def __init__(self):
        self.shares, self.news = [], []

    def tell(self, news):
        self.news.append(news)

    def progress(self, label, share):
        self.shares.append((label, round(share, 3)))


def test_stages_of_a_run_share_one_way_that_never_goes_back():
    heard, news = Heard(), News()
    run = ALONE.with_reporter(heard)
    first, second = run.stage(0.0, 0.5), run.stage(0.5, 1.0)
    inner = first.stage(0.2, 1.0)
    for reporter, share in ((first, 0.1), (inner, 0.0), (inner, 1.0), (first, 0.3), (second, 0.0), (second, 2.0)):
        reporter.reporter.progress("x", share)
    assert [share for _, share in heard.shares] == [0.05, 0.1, 0.5, 0.5, 0.5, 1.0]
    second.reporter.tell(news)
    assert heard.news == [news]
