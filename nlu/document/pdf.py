"""PDF documents: the text layer rebuilt into rows, embedded files, and pages drawn for QR and OCR."""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from nlu.document.entries import MOST_NOTES, undrawn
from nlu.document.page import Page, Word, build_page
from nlu.document.reading import DocumentError, Refusal

MOST_PAGES = 100
MOST_CHARACTERS = 20_000  # a page; an invoice has 300 to 2,500
MOST_ATTACHMENTS = 20
LARGEST_ATTACHMENT = 8 * 2**20
_PALE = 200  # of 255, of each colour: lighter text is a watermark, or meant to be hidden
_SAMPLE = 200  # text objects of a page
MOST_PIXELS = 9_000_000  # of a drawn page
_ENCRYPTED = 4  # FPDF_ERR_PASSWORD

Picture = np.ndarray


@dataclass(slots=True)
class _Run:
    """Characters set side by side, as they come from the file."""

    chars: list[str] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    top: float = math.inf
    bottom: float = -math.inf

    def word(self) -> Word:
        x0 = min(span[0] for span in self.spans)
        x1 = max(span[1] for span in self.spans)
        return Word("".join(self.chars), x0, self.top, x1, self.bottom, spans=tuple(self.spans))


class Pdf:
    """An opened PDF. Raises DocumentError for broken, encrypted and oversized ones. Close it."""

    def __init__(self, data: bytes) -> None:
        try:
            self._document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            wrong = getattr(error, "err_code", None) == _ENCRYPTED or "assword" in str(error)
            raise DocumentError(Refusal.ENCRYPTED if wrong else Refusal.BROKEN, "pdf") from error
        self.count = len(self._document)
        self.turns: dict[int, int] = {}  # page → degrees clockwise that its text stands turned as seen
        if self.count == 0:
            self.close()
            raise DocumentError(Refusal.EMPTY, "pdf")
        if self.count > MOST_PAGES:
            self.close()
            raise DocumentError(Refusal.TOO_MANY_PAGES, str(self.count))

    def close(self) -> None:
        """Free the document."""
        self._document.close()

    def attachments(self) -> Iterator[bytes]:
        """Embedded files (XBRL of rail tickets, XML), largest first skipped."""
        try:
            count = min(self._document.count_attachments(), MOST_ATTACHMENTS)
        except pdfium.PdfiumError:
            return
        for index in range(count):
            try:
                data = bytes(self._document.get_attachment(index).get_data())
            except (pdfium.PdfiumError, ValueError):
                continue
            if 0 < len(data) <= LARGEST_ATTACHMENT:
                yield data

    def metadata(self) -> dict[str, str]:
        """Custom entries of the information dictionary that tax platforms write."""
        found = {}
        for key in _KEYS:
            value = self._document.get_metadata_value(key)
            if value:
                found[key] = value[:200]
        return found

    def words(self, number: int) -> Page:
        """The text of page `number` (from 0) in rows, in points from the top left."""
        try:
            page = self._document[number]
        except pdfium.PdfiumError as error:
            raise DocumentError(Refusal.BROKEN, "page") from error
        try:
            width, height = page.get_size()
            if not (1 <= width <= 20_000 and 1 <= height <= 20_000):
                raise DocumentError(Refusal.HOSTILE, "page size")
            entries = list(undrawn(page.raw))
            if (
                _has_notes(page)
                and raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS
            ):
                page.close()
                page = self._document[number]
            text = page.get_textpage()
            try:
                turner = _Turner(page, _text_angle(text.raw, page.get_rotation()))
                words = _printed_once([run.word() for run in _runs(text.raw, turner)])
                words += [Word(entry, *turner.box(*box)) for entry, box in entries]
            finally:
                text.close()
            self.turns[number] = (page.get_rotation() - turner.rotation) % 360
        finally:
            page.close()
        width, height = turner.width, turner.height
        # What lies off the paper nobody sees: an altered file may hide another date there.
        seen = [
            word for word in words if word.x1 > 0 and word.y1 > 0 and word.x0 < width and word.y0 < height
        ]
        return build_page(seen, width, height)

    def is_scan(self, number: int) -> bool:
        """True if all text of a page is invisible and a picture fills it: a scanner's own OCR, right or wrong.

        Converters from OFD write invisible text too, over letters drawn as shapes; that text is exact.
        """
        page = self._document[number]
        try:
            texts = (each.raw for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3))
            modes = {raw.FPDFTextObj_GetTextRenderMode(text) for text in islice(texts, _SAMPLE)}
            if modes != {raw.FPDF_TEXTRENDERMODE_INVISIBLE}:
                return False
            width, height = page.get_size()
            pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
            boxes = [picture.get_bounds() for picture in islice(pictures, _SAMPLE)]
        except pdfium.PdfiumError:
            return False
        finally:
            page.close()
        covered: float = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)
        return bool(covered > 0.4 * width * height)

    def draw(self, number: int, scale: float, *, grey: bool, part: float = 1.0) -> Picture:
        """Draw page `number` at `scale` x 72 dpi, less if it were too large; `part` is the share from the top."""
        try:
            page = self._document[number]
        except pdfium.PdfiumError as error:
            raise DocumentError(Refusal.BROKEN, "page") from error
        try:
            width, height = page.get_size()
            if width < 1 or height < 1:
                raise DocumentError(Refusal.BROKEN, "page size")
            scale = min(scale, math.sqrt(MOST_PIXELS / (width * height)), 8_000 / max(width, height))
            if max(width, height) / min(width, height) > 60:
                raise DocumentError(Refusal.HOSTILE, "page size")
            bitmap = page.render(
                scale=scale, grayscale=grey, rev_byteorder=not grey, crop=(0, height * (1 - part), 0, 0)
            )
            picture: Picture = bitmap.to_numpy().copy()
            bitmap.close()
        except (pdfium.PdfiumError, ValueError) as error:
            raise DocumentError(Refusal.BROKEN, "page") from error
        finally:
            page.close()
        return picture[:, :, :3] if picture.ndim == 3 and picture.shape[2] > 3 else picture


_KEYS = (
    "InvoiceNumber",
    "InvoiceCode",
    "IssueTime",
    "SellerIdNum",
    "BuyerIdNum",
    "TotalAmWithoutTax",
    "TotalTaxAm",
    "TotalTax-includedAmount",
)


class _Turner:
    """Brings character boxes, which pdfium gives in the file's own units, to the page with its text upright."""

    def __init__(self, page: pdfium.PdfPage, rotation: int) -> None:
        self.rotation = rotation  # degrees clockwise that the file's page is turned by
        width, height = page.get_size()  # as seen
        lies = (rotation - page.get_rotation()) % 180 == 90
        self.width, self.height = (height, width) if lies else (width, height)
        seen = raw.FS_RECTF()  # its corner is not always the origin
        raw.FPDF_GetPageBoundingBox(page.raw, ctypes.byref(seen))
        self.left, self.bottom = seen.left, seen.bottom

    def box(self, left: float, right: float, bottom: float, top: float) -> tuple[float, float, float, float]:
        left, right, bottom, top = (
            left - self.left,
            right - self.left,
            bottom - self.bottom,
            top - self.bottom,
        )
        if self.rotation == 90:
            return bottom, left, top, right
        if self.rotation == 180:
            return self.width - right, bottom, self.width - left, top
        if self.rotation == 270:
            return self.width - top, self.height - right, self.width - bottom, self.height - left
        return left, self.height - top, right, self.height - bottom


class _Ink:
    """How dark the characters of a page are printed."""

    def __init__(self, text: object, count: int) -> None:
        self._text = text
        self._parts = [ctypes.c_uint() for _ in range(4)]
        self._places = [ctypes.byref(part) for part in self._parts]
        sample = range(0, count, max(1, count // _SAMPLE))
        # Where most of it is pale, it lies over letters drawn as shapes, or on a dark ground.
        self._all_pale = 2 * sum(self._pale(index) for index in sample) > len(sample)

    def is_pale(self, index: int) -> bool:
        """True for what hardly anybody sees: a pale watermark, white on white."""
        return not self._all_pale and self._pale(index)

    def _pale(self, index: int) -> bool:
        if not raw.FPDFText_GetFillColor(self._text, index, *self._places):
            return False
        red, green, blue, alpha = (part.value for part in self._parts)
        return min(red, green, blue) >= _PALE or alpha < 255 - _PALE


def _has_notes(page: pdfium.PdfPage) -> bool:
    """True if entries of a form or notes stand on the page: what they show is no part of its text until flattened."""
    count = raw.FPDFPage_GetAnnotCount(page.raw)
    for index in range(count if count <= MOST_NOTES else 0):
        note = raw.FPDFPage_GetAnnot(page.raw, index)
        subtype = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if subtype in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP):
            return True
    return False


def _printed_once(words: list[Word]) -> list[Word]:
    """The words without second prints of them a little aside, as some writers make bold type."""
    kept: dict[str, list[Word]] = {}
    out = []
    for word in words:
        same = kept.setdefault(word.text, [])
        if len(word.text) > 1 and any(
            abs(word.x0 - other.x0) < 0.5 * word.height and abs(word.y0 - other.y0) < 0.4 * word.height
            for other in same[-8:]
        ):
            continue
        same.append(word)
        out.append(word)
    return out


def _angle(text: object, index: int) -> float:
    """How far a character stands turned anticlockwise in the file's own units; pdfium counts clockwise."""
    return -math.degrees(raw.FPDFText_GetCharAngle(text, index)) % 360


def _text_angle(text: object, usual: int) -> int:
    """The quarter turn, anticlockwise in the file's own units, that most characters of a page stand in."""
    votes = {usual % 360: 0.5}
    for index in range(0, min(raw.FPDFText_CountChars(text), MOST_CHARACTERS), 3):
        angle = _angle(text, index)
        quarter = 90 * round(angle / 90) % 360
        if raw.FPDFText_GetUnicode(text, index) > 0x20 and min(angle % 90, 90 - angle % 90) < 8:
            votes[quarter] = votes.get(quarter, 0) + 1
    return max(votes, key=lambda quarter: votes[quarter])


def _runs(text: object, turner: _Turner) -> Iterator[_Run]:
    """Join characters that follow each other on a line without a wide gap; overprints are dropped."""
    count = raw.FPDFText_CountChars(text)
    if count > MOST_CHARACTERS:
        count = MOST_CHARACTERS
    rect = raw.FS_RECTF()
    seen: dict[tuple[int, int, int], tuple[float, float]] = {}
    run = _Run()
    ink = _Ink(text, count)
    upright = 90 * round(turner.rotation / 90) % 360
    for index in range(count):
        code = raw.FPDFText_GetUnicode(text, index)
        if code < 0x20 or code in (0xFFFE, 0xFFFF, 0xFFFD) or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            continue
        char = chr(code)
        if char.isspace():
            if run.chars:
                yield run
                run = _Run()
            continue
        if not raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(rect)):
            continue
        if not math.isfinite(rect.left + rect.right + rect.top + rect.bottom):
            continue
        x0, y0, x1, y1 = turner.box(rect.left, rect.right, rect.bottom, rect.top)
        size = y1 - y0
        if size <= 0.5 or x1 <= x0 or size > 400:
            continue
        angle = _angle(text, index)
        if min(abs(angle - upright) % 360, 360 - abs(angle - upright) % 360) > 8 and angle % 90 > 8:
            continue  # a slanted watermark
        if _overprinted(seen, code, x0, y0, size) or ink.is_pale(index):
            continue
        if run.chars and not _continues(run, x0, y0, y1, size):
            yield run
            run = _Run()
        run.chars.append(char)
        run.spans.append((x0, x1))
        run.top, run.bottom = min(run.top, y0), max(run.bottom, y1)
    if run.chars:
        yield run


def _overprinted(
    seen: dict[tuple[int, int, int], tuple[float, float]], code: int, x: float, y: float, size: float
) -> bool:
    """True if the same character already stands here: bold type is often printed twice. Else keep it."""
    column, line = int(x), int(y)
    near = min(1.0, 0.2 * size)
    for key in ((code, column + i, line + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
        other = seen.get(key)
        if other is not None and abs(other[0] - x) < near and abs(other[1] - y) < near:
            return True
    seen[code, column, line] = (x, y)
    return False


def _continues(run: _Run, x0: float, y0: float, y1: float, size: float) -> bool:
    middle, before = (y0 + y1) / 2, (run.top + run.bottom) / 2
    return abs(middle - before) < 0.3 * size and -0.35 * size < x0 - run.spans[-1][1] < 0.45 * size
