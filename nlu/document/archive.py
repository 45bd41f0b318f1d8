"""ZIP archives, opened so that no entry can hurt: count, size, ratio and names are limited."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

from nlu.document.reading import DocumentError, Refusal

MOST_ENTRIES = 2_000
LARGEST_ENTRY = 50 * 2**20  # bytes unpacked
LARGEST_SUM = 120 * 2**20
HIGHEST_RATIO = 150  # real OFDs stay below 30; deflate itself ends near 1,030
_RATIO_FREE = 2**20  # small entries may shrink as much as they like
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    struct.error,
    IndexError,
)


class Archive:
    """The entries of a ZIP by name. Raises DocumentError for hostile, encrypted and broken ones."""

    def __init__(self, data: bytes) -> None:
        _refuse_crowds(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            NotImplementedError,
            struct.error,
            IndexError,
        ) as error:
            raise DocumentError(Refusal.BROKEN, "zip") from error
        entries = [entry for entry in self._zip.infolist() if entry.filename and not entry.is_dir()]
        if len(entries) > MOST_ENTRIES:
            raise DocumentError(Refusal.HOSTILE, "entries")
        if any(_leaves(entry.filename) for entry in entries):
            raise DocumentError(Refusal.HOSTILE, "path")
        if sum(entry.file_size for entry in entries) > LARGEST_SUM:
            raise DocumentError(Refusal.HOSTILE, "size")
        # Some writers part folders with backslashes, against the standard.
        self._entries = {entry.filename.replace("\\", "/").lstrip("/"): entry for entry in entries}
        self._left = LARGEST_SUM

    def names(self) -> list[str]:
        """The names of all files, in their order."""
        return list(self._entries)

    def is_ofd(self) -> bool:
        """True for an OFD document (GB/T 33190)."""
        return any(name.lower() == "ofd.xml" for name in self._entries)

    def is_office(self) -> bool:
        """True for a document of an office program (DOCX, XLSX, ODT), which is a ZIP too."""
        return "[Content_Types].xml" in self._entries or "mimetype" in self._entries

    def size(self, name: str) -> int:
        """The unpacked size an entry claims, in bytes."""
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        """The bytes of one file; raises DocumentError."""
        entry = self._entries[name]
        if entry.flag_bits & 1:
            raise DocumentError(Refusal.ENCRYPTED, "zip")
        most = min(LARGEST_ENTRY, self._left)
        if entry.file_size > max(_RATIO_FREE, HIGHEST_RATIO * max(entry.compress_size, 1)):
            raise DocumentError(Refusal.HOSTILE, "ratio")
        if entry.file_size > most:
            raise DocumentError(Refusal.HOSTILE, "size")
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(most + 1)
        except NotImplementedError as error:  # a method of packing; it is a RuntimeError too
            raise DocumentError(Refusal.UNSUPPORTED, "zip") from error
        except _BROKEN as error:
            raise DocumentError(Refusal.BROKEN, "zip") from error
        if len(data) > most:
            raise DocumentError(Refusal.HOSTILE, "size")
        self._left -= len(data)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)


def _refuse_crowds(data: bytes) -> None:
    """Count entries before the library builds an object for each: 60,000 cost seconds."""
    if data.count(b"PK\x01\x02") > 2 * MOST_ENTRIES:
        raise DocumentError(Refusal.HOSTILE, "entries")


def _leaves(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or (name.startswith(("/", "\\")) and ".." in name) or ":" in parts[0][1:2]
