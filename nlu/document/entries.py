"""Entries of a PDF's form (AcroForm) that no writer has drawn: the viewer sets their text, so the page holds none."""

import ctypes
from collections.abc import Iterator

import pypdfium2.raw as raw

from nlu.document.page import char_weight

MOST_NOTES = 300  # of a page; more are no form
_LONGEST = 200  # characters of an entry that may stand on an invoice

Box = tuple[float, float, float, float]  # left, right, bottom, top, in the file's own units


def undrawn(page: object) -> Iterator[tuple[str, Box]]:
    """The text of each entry without an appearance, and where it would stand in its frame."""
    count = raw.FPDFPage_GetAnnotCount(page)
    for index in range(count if count <= MOST_NOTES else 0):
        note = raw.FPDFPage_GetAnnot(page, index)
        try:
            if raw.FPDFAnnot_GetSubtype(note) != raw.FPDF_ANNOT_WIDGET or raw.FPDFAnnot_HasKey(note, b"AP"):
                continue
            text = _string(note, b"V").strip()
            frame = raw.FS_RECTF()
            if text and len(text) <= _LONGEST and raw.FPDFAnnot_GetRect(note, ctypes.byref(frame)):
                yield text, _set(text, frame, to_the_right=_number(note, b"Q") == 2)
        finally:
            raw.FPDFPage_CloseAnnot(note)


def _set(text: str, frame: raw.FS_RECTF, *, to_the_right: bool) -> Box:
    """Where the text stands: in one line, in the middle of its frame."""
    middle, high = (frame.top + frame.bottom) / 2, min(abs(frame.top - frame.bottom), 16.0)
    wide = min(0.75 * high * sum(map(char_weight, text)), abs(frame.right - frame.left))
    left = frame.right - wide if to_the_right else frame.left
    return left, left + wide, middle - 0.4 * high, middle + 0.4 * high


def _string(note: object, key: bytes) -> str:
    size = raw.FPDFAnnot_GetStringValue(note, key, None, 0)
    if not 2 < size <= 4 * _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(note, key, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _number(note: object, key: bytes) -> float:
    value = ctypes.c_float()
    return value.value if raw.FPDFAnnot_GetNumberValue(note, key, ctypes.byref(value)) else 0.0
