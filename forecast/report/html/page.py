"""A report as one HTML file: sections of text, tables and charts, and nothing that it would have to fetch.

Whoever has results makes them into sections; the templates know sections only. All text is escaped on the way
into the page, so that a series called ``<script>`` is a series called ``<script>``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from forecast.errors import printable_lines
from forecast.report.html.chart import SIZE, Chart, Key

PER_CENT = re.compile(r"(?<=\d) (?=%)")


@dataclass(frozen=True)
class Bar:
    """A number as a bar in its cell, all as shares of the cell's width.

    Attributes:
        share: how long it is.
        colour: of a model; none for that of the page.
        target: where a mark stands that it should reach.
        chance: from where to where it may end by mere chance.
    """

    share: float
    colour: str = ""
    is_hollow: bool = False
    target: float | None = None
    chance: tuple[float, float] | None = None


@dataclass(frozen=True)
class PageCell:
    """What stands in a table."""

    text: str
    bar: Bar | None = None
    note: str = ""  # in small letters below


@dataclass(frozen=True)
class PageColumn:
    """A column of a table; the first keeps its place while the others scroll."""

    title: str
    is_number: bool = False
    is_spare: bool = False  # a phone has no room for it


@dataclass(frozen=True)
class PageTable:
    """Rows under their columns; the last may be their total, and those of few narrow columns stand close together."""

    kind: ClassVar[str] = "table"
    columns: tuple[PageColumn, ...]
    rows: tuple[tuple[PageCell, ...], ...]
    has_total: bool = False
    is_narrow: bool = False


@dataclass(frozen=True)
class Gallery:
    """Charts under one legend; ``note`` says what they can't say by themselves.

    Attributes:
        is_stacked: they share what is across, and stand below one another however many they are.
        keeps_keys: the legend says more than the names at the ends of lines do, and stays beside them.
    """

    kind: ClassVar[str] = "gallery"
    charts: tuple[Chart, ...]
    keys: tuple[Key, ...] = ()
    note: str = ""
    is_stacked: bool = False
    keeps_keys: bool = False


@dataclass(frozen=True)
class Term:
    """A fact under its name.

    Attributes:
        flags: that would change it.
        given: what somebody asked for, such as ``--seeds 1``.
        grade: of a finding: note, warning or error.
    """

    name: str
    text: str
    flags: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    grade: str = ""


@dataclass(frozen=True)
class PageTerms:
    """Facts, one below the other."""

    kind: ClassVar[str] = "terms"
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Code:
    """Commands to copy."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    kind: ClassVar[str] = "words"
    text: str


@dataclass(frozen=True)
class FileLinks:
    """Files beside the page: by name, what is in each."""

    kind: ClassVar[str] = "files"
    files: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Details:
    """Blocks that a click opens, under one line; no script is needed for it."""

    kind: ClassVar[str] = "details"
    name: str
    text: str
    blocks: "tuple[Block, ...]"


Block = PageTable | Gallery | PageTerms | Code | Words | FileLinks | Details


@dataclass(frozen=True)
class Section:
    """A part of the page under its heading; ``anchor`` is its name in links."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    intro: str = ""


@dataclass(frozen=True)
class Fact:
    """A number that matters most, in large letters."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class PageFinding:
    """A sentence of what came out; ``anchor`` is the section that shows it."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: what it is about.
        about: which run, model and version, and when.
        verdict: what came out, in sentences: the first in large letters.
        caveats: what a reader must know before the numbers are used.
        facts: beside the verdict.
        foot: what made the page.
        findings: numbered, after the verdict.
        home: address of the page that leads to this one; empty for none.
    """

    title: str
    about: str
    verdict: tuple[str, ...]
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    foot: str
    findings: tuple[PageFinding, ...] = ()
    caveats: tuple[str, ...] = ()
    home: str = ""

    def title_of(self, anchor: str) -> str:
        """Returns the title of a section."""
        return next(section.title for section in self.sections if section.anchor == anchor)


class PageWriter:
    """Writes pages; templates are read once for all of them."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("forecast.report.html"),
            autoescape=True,
            finalize=_harmless,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"percent": _percent, "as_written": _AsWritten}

    def __call__(self, page: Page) -> bytes:
        """Returns the page as the content of a file; the same page gives the same bytes."""
        return self.fill("page.html", page=page, size=SIZE)

    def source(self, template: str) -> str:
        """Returns a template as it is written."""
        return PackageLoader("forecast.report.html").get_source(self._templates, template)[0]

    def fill(self, template: str, **values: object) -> bytes:
        """Returns a template, filled with values, as the content of a file."""
        text = self._templates.get_template(template).render(**values)
        return text.encode("utf-8", errors="replace")  # a broken name can't be written, and must not be why nothing is


def render_page(page: Page) -> bytes:
    """Returns the page as the content of a file; the same page gives the same bytes."""
    return PageWriter()(page)


def cells(texts: Sequence[str]) -> tuple[PageCell, ...]:
    """Returns a row of plain text."""
    return tuple(PageCell(text) for text in texts)


def _percent(share: float) -> str:
    """Returns a share of a width as a style sheet has it."""
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


class _AsWritten(str):
    """A text that is copied out of the page, such as a command."""

    __slots__ = ()


def _harmless(value: object) -> object:
    """Returns what is put into the page; of texts, nothing that can't be seen or turns the direction of writing.

    A number and its per cent sign stay in one line, but in a command, which is to be copied.
    """
    if type(value) is _AsWritten:
        return printable_lines(value)
    return PER_CENT.sub("\u00a0", printable_lines(value)) if type(value) is str else value
