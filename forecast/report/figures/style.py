"""How every picture looks: one colour, line and marker a model, one set of fonts, and text that is only text.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color), which people with any kind of colour
blindness can tell apart. Nothing is told by colour alone: networks have solid lines and plain bars, baselines
have dashed grey lines and hatched bars, and every model has a marker of its own.
"""

import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib import font_manager

from forecast.models.model_style import ModelStyle
from forecast.models.registry import MODELS

INK, MUTED, GRID = "#222222", "#666666", "#E3E3E3"
WIDTH, DPI = 9.2, 130  # inches and pixels an inch: 1196 pixels

OTHER_STYLES = (
    ModelStyle("#E69F00", "X"),
    ModelStyle("#785EF0", "H"),
    ModelStyle("#B8255F", "8"),
    ModelStyle("#00798C", "1"),
    ModelStyle("#A6761D", "2"),
    ModelStyle("#1B1B3A", "3"),
)

# A user's own matplotlibrc must not change our pictures, so every drawing setting starts from the default.
SETTINGS_LEFT_ALONE = (
    "backend",
    "date.epoch",
    "figure.hooks",
    "interactive",
    "toolbar",
    "webagg",
    "tk.",
    "keymap",
)
SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#B5B5B5",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.dpi": DPI,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.7,
    "lines.markersize": 4.5,
    "pdf.fonttype": 42,  # text stays text in a PDF
    "savefig.dpi": "figure",
    "svg.hashsalt": "forecast",  # the same picture is the same file
    "text.color": INK,
    "text.parse_math": False,  # a series called $x_1^ is a name, not a formula
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}
# Tried after DejaVu Sans, where the machine has them: scripts it lacks.
FALLBACK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Micro Hei",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Arial Unicode MS",
)


@contextmanager
def house_style() -> Iterator[None]:
    """Draws what is inside in our style; also a decorator. Afterwards all settings are as they were."""
    defaults = {
        name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith(SETTINGS_LEFT_ALONE)
    }
    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = ["DejaVu Sans", *(font for font in FALLBACK_FONTS if font in installed)]
    with matplotlib.rc_context({**defaults, **SETTINGS, "font.family": families}), warnings.catch_warnings():
        # A letter that no font has is drawn as a box, which says it all.
        warnings.filterwarnings("ignore", message="Glyph ", category=UserWarning)
        yield


def styles_of(models: Iterable[str]) -> dict[str, ModelStyle]:
    """Returns how to draw each of the models: its own style, or for an unknown name the next spare one."""
    names = list(dict.fromkeys(models))
    strangers = [name for name in names if name not in MODELS]
    spare = {name: OTHER_STYLES[i % len(OTHER_STYLES)] for i, name in enumerate(strangers)}
    return {name: MODELS[name].style if name in MODELS else spare[name] for name in names}


def wrapped(text: str, width: int, lines: int = 4) -> str:
    """Returns the text in lines as broad as ``width`` small letters; what does not fit ends in an ellipsis.

    Letters that can't be drawn (line feeds, control characters, halves of a broken encoding) become blanks.
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    letters = width * len(plain) / max(breadth(plain), len(plain), 1.0)
    return "\n".join(textwrap.wrap(plain, max(int(letters), 4), max_lines=lines, placeholder=" …"))


def breadth(text: str) -> float:
    """Returns how broad the text is, in small letters, roughly."""
    return sum(
        2.0 if letter in "WMmw@%—…" or unicodedata.east_asian_width(letter) in "WF" else 1 + letter.isupper() / 4
        for letter in text
    )
