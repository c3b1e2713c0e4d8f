"""Runs the commands of the pages in a folder of their own, and writes what they print under them.

    python docs/make_sessions.py                     # README.md and all pages
    python docs/make_sessions.py docs/tutorial.md    # one

A block ```console holds commands after `$ ` and what they print on a terminal of 80 columns; of what is long, a line
`…` leaves a part out, and as many lines before and behind it are kept as stand there. A command goes on after a
backslash and inside of single quotes. A block ```sh holds commands alone. Both run from top to bottom in a copy of the
sample data; ```python blocks of a page run as one script after them.
Comments before a block say what differs:

    <!-- not run: why -->      it is to be read only
    <!-- exits 5 -->           the code that each of its commands ends with
    <!-- before: COMMAND -->   is run unseen; a page that needs a model begins so
    <!-- picture: FILE → docs/images/NAME.png -->   is copied from where the commands ran
"""

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
NOTE = re.compile(r"<!-- (not run|exits|before):? ?(.*?) -->", re.DOTALL)
PICTURE = re.compile(r"<!-- picture: (\S+) → (\S+) -->")
LEFT_OUT = "…"
HOME = "/home/you/shop"
"""What pages show as the folder in which the commands run; programs stand in its `.venv`."""
TERMINAL = {"COLUMNS": "80", "LINES": "50", "TERM": "dumb", "NO_COLOR": "1", "TZ": "UTC", "LANG": "C.UTF-8"}
PROGRESS = re.compile(r"^[A-Z]\w+ .*: \d+ %\n", re.MULTILINE)
"""What is said now and then where there is no bar: as often as a run is slow."""
TRAINS = re.compile(
    r"forecast (train|compare|tune|retrain|explain|doctor)(?!.*(--dry-run| -n\b|--model smoothing|--help))"
)


class Block(NamedTuple):
    """A fenced block: its place in the text, its language, and what the comments before it say."""

    start: int
    end: int
    indent: str
    language: str
    body: str
    not_run: str | None
    code: int
    before: tuple[str, ...]


class Step(NamedTuple):
    """A command of a block, the code it ends with, and what is shown of it, or None where nothing is."""

    command: str
    code: int
    shown: str | None


class Done(NamedTuple):
    """What a command printed, and the code it ended with."""

    printed: str
    code: int


def pages() -> list[Path]:
    """Returns the pages with commands: the README, then those of the site."""
    return [README, *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """Yields the fenced blocks of a page."""
    last = 0
    for found in FENCE.finditer(text):
        notes = NOTE.findall(text, last, found.start())
        last = found.end()
        said = dict(notes)
        body = re.sub(rf"^{found['indent']}", "", found["body"], flags=re.MULTILINE)
        before = tuple(command for kind, command in notes if kind == "before")
        code = int(said.get("exits", 0))
        yield Block(*found.span("body"), found["indent"], found["language"], body, said.get("not run"), code, before)


def steps(block: Block) -> list[Step]:
    """Returns the commands of a block that is run, those before it first."""
    unseen = [Step(command, 0, None) for command in block.before]
    if block.not_run is not None or block.language not in {"sh", "console"}:
        return unseen
    if block.language == "sh":
        whole = block.body.replace("\\\n", " ")
        lines = [line for line in whole.splitlines() if line.strip() and not line.startswith("#")]
        return unseen + [Step(line, block.code, None) for line in lines]
    parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)
    if parts[0].strip():
        raise ValueError(f"a console block begins with a command: {parts[0]!r}")
    return unseen + [_console_step(part, block.code) for part in parts[1:]]


def _console_step(part: str, code: int) -> Step:
    command, _, shown = part.partition("\n")
    while shown and (command.endswith("\\") or command.count("'") % 2):
        line, _, shown = shown.partition("\n")
        command += "\n" + line
    return Step(command, code, shown)


def commands(text: str) -> list[Step]:
    """Returns all commands of a page in their order."""
    return [step for block in blocks(text) for step in steps(block)]


def scripts(text: str) -> str:
    """Returns the Python of a page, as one script."""
    return "\n".join(block.body for block in blocks(text) if block.language == "python" and block.not_run is None)


def trains(text: str) -> bool:
    """Whether a page trains networks, which takes seconds each."""
    return bool(scripts(text)) or any(TRAINS.search(step.command) for step in commands(text))


def run(command: str, folder: Path) -> Done:
    """Runs a command of the shell on a terminal of 80 columns."""
    reading, writing = pty.openpty()
    programs = Path(sys.executable).parent
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FORECAST_")}
    environment |= TERMINAL | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
    )
    os.close(writing)
    pieces = []
    while True:
        try:
            piece = os.read(reading, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(reading)
    code = process.wait()
    printed = b"".join(pieces).decode().replace("\r\n", "\n")
    printed = printed.replace(str(folder), HOME).replace(str(programs), f"{HOME}/.venv/bin")
    return Done(PROGRESS.sub("", "".join(f"{line.rstrip()}\n" for line in printed.splitlines())), code)


def shortened(printed: str, shown: str) -> str:
    """Leaves out of a print what was left out before."""
    lines, old = printed.rstrip("\n").splitlines(), shown.rstrip("\n").splitlines()
    if LEFT_OUT not in old or not lines:
        return printed.strip("\n")
    head = old.index(LEFT_OUT)
    tail = len(old) - old.index(LEFT_OUT) - 1
    return "\n".join([*lines[:head], LEFT_OUT, *lines[len(lines) - tail :]])


def play(text: str, folder: Path) -> Iterator[tuple[Step, Done]]:
    """Runs the commands of a page one after another."""
    for step in commands(text):
        yield step, run(step.command, folder)


def recorded(text: str, folder: Path) -> str:
    """Returns a page with what its commands print today."""
    pieces, last = [], 0
    for block in blocks(text):
        body = ""
        for step in steps(block):
            done = run(step.command, folder)
            if done.code != step.code:
                raise SystemExit(f"{step.command}\nended with {done.code}, not {step.code}:\n{done.printed}")
            if step.shown is not None:
                printed = shortened(done.printed, step.shown)
                body += f"$ {step.command}\n" + (f"{printed}\n" if printed else "")
                body += "\n" * (len(step.shown) - len(step.shown.rstrip("\n")) - 1 if step.shown.strip() else 0)
        if block.language == "console" and block.not_run is None:
            body = re.sub(r"^(?=.)", block.indent, body, flags=re.MULTILINE)
            pieces += [text[last : block.start], body]
            last = block.end
    return "".join([*pieces, text[last:]])


def main(names: list[str]) -> None:
    """Records the pages that are named, or all."""
    for page in [Path(name).resolve() for name in names] or pages():
        text = page.read_text(encoding="utf-8")
        if not commands(text):
            continue
        print(page.relative_to(ROOT), flush=True)
        with TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "sample_data", Path(folder) / "sample_data")
            page.write_text(recorded(text, Path(folder)), encoding="utf-8")
            for made, shown in PICTURE.findall(text):
                shutil.copyfile(Path(folder) / made, ROOT / shown)


if __name__ == "__main__":
    main(sys.argv[1:])
