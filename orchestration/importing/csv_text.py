"""CSV as shops have it: which encoding and separator a file is written in, and its rows.

Belongs here: looking at bytes, cutting text into cells.
Does not: what the cells mean; files of other kinds (excel.py); keeping the rows (reading.py).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from orchestration.core.errors import InputFault

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_CHUNK = 1 << 20
# Bytes looked at to tell an encoding without a mark, once the file is known to be no UTF-8.
_LOOKED_AT = 1 << 22
_SAMPLE_ROWS = 50
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A cell may hold a long note; the reader's own limit is 128 kB.
csv.field_size_limit(1 << 26)


@dataclass(frozen=True)
class CsvForm:
    """How a file is written.

    Attributes:
        encoding: As Python calls it.
        separator: One character.
    """

    encoding: str
    separator: str

    @property
    def in_words(self) -> str:
        """As a preview says it."""
        name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}.get(
            self.encoding, self.encoding.upper()
        )
        return f"{name}, {SEPARATORS.get(self.separator, 'one column')}"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is a gzip file."""
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rb") as stream:
                yield stream  # type: ignore[misc]
        else:
            with path.open("rb") as stream:
                yield stream
    except (gzip.BadGzipFile, EOFError) as error:
        raise InputFault(
            f"{path.name} is damaged: it cannot be unpacked. Copy or export it again."
        ) from error


def csv_form(path: Path, encoding: str | None = None) -> CsvForm:
    """How a file is written, found out by looking through it.

    Args:
        path: The file.
        encoding: What somebody says it is, or None.

    Raises:
        InputFault: It is empty, or is not text.
    """
    found = encoding or _encoding(path)
    with opened(path) as stream, _decoded(path, stream, found) as text:
        lines = [line for _, line in zip(range(_SAMPLE_ROWS), text, strict=False)]
    if not any(line.strip() for line in lines):
        raise InputFault(f"{path.name} is empty. Export it again.")
    if lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return CsvForm(found, lines[0].strip()[4])
    return CsvForm(found, _separator(lines))


def csv_rows(path: Path, form: CsvForm) -> Iterator[list[str]]:
    """Every record of a file, the one with the headings too.

    Raises:
        InputFault: It is not in the encoding, or a quote is never closed.
    """
    with opened(path) as stream, _decoded(path, stream, form.encoding) as text:
        reader = csv.reader(text, delimiter=form.separator)
        try:
            for record in reader:
                if reader.line_num == 1 and len(record) == 2 and "".join(record).lower() == "sep=":
                    continue
                yield record
        except csv.Error as error:
            raise InputFault(
                f"{path.name}, line {reader.line_num}: {error}. Export it again, or mend that line."
            ) from error
        except UnicodeDecodeError as error:
            raise InputFault(
                f"{path.name} is not {form.encoding} throughout; near line {reader.line_num + 1} "
                "it is something "
                "else. Name its encoding: --encoding utf-8, gb18030 or cp1252."
            ) from error


@contextmanager
def _decoded(path: Path, stream: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise InputFault(
            f"There is no encoding {encoding}. Allowed: utf-8, utf-16, gb18030, cp1252 and Python's others."
        ) from None
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield text
    except UnicodeDecodeError as error:
        raise InputFault(f"{path.name} is not {encoding}. Name its encoding with --encoding.") from error
    finally:
        text.detach()


def _encoding(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        if b"\0" in start:
            return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(path) as stream:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        with opened(path) as stream:
            return _without_mark(stream.read(_LOOKED_AT))
    return "utf-8"


def _without_mark(content: bytes) -> str:
    """Chinese in GB18030, or Western European.

    A letter of Latin-1 is one high byte among low ones; a character of GB 2312 is two high bytes together.
    """
    pairs = alone = 0
    place = 0
    while place < len(content):
        if content[place] < 0x80:
            place += 1
        elif 0xA1 <= content[place] <= 0xF7 and content[place + 1 : place + 2] >= b"\xa1":
            pairs, place = pairs + 1, place + 2
        else:
            alone, place = alone + 1, place + 1
    if pairs > alone:
        try:
            codecs.getincrementaldecoder("gb18030")().decode(content)
        except UnicodeDecodeError:
            pass
        else:
            return "gb18030"
    # Five bytes have no letter in Windows-1252; Latin-1 reads them all.
    return "latin-1" if any(byte in content for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def _separator(lines: list[str]) -> str:
    """The separator by which most records have as many cells as the widest usual one."""

    def cut(separator: str) -> tuple[int, int]:
        widths = [len(record) for record in csv.reader(lines, delimiter=separator) if any(record)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(SEPARATORS, key=cut)
