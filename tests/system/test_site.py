"""The site of docs/: built strictly, it asks nothing of a network, and is searched and read from a folder."""

import re
import subprocess
import sys
import time

import pytest

from browser import CHROMIUM, open_tab
from places import ROOT

FETCHED = re.compile(r"<(?:link|script|img)[^>]+(?:href|src)=\"(https?://[^\"]+)\"")
SEARCH = """
(word => {
  const field = document.querySelector('[data-md-component=search-query]');
  field.focus();
  field.value = word;
  field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));
})('crontab')
"""
COPY = "document.querySelectorAll('button[data-clipboard-target]')"
FOUND = "[...document.querySelectorAll('.md-search-result__item a')].map(link => link.getAttribute('href')).join()"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_pages_fetch_nothing(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert not [url for page in pages for url in FETCHED.findall(page.read_text(encoding="utf-8"))]


def test_what_is_fetched_would_be_found():
    assert FETCHED.findall('<script defer src="https://unpkg.com/x">') == ["https://unpkg.com/x"]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_site_is_read_and_searched_from_a_folder(site, tmp_path, width, dark):
    with open_tab(tmp_path) as tab:
        for page in sorted(site.rglob("*.html")):
            if page.name != "404.html":  # its paths begin at a server's root
                tab.events.clear()
                tab.open(page, width=width, dark=dark)
                assert tab.ask("document.documentElement.scrollWidth") <= width, page.name
                asked = [event["request"]["url"] for event in tab.happened("Network.requestWillBeSent")]
                assert all(url.startswith(("file:", "data:")) for url in asked)
                assert not tab.happened("Log.entryAdded", "Runtime.exceptionThrown"), page.name
        tab.events.clear()
        tab.open(site / "index.html", width=width, dark=dark)
        assert tab.ask("document.body.dataset.mdColorScheme") == ("slate" if dark else "default")
        tab.ask(SEARCH)
        for _ in range(100):  # it reads its index first
            if "how-to/cron.html" in tab.ask(FOUND):
                return
            time.sleep(0.1)
        raise AssertionError(tab.ask(FOUND))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_copy_button_takes_the_commands_of_a_session_without_prompts_and_output(site, tmp_path):
    with open_tab(tmp_path) as tab:
        tab.open(site / "how-to" / "own-cell.html", width=1440, dark=False)
        tab.ask("document.execCommand = () => (window.copied = String(getSelection()))")
        for _ in range(100):  # the buttons come when the page is idle
            if tab.ask(f"{COPY}.length"):
                break
            time.sleep(0.1)
        tab.ask(f"{COPY}[0].click()")
        first, *more = tab.ask("window.copied").splitlines()
        assert first == "cat my_cells.py"
        assert more[0] == "forecast train sample_data/airline_passengers.csv --model my_cells.py:FirstGru \\"
        assert more[1].startswith("    --horizon 6")
        assert len(more) == 2
