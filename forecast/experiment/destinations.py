"""Endings of output files decide what is written into them: one rule for every flag that names a file (stdlib only)."""

import re
import shlex
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from forecast.errors import DependencyError, UsageError, did_you_mean
from forecast.production.store.disk import check_file, check_length, check_writable, kind_of
from forecast.production.store.links import check_links
from forecast.specs import PlotKind
from forecast.wording import joined

TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
WORKBOOK = ".xlsx"
SHEETS = (*TABLES, WORKBOOK)
FORECASTS = (*SHEETS, ".json")
PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")
SETTINGS = (".toml",)
KERAS = (".keras",)
OTHER_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".ods")
OTHER_FORMATS = (*OTHER_WORKBOOKS, ".zip", ".gz", ".db", ".sqlite", ".pkl", ".npz", ".ipynb", ".md", ".py")
"""Endings that nothing here writes."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/(?!$)")
PLOTS = ("forecast", "scores", "steps", "convergence")
"""Of a backtest and what follows from it."""
NO_LOGS = (*SHEETS, *PICTURES, *PAGES, *SETTINGS, *KERAS, *OTHER_FORMATS)
NO_FOLDERS = (*NO_LOGS, ".json", ".jsonl", ".log")
LOGS = (".log", ".jsonl", ".json", ".txt")


def check_free(path: Path | None, known: Sequence[str] = (), *, force: bool, flag: str = "-o") -> str:
    """Refuses what can't be written, before any work is done for it, and returns the ending that decides how it is.

    Args:
        path: of a file; None for none.
        known: endings that it may have.
        force: replace a file that is there.
        flag: that named it.

    Raises:
        UsageError: it is ``-``, has an ending that is not known, is a folder, or the file exists and not ``force``.
        DependencyError: it is a workbook, and nothing is there that writes one.
        DataError: it is where one may not look or write, or a link of somebody else.
    """
    if path is None:
        return ""
    check_place(path, f"{flag} FILE")
    if str(path) == "-":
        raise UsageError(f"{flag} names a file, and - is none.", f"{flag} /dev/stdout to write to standard output")
    ending, place = ending_of(path, known, flag) if known else path.suffix, kind_of(path, f"{flag} FILE")
    if ending in PAGES and path.name != path.name.encode(errors="ignore").decode():
        message = f"{flag} {path.name} holds bytes that are no text, which no page can name."
        raise UsageError(message, f"{flag} report.html")
    if ending == WORKBOOK and find_spec("xlsxwriter") is None:
        message = f"{flag} {path.name} is a workbook, which XlsxWriter writes; it is not there."
        raise DependencyError(message, f"pip install 'xlsxwriter>=3.2', or {flag} {_called(path, known[0])}")
    check_links(path, f"{flag} FILE")
    if place == "folder":
        raise UsageError(f"{path} is a folder, not a file.", f"a file in it: {flag} {shlex.quote(str(path))}/FILE")
    if place == "file" and not force:
        other = shlex.quote(str(path.with_name(f"{path.stem}-2{path.suffix}")))
        raise UsageError(f"{path} exists already.", f"--force to replace it, or another name: {flag} {other}")
    if place != "device":
        check_writable(path.resolve().parent, f"{flag} FILE")  # of a link, where what it leads to is
    return ending


def check_folder(folder: Path, flag: str = "--out-dir", names: Iterable[str] = (), data: str | None = None) -> None:
    """Refuses a folder that can't be made or written into, before any work is done for it.

    Args:
        folder: for results; it need not be there.
        flag: that named it.
        names: of the files that are to be written into it.
        data: that is read, which no such file may replace.

    Raises:
        UsageError: it, or what it should lie in, is a file, or it is to be made and called as a file is; or a file
            would replace the data.
        DataError: it is where one may not look or write, or beyond a link of somebody else; or a file's name is too
            long, or something else than a file has it.
    """
    check_place(folder, f"{flag} DIR")
    kinds = {path: kind_of(path, f"{flag} DIR") for path in (folder, *folder.parents)}
    check_links(folder, f"{flag} DIR")
    taken = next((path for path, kind in kinds.items() if kind not in {None, "folder"}), None)
    if taken is not None:
        raise UsageError(f"{taken} is a file, so no folder {folder} can be made.", f"{flag} with another folder")
    if kinds[folder] is None:
        check_folder_name(folder, flag)
    check_writable(folder, f"{flag} DIR")
    for name in names:
        check_length(folder / name, f"{flag} DIR")
        check_links(folder / name, f"{flag} DIR")
        check_file(folder / name, f"{flag} DIR")
        check_apart(folder / name, data, f"{flag} with another folder, or --name with another name")


def check_apart(path: Path, data: str | None, hint: str) -> None:
    """Refuses a file that nobody named and that would replace the data it is made of: that is no place for results.

    Args:
        path: of the file.
        data: path of the data; what else it may be, as an address, is no file.
        hint: what to do instead.

    Raises:
        UsageError: they are the same file.
    """
    if data is not None and not _ADDRESS.match(data) and _is_same(path, Path(data)):
        raise UsageError(f"{path} is the data itself, which the results would replace.", hint)


def _is_same(path: Path, other: Path) -> bool:
    """Returns whether two paths are one file that is there; of one that may not be looked at, others say so."""
    try:
        return path.is_file() and path.samefile(other)
    except OSError:
        return False


def check_place(path: Path, flag: str) -> None:
    """Refuses an address where a file or a folder is wanted: else a folder called ``s3:`` would be made.

    Raises:
        UsageError: it is one.
    """
    if _ADDRESS.match(str(path)):
        address = str(path).replace(":/", "://", 1)
        named = "DIR" if flag == "DIR DIR" else flag
        raise UsageError(
            f"{address} is no place on this machine, and results are written to one.",
            f"{named} here, and copy it there; forecast predict -o postgresql://HOST/DB#TABLE writes into a database",
        )


def plot_names(stem: str, kind: PlotKind, *, has_report: bool) -> tuple[str, ...]:
    """Returns how the plots of a backtest and the report are called that ``train`` and ``compare`` write."""
    plots = [] if kind == "none" else [f"{stem}{plot}.{kind}" for plot in PLOTS]
    return (*plots, *([f"{stem}report.html"] if has_report else []))


def ending_of(path: Path, known: Sequence[str], flag: str) -> str:
    """Returns which of the known endings a file has, in lower case; the first where its name has none.

    Raises:
        UsageError: it has another; the text lists the known ones, the hint is the flag with the likeliest.
    """
    check_place(path, f"{flag} FILE")
    found = _found(path, known)
    if found:
        return found
    if not path.suffix.strip("."):  # a name alone, or a device
        return known[0]
    others = f", not {path.suffix}: the ending decides what is written" if len(known) > 1 else f", not {path.suffix}"
    likely = WORKBOOK if WORKBOOK in known and path.suffix.lower() in OTHER_WORKBOOKS else known[0]
    raise UsageError(f"{flag} writes {joined(known, 'or')}{others}.", f"{flag} {_called(path, likely)}")


def picture_path(text: str, beside: Path | None, name: str) -> Path:
    """Returns the file of a picture that is asked for by its kind or by its name.

    Args:
        text: such as ``png`` or ``next.svg``.
        beside: the file of the forecast, whose name a picture of a kind shares; None for none.
        name: of the model, by which the picture is called otherwise.

    Raises:
        UsageError: it is neither.
    """
    if f".{text.lower()}" not in PICTURES:
        if not Path(text).suffix.strip("."):
            kinds = [ending[1:] for ending in PICTURES]
            message = (
                f"--plot {text} is neither a kind of picture nor a file with its ending.{did_you_mean(text, kinds)}"
            )
            raise UsageError(message, f"--plot {joined(kinds, 'or')}, or --plot FILE.png")
        return Path(text)
    if beside is None:
        return Path(f"{name}-forecast.{text.lower()}")
    ending = _found(beside, FORECASTS)
    return beside.with_name(f"{beside.name[: -len(ending)] if ending else beside.name}.{text.lower()}")


def check_log(path: Path | None, flag: str = "--log-file") -> None:
    """Refuses a log, which is JSON lines, in a file that is called as a table or a picture is.

    Raises:
        UsageError: it is.
    """
    if path is not None:
        check_place(path, f"{flag} FILE")
    if path is not None and _found(path, NO_LOGS):
        raise UsageError(
            f"{flag} writes JSON lines into {joined(LOGS, 'or')} or a name without an ending, not {path.suffix}.",
            f"{flag} {_called(path, LOGS[0])}",
        )


def check_folder_name(folder: Path, flag: str) -> None:
    """Refuses a folder that is to be made and is called as a file is.

    Raises:
        UsageError: it is.
    """
    ending = _found(folder, NO_FOLDERS)
    if ending:
        other = folder.with_name(folder.name[: -len(ending)])
        raise UsageError(
            f"{flag} names a folder, and {folder} is called as a file is.", f"{flag} {shlex.quote(str(other))}"
        )


def _found(path: Path, known: Sequence[str]) -> str:
    name = path.name.lower()
    longest_first = sorted(known, key=len, reverse=True)
    return next((one for one in longest_first if name.endswith(one) and len(name) > len(one)), "")


def _called(path: Path, ending: str) -> str:
    """Returns the path as a shell takes it, with an ending in place of its own."""
    bare = path
    while _found(bare, (*NO_FOLDERS, ".txt")):
        bare = bare.with_suffix("")
    bare = bare.with_suffix("") if bare == path else bare
    return shlex.quote(str(bare.with_name(bare.name + ending)))
