"""The pages of README.md and docs/, and the scripts that write parts of them."""

import importlib.util
import re
import sys
from itertools import zip_longest

from places import ROOT


def script(name):
    """Returns a script of docs/ as a module."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in script("make_sessions").pages()
}
"""The text of each page by its path."""

CHANGES = re.compile(
    r"\d{8}T\d{6}Z-[0-9a-f]{8}"  # the id of a version
    r"|20[23]\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)?"  # when it was made
    r"|(?<![\w.])[\d.,]+ (s|ms|min|kB|MB|GB)\b"  # how long it took, how much it is
    r"|\bp [=≥] [\d.e-]+"  # of differences that are chance
    r"|\b(rnn|lstm|gru)\b"  # cells that tie may change places on another machine
)
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
POINTS = 2.5
"""By how many points percentages may differ."""
LOOSE = ("train s", "seconds", "± seeds", "params")
"""Columns of how long it took, and of what goes with the cell or the machine."""


def differences(shown, found, left_out="…"):
    """Yields what a page shows and a command no longer prints: words exactly, numbers as far as machines agree."""
    head, cut, tail = shown.partition(f"{left_out}\n") if left_out in shown.splitlines() else (shown, "", "")
    if cut:
        lines = found.splitlines(keepends=True)
        before, behind = len(head.splitlines()), len(tail.splitlines())
        yield from differences(head, "".join(lines[:before]))
        yield from differences(tail, "".join(lines[len(lines) - behind :]))
        return
    pairs = list(zip_longest(_pieces(shown), _pieces(found), fillvalue=""))
    units = [one for one, _ in pairs[1:]] + [""] * bool(pairs)
    for (one, other), unit in zip(pairs, units, strict=True):
        if not _alike(one, other, POINTS if unit == "%" else 0.05):
            yield one, other


def _pieces(text):
    """Returns the words and numbers of a print, without regard to where its lines break."""
    text = CHANGES.sub("some", _without_loose(text))
    return [piece for word in text.split() for piece in re.findall(rf"{NUMBER.pattern}|[^\d\s]+", word)]


def _without_loose(text):
    lines, ends = [], []
    for line in text.splitlines():
        named = [found.end() for name in LOOSE for found in re.finditer(rf" {name}(?= |$)", line)]
        ends = named or (ends if line.strip() else [])
        for end in [] if named else ends:
            start = line.rfind(" ", 0, end) + 1
            line = f"{line[:start]}{'-' * len(line[start:end])}{line[end:]}"  # noqa: PLW2901
        lines.append(re.sub(r"-{2,}", "-", line))
    return "\n".join(lines)


def _alike(one, other, tolerance):
    if not (NUMBER.fullmatch(one) and NUMBER.fullmatch(other)):
        return one == other
    a, b = (float(number.replace(",", "")) for number in (one, other))
    return abs(a - b) <= tolerance + 0.03 * max(abs(a), abs(b))
