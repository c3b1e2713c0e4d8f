import re

import pytest

from forecast.errors import printable
from forecast.report.html.chart import Chart, End, Key, Look, Mark, Tick
from forecast.report.html.page import (
    Bar,
    Code,
    Fact,
    Gallery,
    Page,
    PageCell,
    PageColumn,
    PageFinding,
    PageTable,
    PageTerms,
    Section,
    Term,
    Words,
    render_page,
)
from html_reader import Reader
from pictures import HOSTILE


def page_of(word="sales"):
    """A page in which every text that can come from data is this word."""
    look = Look("network", "#0072B2", "5 2", 3.4)
    marks = (Mark("line", "M0.0 0.0L1.0 1.0", look, word), Mark("dots", "M5.0 5.0h0", Look("hollow", "#D55E00"), word))
    ticks = (Tick(0.1, word), Tick(0.9, "b"))
    chart = Chart(word, marks, ticks, ticks, ticks, title=word, unit=word, below=word, ends=(End(0.5, word, look),))
    bar = Bar(1.7, "#0072B2", is_hollow=True, target=0.8, chance=(0.7, 0.9))
    blocks = (
        PageTable(
            (PageColumn(word), PageColumn("RMSE", is_number=True)), ((PageCell(word, note=word), PageCell("1", bar)),)
        ),
        Gallery((chart,) * 4, (Key(word, "line", look), Key("band", "band", look)), word),
        PageTerms((Term(word, word, (word,), (word,), grade="warning"),)),
        Code(word),
        Words(word),
    )
    sections = (Section("all", word, blocks, word),)
    return Page(word, word, (word, word), (Fact(word, word, word),), sections, word, (PageFinding(word, "all"),))


def read(page):
    return Reader(render_page(page).decode())


@pytest.mark.parametrize("word", [word for word in HOSTILE if word])
@pytest.mark.slow
def test_text_of_data_stays_text(word):
    plain, hostile = read(page_of()), read(page_of(word))
    assert hostile.tags == plain.tags
    written = "\n".join(map(printable, word.split("\n")))
    assert "".join(hostile.words).count(written) >= 20
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]


def test_page_runs_no_script_and_fetches_nothing():
    text = render_page(page_of()).decode()
    read(page_of())
    assert "<script" not in text
    assert not re.search(r"https?://|url\(|@import|\bsrc=.(?!data:)", text)
    links = {value for name, value in read(page_of()).attributes if name == "href"}
    assert links == {"#all", "data:,"}
    assert "default-src 'none'" in text


def test_same_page_is_the_same_bytes():
    assert render_page(page_of()) == render_page(page_of())


def test_places_outside_a_bar_end_at_its_edge():
    styles = [value for name, value in read(page_of()).attributes if name == "style"]
    assert "width:100.00%;--c:#0072B2" in styles
    assert "left:70.00%;width:20.00%" in styles


def test_both_themes_phones_and_paper_are_thought_of():
    text = render_page(page_of()).decode()
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", 'name="viewport"'):
        assert rule in text


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\u2028"])
def test_nothing_in_a_page_turns_its_text_or_can_not_be_seen(sign):
    text = render_page(page_of(f"a{sign}b")).decode()
    assert sign not in text
    assert "a\ufffdb" in text


def test_number_and_per_cent_sign_stay_in_one_line_but_commands_are_as_they_were_written():
    text = render_page(page_of("38 % less")).decode()
    assert "<code>38 % less</code>" in text
    assert text.count("38 % less") == 3  # a flag, and one that was given
    assert text.count("38\u00a0% less") > 10
