"""How results look in a notebook: three lines as text; as HTML a heading, the verdict, a table and a picture.

Nothing here sets a colour of text or paper: a notebook's own theme, light or dark, goes on.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, cast

import numpy as np
import pandas as pd

from forecast.api.settings import checked_path
from forecast.data.reading.reader import Reading
from forecast.errors import UsageError
from forecast.experiment.outputs import write_all, write_content
from forecast.wording import counted, fixed, listed, percent, score_text

if TYPE_CHECKING:
    from forecast.report.figures.figure import Drawing

PictureKind = Literal["png", "svg", "pdf"]
CELL = "padding:2px 10px;text-align:{};border:none;font-size:13px;white-space:{}"
LINES = "border-top:1px solid rgba(128,128,128,.5);border-bottom:1px solid rgba(128,128,128,.5)"
MOST_ROWS, MOST_FINDINGS = 12, 8
COLUMNS = {"model": "model", "rmse": "RMSE", "mase": "MASE", "smape": "sMAPE", "skill": "skill", "note": ""}
DECIMALS = {"mase": 3, "smape": 2}


@dataclass(frozen=True, eq=False)
class ForecastPicture:
    """A picture: shown in a notebook, saved as PNG, SVG or PDF.

    Attributes:
        figure: matplotlib's, to go on with.
    """

    figure: "Drawing"

    def __repr__(self) -> str:
        return "ForecastPicture\n  .save('forecast.png')  or .svg, .pdf\n  .figure is matplotlib's"

    def _repr_png_(self) -> bytes:
        return self._content("png")

    def save(self, path: str | Path) -> Path:
        """Writes it as the ending of the file says, and returns the path.

        Raises:
            UsageError: no picture ends so.
        """
        path = checked_path("path", path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in {"png", "svg", "pdf"}:
            raise UsageError(f"{path.name} is no picture that can be written.", f"{path.stem}.png, .svg or .pdf")
        write_content(path, self._content(cast(PictureKind, kind)))
        return path

    def _content(self, kind: PictureKind) -> bytes:
        from forecast.report.figures.figure import render  # noqa: PLC0415 - matplotlib is slow to import

        return render(self.figure, kind)


@dataclass(frozen=True, eq=False)
class HtmlPage:
    """A page that needs no network: shown in a notebook, or saved.

    Attributes:
        html: all of it.
    """

    title: str
    html: str

    def __repr__(self) -> str:
        return f"HtmlPage {self.title}\n  {len(self.html) // 1024:,} KB, needs no network\n  .save('page.html')  .html"

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="{escape(self.title)}" srcdoc="{escape(self.html)}" sandbox '
            'style="width:100%;height:640px;border:1px solid rgba(128,128,128,.5)"></iframe>'
        )

    def save(self, path: str | Path) -> Path:
        """Writes it, and returns the path."""
        path = checked_path("path", path)
        write_content(path, self.html.encode())
        return path


@dataclass(frozen=True, eq=False)
class ModelExplanation:
    """What a look into the networks of a model found.

    Attributes:
        sentences: in words.
        numbers: all that is drawn, as ``explain.json`` holds it.
        lesson: the equations with this data's numbers, a line each, where they were asked for.
    """

    title: str
    sentences: tuple[str, ...]
    numbers: Mapping[str, object]
    lesson: tuple[str, ...]
    _files: Callable[[PictureKind], Mapping[str, bytes]]

    def __repr__(self) -> str:
        first = self.sentences[0] if self.sentences else "nothing stands out"
        return f"ModelExplanation of {self.title}\n  {first}\n  .sentences  .numbers  .page()  .save('folder')"

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        return f"<div><b>Inside {escape(self.title)}</b><ul>{said}</ul></div>"

    def page(self) -> HtmlPage:
        """Returns the page with all panels."""
        return HtmlPage(f"Inside {self.title}", self._files("png")["explain.html"].decode())

    def save(self, folder: str | Path, kind: PictureKind = "png") -> tuple[Path, ...]:
        """Writes page, panels and numbers into a folder, and returns their paths."""
        return write_all(checked_path("folder", folder), self._files(kind))


@dataclass(frozen=True, eq=False, repr=False)
class PanelReading(Reading):
    """What a file or frame holds, as ``read_panel`` returns it: a ``Reading`` that can be looked at."""

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """Returns the same reading."""
        return cls(**{own.name: getattr(reading, own.name) for own in fields(Reading)})

    def __repr__(self) -> str:
        warnings = sum(finding.grade == "warning" for finding in self.findings)
        found = f"{counted(len(self.findings), 'finding')}, {counted(warnings, 'warning')}" if self.findings else ""
        return f"Reading of {self._about}\n  {self._roles}\n  .panel  .columns  .findings{found and f' ({found})'}"

    @property
    def _about(self) -> str:
        first, last = self.days
        series = counted(len(self.panel), "series")
        return f"{self.source}: {counted(self.rows, 'row')}, {series}, {self.panel.frequency.name}, {first} … {last}"

    @property
    def _roles(self) -> str:
        told = self.panel.covariates
        roles = {"target": self.columns.target, "time": (self.columns.time,) if self.columns.time else ()}
        roles |= (
            {kind: tuple(c.name for c in told.columns if c.kind == kind) for kind in ("known", "past", "static")}
            if told
            else {}
        )
        return "; ".join(f"{role} {listed(list(names), 4)}" for role, names in roles.items() if names)

    def _repr_html_(self) -> str:
        from forecast.report.figures.check import check_figure  # noqa: PLC0415 - matplotlib is slow to import

        said = [f"{finding.grade}: {finding.text}" for finding in self.findings[:MOST_FINDINGS]]
        more = len(self.findings) - len(said)
        items = "".join(f"<li>{escape(text)}</li>" for text in [*said, *([f"and {more} more"] if more > 0 else [])])
        picture = ForecastPicture(check_figure(self.panel, ()))
        return block(f"Reading of {self._about}", [self._roles], f"<ul>{items}</ul>" if items else "", picture)


def block(title: str, sentences: Sequence[str], table: str, picture: ForecastPicture | None) -> str:
    """Returns the HTML of a result.

    Args:
        title: as text.
        sentences: likewise; what is empty is left out.
        table: as HTML.
        picture: below it.
    """
    said = "".join(f'<p style="margin:4px 0;max-width:90ch">{escape(text)}</p>' for text in sentences if text)
    shown = ""
    if picture is not None:
        data = b64encode(picture._repr_png_()).decode()
        shown = f'<img alt="{escape(title)}" style="max-width:100%;margin-top:6px" src="data:image/png;base64,{data}">'
    return f"<div><b>{escape(title)}</b>{said}{table}{shown}</div>"


def leaderboard_html(table: pd.DataFrame | None) -> str:
    """Returns the rows of a leaderboard, the best first, as HTML; nothing where there are none."""
    if table is None or table.empty:
        return ""
    columns = {name: title for name, title in COLUMNS.items() if name in table}
    head = "".join(f'<th style="{_style(name)}">{title}</th>' for name, title in columns.items())
    rows = "".join(
        "<tr>" + "".join(f'<td style="{_style(name)}">{_text(name, row[name])}</td>' for name in columns) + "</tr>"
        for row in table.head(MOST_ROWS).to_dict("records")
    )
    more = len(table) - MOST_ROWS
    left = f'<p style="margin:2px 10px">and {more} more in .leaderboard</p>' if more > 0 else ""
    style = f'style="border-collapse:collapse;margin:6px 0;{LINES}"'
    return f"<table {style}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{left}"


def _style(name: str) -> str:
    return CELL.format("left" if name in {"model", "note"} else "right", "normal" if name == "note" else "nowrap")


def _text(name: str, value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "" if name == "note" else "–"
    if isinstance(value, float):
        if name in DECIMALS:
            return fixed(value, DECIMALS[name])
        return escape(percent(value, signed=True) if name == "skill" else score_text(value))
    return escape(str(value))
