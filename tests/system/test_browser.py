"""Reports and the page of explain in a real browser: no error, no request, and all can be read in both themes."""

import pytest

from browser import CHROMIUM, open_tab
from commands import csv_bytes, run, visits
from untrained import train_nothing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
LONG = "a store with a name that goes on and on until nobody wants to read it any more"
NAMES = ["<script>alert(1)</script>", LONG, "W" * 80, "売上 🛒 مبيعات", *(f"store {i}" for i in range(8))]
CONTRAST = """
(() => {
  const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  let worst = [99, ''];
  for (const node of document.querySelectorAll('h1,h2,p,a,th,td,dt,dd,li,small,code,figcaption,.unit,.plot span')) {
    if (!node.textContent.trim() || !node.offsetParent || node.className === 'widest') continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, node.outerHTML.slice(0, 80)];
  }
  return worst;
})()
"""
OUTSIDE = """
[...document.querySelectorAll('main *')]
  .filter(node => !node.closest('.scroll, svg') && node.getBoundingClientRect().right > innerWidth + 0.5)
  .map(node => node.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Reports of one series and of many with awkward names, of a comparison and of a retrain."""
    folder = tmp_path_factory.mktemp("pages")
    bare = ("--horizon", "7", "--folds", "2", "--plots", "none", "--report", "-q")
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
        rows = [(day, name, -1000 * value) for name in NAMES for day, value in visits(100)]
        (folder / "shops.csv").write_bytes(csv_bytes(rows, header="day,shop,<b>loss</b> in thousands of something"))
        assert run("compare", "visits.csv", "--models", "rnn,lstm,gru", *bare, folder=folder).code == 0
        for name in ("shops", "visits"):
            assert run("train", f"{name}.csv", "--model", "gru", *bare, folder=folder).code == 0
        (folder / "visits.csv").write_bytes(csv_bytes(visits(130)))
        assert run("retrain", "visits", "--report", "-q", folder=folder).code == 0
        assert run("explain", "shops", "--series", NAMES[0], "--teach", "-q", folder=folder).code == 0
    return sorted((folder / "forecasts").rglob("*.html"))


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with open_tab(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_page_opens_without_error_or_request_and_can_be_read(width, dark, pages, tab):
    assert len(pages) == 4
    for page in pages:
        tab.events.clear()
        tab.open(page, width=width, dark=dark)
        assert tab.happened("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
        urls = [event["request"]["url"] for event in tab.happened("Network.requestWillBeSent")]
        assert [url for url in urls if not url.startswith("data:")] == [page.as_uri()]
        assert tab.ask("document.documentElement.scrollWidth") <= width
        assert tab.ask(OUTSIDE) == []
        assert tab.ask("[...document.images].every(image => image.complete && image.naturalWidth > 900)")
        ratio, where = tab.ask(CONTRAST)
        assert ratio >= 4.5, where
        background = tab.ask("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 150) == dark


def test_paper_is_light_and_has_no_links(pages, tab):
    tab.events.clear()
    tab.open(pages[0], width=720, dark=True, media="print")
    assert tab.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert tab.ask("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 31, 36)"
    assert tab.ask("document.documentElement.scrollWidth") <= 720
