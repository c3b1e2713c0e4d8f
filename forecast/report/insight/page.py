"""The page that holds all panels: one file that needs no network, light and dark, with everything from data escaped."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

MIME = {"png": "image/png", "svg": "image/svg+xml"}

STYLE = """
:root{--paper:#fff;--ink:#222;--soft:#666;--line:#ddd}
@media (prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#e8e8e8;--soft:#a5a5a5;--line:#3a3d42}}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .4rem;
border-top:1px solid var(--line);padding-top:1rem}
p.soft,figcaption,.soft{color:var(--soft);font-size:.9rem}
figure{margin:0}img{max-width:100%;height:auto;background:#fff;border-radius:4px}
ol li{margin:.35rem 0}a{color:inherit}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}td,th{padding:.25rem .6rem;text-align:right;
border-bottom:1px solid var(--line);white-space:nowrap}td:first-child,th:first-child{text-align:left}
pre{white-space:pre-wrap;font:14px/1.5 ui-monospace,monospace}
@media print{h2,figure{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part of the page: a heading, what to look for, and pictures, a table or lines of text.

    Attributes:
        anchor: that sentences link to.
        pictures: by what they show.
    """

    anchor: str
    heading: str
    about: str = ""
    pictures: Mapping[str, bytes] | None = None
    table: Table | None = None
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    """A sentence, and the anchor of the section that shows it."""

    text: str
    anchor: str


def page(
    title: str,
    about: Sequence[str],
    findings: Sequence[Finding],
    sections: Sequence[Section],
    kind: Literal["png", "svg"] = "png",
) -> str:
    """Returns the page as HTML.

    Args:
        title: Of the page.
        about: What was looked into, a paragraph each.
        findings: In plain words, the first things to read.
        sections: The panels.
        kind: Of their pictures.
    """
    named = {section.anchor: section.heading for section in sections}
    items = "".join(
        f'<li>{escape(found.text)} <a class="soft" href="#{escape(found.anchor)}">'
        f"{escape(named.get(found.anchor, found.anchor))}</a></li>"
        for found in findings
    )
    plain = f"<h2>In plain words</h2><ol>{items}</ol>" if findings else ""
    lead = "".join(f'<p class="soft">{escape(text)}</p>' for text in about)
    body = "".join(_section(section, kind) for section in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{lead}{plain}{body}</body></html>\n"
    )


def _section(section: Section, kind: Literal["png", "svg"]) -> str:
    about = f'<p class="soft">{escape(section.about)}</p>' if section.about else ""
    pictures = "".join(
        f'<figure><img alt="{escape(name)}" '
        f'src="data:{MIME[kind]};base64,{base64.b64encode(content).decode()}"></figure>'
        for name, content in (section.pictures or {}).items()
    )
    table = _table(section.table) if section.table else ""
    lines = f"<pre>{escape(chr(10).join(section.lines))}</pre>" if section.lines else ""
    return f'<h2 id="{escape(section.anchor)}">{escape(section.heading)}</h2>{about}{pictures}{table}{lines}\n'


def _table(table: Table) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return (
        f'<div class="wide"><table>{row(table.header, "th")}{"".join(row(r, "td") for r in table.rows)}</table></div>'
    )
