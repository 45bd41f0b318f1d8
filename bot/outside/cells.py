"""The cells of a file that is a sheet, whatever they mean: CSV or XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

_UNPACKED = 400 * 2**20  # bytes


class SheetError(Exception):
    """The file is no sheet we can read; the message says why in one line."""


def csv_rows(content: bytes, name: str) -> Iterator[Sequence[Any]]:
    """The lines of a CSV file, in UTF-8 or GB18030, parted by commas or tabs. Raises SheetError."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        separator = "\t" if text[:4096].count("\t") > text[:4096].count(",") else ","
        return _lines(text, separator, name)
    raise SheetError(f"{name} is neither UTF-8 nor GB18030 text")


def _lines(text: str, separator: str, name: str) -> Iterator[Sequence[Any]]:
    # Of all line ends that occur in the wild: a lone carriage return too.
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error as error:
        raise SheetError(f"{name} is no readable CSV file") from error


def xlsx_rows(content: bytes, name: str, most: int) -> Iterator[Sequence[Any]]:
    """The first `most` rows of a workbook's first sheet. Raises SheetError."""
    import openpyxl  # a quarter of the start's time, and most days bring no sheet
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _UNPACKED:
                raise SheetError(f"{name} unpacks to more than {_UNPACKED // 2**20} MB")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return iter(list(islice(book.worksheets[0].iter_rows(values_only=True), most)))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError) as error:
        raise SheetError(f"{name} is no readable XLSX file") from error
