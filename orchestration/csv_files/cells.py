"""How a CSV file is written, and its rows of cells.

Belongs here: which encoding and separator a file has, cutting it into cells, what is wrong with it by line.
Does not: which encodings and separators are allowed (copying.py; `rekindle import` takes all that are known).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from orchestration.core.errors import InputFault

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "\uff0c": "full-width comma"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb18030": "GBK (GB18030)",
    "cp1252": "Windows-1252 (Latin-1)",
}
"""What people call the encodings that are known by looking at a file."""
BOM = codecs.BOM_UTF8
_CHUNK = 1 << 22
_LOOKED_AT = 1 << 16
_SAMPLE_ROWS = 50
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


class CsvFault(InputFault):
    """A file that cannot be read as CSV; the text goes after the file's name."""


@dataclass(frozen=True)
class CsvForm:
    """How a file is written.

    Attributes:
        encoding: As Python calls it.
        separator: One character.
    """

    encoding: str = "utf-8-sig"
    separator: str = ","

    @property
    def in_words(self) -> str:
        """As a preview says it."""
        return f"{ENCODINGS.get(self.encoding, self.encoding.upper())}, {SEPARATORS[self.separator]}"


PLAIN = CsvForm()
"""UTF-8, with or without a mark, and commas: what is delivered."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is a gzip file.

    Raises:
        CsvFault: It cannot be unpacked.
    """
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield stream  # type: ignore[misc]
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise CsvFault("is not a whole gzip file; write it anew, or unpack it") from None


def form_of(path: Path, encoding: str | None = None) -> CsvForm:
    """How a file is written, found out by looking through it.

    Args:
        path: The file.
        encoding: What somebody says it is, or None.

    Raises:
        CsvFault: It is empty, or in no encoding that is known.
    """
    found = encoding or _encoding_of(path)
    with _decoded(path, found) as text:
        lines = [line for _, line in zip(range(_SAMPLE_ROWS), text, strict=False)]
    if not any(line.strip() for line in lines):
        raise CsvFault("is empty. Export it again")
    named = _SEPARATOR_LINE.fullmatch(lines[0])
    return CsvForm(found, named[1] if named and named[1] in SEPARATORS else separator_of(lines))


def separator_of(lines: list[str]) -> str:
    """The separator by which most records have as many cells as the widest usual one."""

    def cut(separator: str) -> tuple[int, int]:
        widths = [len(record) for record in csv.reader(lines, delimiter=separator) if any(record)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(SEPARATORS, key=cut)


def encoding_guess(text: bytes) -> str | None:
    """The encoding, as Python calls it, that bytes which are no UTF-8 look like; None: none that is known.

    Args:
        text: From the beginning of a line on.
    """
    sample = text[:_LOOKED_AT]
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sample.count(0) * 8 > len(sample):
        return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    try:
        read = codecs.getincrementaldecoder("gb18030")().decode(sample)
        chinese = "".join(character for character in read if not character.isascii())
        # Of what happens to decode, as an accented letter and the next one may, little is in daily use.
        if chinese and 2 * len(chinese.encode("gb2312", "ignore").decode("gb2312")) >= len(chinese):
            return "gb18030"
    except UnicodeDecodeError:
        pass
    # Where letters have accents, most of them stand between letters without, or two together.
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    return "cp1252" if sum(length <= 2 for length in runs) * 2 > len(runs) else None


def utf8_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, chunk by chunk, as long as they are UTF-8.

    Raises:
        UnicodeDecodeError: They are not.
        CsvFault: The last character of them is not whole.
    """
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8")(), True
    while chunk := stream.read(_CHUNK):
        is_ascii = decoder.decode(chunk).isascii() and is_ascii
        yield chunk
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if is_ascii:  # Nothing else tells that it is UTF-8.
            raise
        raise CsvFault("ends in the middle of a character: it was cut off; write it anew") from None


def line_of(error: UnicodeDecodeError) -> bytes:
    """What was read from the beginning of the line on in which text is not what it should be."""
    seen = bytes(error.object)
    return seen[seen.rfind(b"\n", 0, error.start) + 1 :]


@contextmanager
def rows_of(path: Path, form: CsvForm = PLAIN) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Every record of a file with the line it begins in, the one with the names of columns too.

    Strict: of a quote that is never closed the reader would make one cell with all lines that follow.

    Raises:
        CsvFault: It is not in the encoding, or a quote is not closed.
    """
    # Cells are as long as they are; somebody else in the process may have set a limit.
    csv.field_size_limit(sys.maxsize)
    with _decoded(path, form.encoding) as text:
        yield _numbered(csv.reader(text, delimiter=form.separator, strict=True))


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise CsvFault(
                "a quote is not closed, or one inside a cell not doubled, in the row that begins in line "
                f"{line}"
            ) from None
        if cells is None:
            return
        yield line, cells


@contextmanager
def _decoded(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise InputFault(
            f"There is no encoding {encoding}. Allowed: utf-8, utf-16, gb18030, cp1252 and Python's others."
        ) from None
    with opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            yield text
        except UnicodeDecodeError as error:
            name = ENCODINGS.get(encoding, encoding)
            raise CsvFault(f"is not {name} throughout; `rekindle import --encoding` reads others") from error
        finally:
            text.detach()


def _encoding_of(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(_LOOKED_AT)
    found: str | None = "utf-8-sig" if start.startswith(BOM) else "utf-8"
    if b"\0" in start[:4] or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = encoding_guess(start)
    else:
        try:
            with opened(path) as stream:
                for _ in utf8_chunks(stream):
                    pass
        except UnicodeDecodeError as error:
            found = encoding_guess(line_of(error))
    if found is None:
        raise CsvFault("is in no encoding that is known by looking at it; name it: --encoding")
    return found
