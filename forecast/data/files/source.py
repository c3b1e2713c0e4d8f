"""The bytes of a file or of standard input, unpacked, with their fingerprint."""

import codecs
import hashlib
import io
import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from forecast.addresses import check_scheme, is_address, is_database, stem_of_address, table_of
from forecast.data.files.encodings import decoded, find_encoding, label_of, reads_better
from forecast.data.files.intake import LONGEST_LINE, PARQUET_MAGIC, WORKBOOK_MAGICS, take
from forecast.data.files.unpacking import ZIP_MAGIC, Member, lone_member
from forecast.data.files.workbooks.workbook import is_workbook, read_workbook
from forecast.errors import DataError, NotFoundError, UsageError, did_you_mean
from forecast.wording import python_line

BLANKS = b"\xef\xbb\xbf \t\r\n"  # and the byte order mark of UTF-8
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
XML, HTML = re.compile(rb"<\?xml\b"), re.compile(rb"<(!doctype|html|head|body|table)\b", re.IGNORECASE)
SPREADSHEET, MHTML = b"urn:schemas-microsoft-com:office:spreadsheet", re.compile(rb"MIME-Version:", re.IGNORECASE)
JSON, JSON_LINES = re.compile(rb"[\[{]\s*[\[{\"]"), re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
SQLITE_MAGIC, DUCKDB_MAGIC = b"SQLite format 3\0", b"DUCK"  # the latter from the ninth byte on
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", *WORKBOOKS, *PACKED)
ENDINGS = (*SUFFIXES, ".pq", ".tab", ".dat", ".db", ".sqlite", ".json")
"""What a name of a file may end in that says how it is written, and nothing of what is in it."""


@dataclass(frozen=True, eq=False)
class Source:
    """The bytes of one table, as UTF-8 text or as Parquet, and where they came from."""

    name: str  # what messages call it
    stem: str  # the name without its endings
    path: Path | None  # absolute; None for standard input
    data: bytes
    fingerprint: str  # SHA-256 of the bytes as stored, before unpacking
    encoding: str  # of the text as stored
    sheet: str | None = None  # of a workbook, whose table the text is: a line a row
    notes: tuple[str, ...] = ()  # in words, what of the sheet is read and not shown

    def __str__(self) -> str:
        return self.name

    @property
    def is_parquet(self) -> bool:
        """Whether the bytes are a Parquet file, whatever the file is called."""
        return self.data.startswith(PARQUET_MAGIC)

    @property
    def is_closed(self) -> bool:
        """Whether the last line ends in a line break; a Parquet file can't be cut off unnoticed."""
        return self.is_parquet or self.data.endswith((b"\n", b"\r"))


def read_source(
    source: str | Path | Source,
    encoding: str | None = None,
    sheet: str | None = None,
    *,
    may_lack: bool = False,
    query: str | None = None,
) -> Source:
    """Returns what a path, an address, or ``-`` for standard input, holds; what was read is returned as it is.

    Args:
        source: The path, the address of an object or a database, or ``-``.
        encoding: Of the text, where that was asked for.
        sheet: Of a workbook, by its name or number, where that was asked for.
        may_lack: Whether the sheet and the encoding are those of earlier data, which newer data need not have.
        query: Of a database, where its address names no table.

    Raises:
        NotFoundError: There is no such file.
        UsageError: There is no such encoding or sheet, or nothing that has any.
        QuestionError: Several sheets of a workbook hold a table.
        DataError: It can't be read, is empty, or is neither text, Parquet nor a workbook.
    """
    if isinstance(source, Source):
        return source
    if str(source) == "-":
        name, stem, path = "standard input", "stdin", None
        data, fingerprint = _standard_input(name)
    elif is_address(str(source)):
        if is_database(str(source)):
            asked = {"--sheet": sheet, "--encoding": encoding}
            return _queried(str(source), query, () if may_lack else [flag for flag in asked if asked[flag] is not None])
        name, stem, path = str(source), stem_of_name(stem_of_address(str(source))), None
        data, fingerprint = _fetched(name)
    else:
        path = Path(source).absolute()
        name, stem = path.name, stem_of_name(path.name)
        _check_is_text(path)
        data, fingerprint = _stored(path, name)
    if not data[:4096].strip(BLANKS) and not data.strip(BLANKS):
        raise DataError(f"{name} is empty.", "it needs a header line, such as date,value, and rows below it")
    data = _member(data, name) if data.startswith(ZIP_MAGIC) else data
    if data.startswith(WORKBOOK_MAGICS):
        return _of_workbook(Source(name, stem, path, data, fingerprint, "UTF-8"), encoding, sheet, may_lack=may_lack)
    return _of_file(Source(name, stem, path, data, fingerprint, "UTF-8"), encoding, sheet, may_lack=may_lack)


def _check_is_text(path: Path) -> None:
    """Refuses a path with bytes that are no text: neither a model nor a document in JSON could name it.

    Raises:
        DataError: it has some.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        message = f"{path.name} can't be named again: its path holds bytes that are no text in UTF-8."
        hint = "rename it, or read it as standard input: - in place of the file, and < FILE at the end"
        raise DataError(message, hint) from None


def _of_file(made: Source, encoding: str | None, sheet: str | None, *, may_lack: bool) -> Source:
    """Returns a text as UTF-8, or a Parquet file as it is; of a page under the name of a workbook, the table in it.

    Raises:
        UsageError: a sheet is asked for, or an encoding of a Parquet file.
        DataError: it is neither text nor Parquet, or a document that is no table.
    """
    name = made.name
    if made.is_parquet and encoding is not None:
        raise UsageError(f"{name} is a Parquet file, whose texts have one encoding.", "leave out --encoding")
    if not made.is_parquet:
        text, found = _utf8(made.data, name, encoding)
        made = replace(made, data=text, encoding=found)
        if _is_page(text, name):
            return _of_page(made, sheet, may_lack=may_lack)
    if sheet is not None and not may_lack:
        raise UsageError(f"{name} is no workbook, and has no sheets.", "leave out --sheet")
    if not made.is_parquet:
        _check_table(made.data, name, made.path)
    return made


def _of_workbook(book: Source, encoding: str | None, sheet: str | None, *, may_lack: bool) -> Source:
    """Returns the text of the sheet that holds the table of a workbook.

    Raises:
        ForecastError: see ``read_workbook``; or an encoding is asked for.
    """
    if encoding is not None and not may_lack:
        raise UsageError(f"{book.name} is a workbook, whose texts have one encoding.", "leave out --encoding")
    read = read_workbook(book.data, book.name, sheet, may_lack=may_lack)
    return replace(book, data=read.data, sheet=read.sheet, notes=read.notes)


def _is_page(data: bytes, name: str) -> bool:
    """Returns whether text is a web page under the name of a workbook, as many programs export tables."""
    return Path(name).suffix.lower() in WORKBOOKS and bool(HTML.match(data[:4096].lstrip(BLANKS)))


def _of_page(page: Source, sheet: str | None, *, may_lack: bool) -> Source:
    """Returns the text of the table in a page.

    Raises:
        ForecastError: see ``read_page``.
    """
    from forecast.data.files.workbooks.html_table import read_page  # noqa: PLC0415 - for pages alone

    read = read_page(page.data.decode(errors="replace"), page.name, sheet, may_lack=may_lack)
    return replace(page, data=read.data, sheet=read.sheet)


def _member(data: bytes, name: str) -> bytes:
    """Returns the one file in an archive; a workbook, which is an archive too, as it is.

    Raises:
        DataError: The archive holds several files or none, another archive, more than fits, or is damaged.
    """
    if is_workbook(data):
        return data
    lone = lone_member(data, name)
    if lone is None:
        raise DataError(f"{name} is a damaged or cut-off workbook or archive.", f"unzip -t {name}; fetch it again")
    inner, stream = lone
    found = take(Member(stream, name), name, packed=len(data))
    if found.startswith(ZIP_MAGIC) and not is_workbook(found):
        raise DataError(f"{name} holds another archive, {inner}.", f"unzip {name}, and name the file in the inner one")
    if not found.strip(BLANKS):
        raise DataError(f"{inner} in {name} is empty.", "it needs a header line, such as date,value, and rows below it")
    return found


def _queried(address: str, query: str | None, strange: Sequence[str]) -> Source:
    """Returns a table of a database, or what a query returns; flags that can't apply to one are strange.

    Raises:
        UsageError: There are such flags.
        ForecastError: see ``read_database``.
    """
    from forecast.data.files.remote.database import read_database  # noqa: PLC0415 - files need none of it

    if strange:
        raise UsageError(f"{strange[0]} says how a file is read, and {address} is a database.", f"no {strange[0]}")
    found = read_database(address, None if table_of(address) else query)
    return Source(found.name, stem_of_address(found.name), None, found.data, found.digest, "UTF-8")


def _fetched(address: str) -> tuple[bytes, str]:
    """Returns what an object holds, unpacked, and the fingerprint of its bytes.

    Raises:
        UsageError: nothing reads such addresses.
        ForecastError: see ``open_object`` and ``take``.
    """
    from forecast.data.files.remote.objects import open_object  # noqa: PLC0415 - likewise

    check_scheme(address)
    digest = hashlib.sha256()
    with open_object(address) as (file, size):
        return take(file, address, digest, size), digest.hexdigest()


def written_source(content: bytes, name: str) -> Source:
    """Returns the bytes of a file that is not written yet as a source, as it will be read.

    Raises:
        ForecastError: see ``read_source``.
    """
    data = take(io.BytesIO(content), name)
    source = Source(name, stem_of_name(name), None, data, hashlib.sha256(content).hexdigest(), "UTF-8")
    return _of_workbook(source, None, None, may_lack=True) if data.startswith(WORKBOOK_MAGICS) else source


def stem_of_name(name: str) -> str:
    """Returns the name of a file without its known endings: ``sales.2023`` of ``sales.2023.csv.gz``."""
    while Path(name).suffix.lower() in ENDINGS:
        name = Path(name).stem
    return name


@contextmanager
def naming(source: Source) -> Iterator[None]:
    """Puts the name of the source before the message of a data error in the block, where it does not begin with it.

    Raises:
        DataError: As in the block.
    """
    try:
        yield
    except DataError as error:
        named = error.message.startswith(source.name)
        raise DataError(error.message if named else f"{source.name}: {error.message}", error.hint) from None


def _standard_input(name: str) -> tuple[bytes, str]:
    """Returns what standard input holds, unpacked, and the fingerprint of what came.

    Raises:
        DataError: It is closed, was opened for writing only, or does not end.
    """
    hint = "forecast check - < FILE, or name the file"
    if sys.stdin is None:  # closed by the caller: `forecast check - <&-`
        raise DataError("Standard input is closed.", hint)
    digest = hashlib.sha256()
    try:
        return take(sys.stdin.buffer, name, digest), digest.hexdigest()
    except (OSError, ValueError) as error:  # opened for writing only: `0>file`
        reason = getattr(error, "strerror", None) or "it is not open for reading"
        raise DataError(f"Standard input can't be read: {reason}.", hint) from None


def _stored(path: Path, name: str) -> tuple[bytes, str]:
    """Returns what a file holds, unpacked, and the fingerprint of its bytes.

    Raises:
        NotFoundError: There is no such file.
        DataError: It can't be read.
    """
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            message = f"{name} is a pipe or a device, not a file."
            raise DataError(message, f"read it as standard input: - in place of the file, and < {path} at the end")
        return _read(path, name)
    except FileNotFoundError:
        if path.is_symlink():
            message = f"{name} is a link to nothing: there is no {path.readlink()}."
            raise NotFoundError(message, f"ls -l {path}") from None
        message = f"There is no file {name} in {path.parent}.{did_you_mean(name, _files(path.parent))}"
        raise NotFoundError(message, "check the path; - reads standard input") from None
    except IsADirectoryError:
        tables = [file for file in _files(path) if Path(file).suffix.lower() in SUFFIXES]
        hint = f"name one of its files, such as {path.name}/{tables[0]}" if tables else "name a CSV file"
        raise DataError(f"{name} is a directory, not a file.", hint) from None
    except (OSError, ValueError) as error:  # of a path with a zero byte, Python says ValueError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{name} can't be read: {reason}.", f"ls -l {path}") from None


def _read(path: Path, name: str) -> tuple[bytes, str]:
    """Returns the unpacked bytes of a file that nobody writes to meanwhile, and the fingerprint of the stored ones."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        if stat.S_ISREG(before.st_mode):
            _check_database(os.pread(file.fileno(), len(SQLITE_MAGIC), 0), path)
        data = take(file, name, digest, before.st_size)
        size = file.tell()
        after = os.fstat(file.fileno())
    changed = (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
    if changed or (stat.S_ISREG(before.st_mode) and size != before.st_size > 0):
        message = f"{name} was changed by another program while it was read."
        raise DataError(message, f"try again, or read a copy: cp {path} copy.csv")
    return data, digest.hexdigest()


def _check_database(head: bytes, path: Path) -> None:
    """Refuses a database by the first bytes of its file.

    Raises:
        DataError: It is one; the hint is its address.
    """
    kind = "sqlite" if head.startswith(SQLITE_MAGIC) else "duckdb" if head[8:12] == DUCKDB_MAGIC else ""
    if kind:
        hint = f"{kind}:///{shlex.quote(str(path.absolute()))} --table NAME in place of it"
        raise DataError(f"{path.name} is a database of tables, not a table.", hint)


def _files(folder: Path) -> list[str]:
    """Returns the names in a folder, none where it can't be read."""
    with suppress(OSError):
        return sorted(file.name for file in folder.iterdir())
    return []


def _utf8(data: bytes, name: str, asked: str | None) -> tuple[bytes, str]:
    """Returns text as UTF-8 without a byte order mark, and the encoding that it was in.

    A mark tells it. What is UTF-8, and reads better so, is taken for that even where another encoding is asked for:
    a model's newer data may have been saved anew.

    Raises:
        DataError: It is no text, or not in the encoding that was asked for.
    """
    wide = data.startswith((*UTF16_MARKS, codecs.BOM_UTF32_BE)) or b"\0" in data
    is_plain = not wide and (data.isascii() or data.startswith(codecs.BOM_UTF8) or is_utf8(data))
    if is_plain and (asked is None or data.startswith(codecs.BOM_UTF8) or not reads_better(data, find_encoding(asked))):
        return data.removeprefix(codecs.BOM_UTF8), "UTF-8"
    try:
        found = decoded(data, None if data.startswith(UTF16_MARKS) else asked)
    except UnicodeDecodeError as error:
        if asked is None:
            raise DataError(f"{name} is not readable text.", "save the table as CSV in UTF-8") from None
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not in {label_of(find_encoding(asked))}: line {line} can't be read."
        raise DataError(message, "leave out --encoding, or name another") from None
    if found is None:
        raise DataError(f"{name} is not text: it holds zero bytes.", "save the table as CSV in UTF-8")
    text, label = found
    return text.encode(errors="replace"), label


def _check_table(data: bytes, name: str, path: Path | None) -> None:
    """Refuses text that is a page or a document.

    Raises:
        DataError: It is HTML, XML or JSON.
    """
    head = data[:4096].lstrip(BLANKS)
    kind = "an XML spreadsheet of 2003" if SPREADSHEET in head else "a web archive (MHTML)" if MHTML.match(head) else ""
    if kind:  # as many programs export them
        hint = "open it in Excel or LibreOffice, and save it as .xlsx or CSV"
        raise DataError(f"{name} is {kind}, which is not read.", hint)
    if XML.match(head):
        raise DataError(f"{name} is XML, not a table.", "save its rows as CSV")
    if HTML.match(head):
        hint = "open it to see what it says, and save the table as CSV; a download that needs a login gives such a page"
        raise DataError(f"{name} is a web page (HTML), not a table.", hint)
    if JSON.match(head):
        lines = ", lines=True" if JSON_LINES.match(data) else ""
        turn = f"import pandas; pandas.read_json({str(path)!r}{lines}).to_csv('table.csv', index=False)"
        is_simple = path and (lines or head.startswith(b"["))
        hint = f"{python_line(turn)} turns it; then use table.csv" if is_simple else "save its rows as CSV"
        raise DataError(f"{name} is JSON, not a table.", hint)


def is_utf8(data: bytes) -> bool:
    """Returns whether bytes are UTF-8; looked at in pieces, since decoding all of them may take four times as much."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces = memoryview(data)
    try:
        for start in range(0, len(data), LONGEST_LINE):
            decoder.decode(pieces[start : start + LONGEST_LINE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
