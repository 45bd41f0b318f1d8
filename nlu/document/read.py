"""The ladder: bytes in, a Reading out; the best source first, OCR only where nothing better is there."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import cv2
import numpy as np

from fapiao.checks import Company
from fapiao.kinds import Kind
from fapiao.qr import QrPayload, parse_qr
from nlu.document import clean, codes, markup, ofd, picture, titles
from nlu.document.archive import Archive
from nlu.document.codes import Code
from nlu.document.evidence import Evidence
from nlu.document.fields import read_page
from nlu.document.merge import merge
from nlu.document.ocr import OcrEngine
from nlu.document.page import Page
from nlu.document.pdf import Pdf
from nlu.document.reading import DocumentError, Found, Reading, Refusal, Source
from nlu.document.sniff import Form, sniff
from nlu.document.split import split_page
from nlu.document.upright import set_upright

_TEXT_LETTERS = 40  # characters on a page that make it a page with a text layer
_CODE_SCALE = 2.0  # x 72 dpi: at 144 dpi every code of real files reads
_OCR_SIDE = 2200  # pixels of a drawn page
_MOST_MEMBERS = 60  # files of an archive
_DEEPEST = 2  # archives inside archives
_FEW_LETTERS = 12  # characters below which a picture shows no paper
_CORE = ("number", "issue_date", "total")
# Kinds whose original is a file: a picture of one does not replace it.
_FILES = frozenset(
    {
        Kind.DIGITAL_SPECIAL, Kind.DIGITAL_ORDINARY, Kind.DIGITAL_VEHICLE, Kind.DIGITAL_USED_CAR, Kind.RAIL_E,
        Kind.AIR_E, Kind.VAT_E_ORDINARY, Kind.VAT_E_SPECIAL, Kind.VAT_E_TOLL, Kind.BLOCKCHAIN,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One paper on a page, and the invoice code (二维码) printed on it."""

    page: Page
    qr: QrPayload | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Reads documents. `engines` gives the OCR engines, loaded when first needed; the first one leads."""

    engines: Callable[[], Sequence[OcrEngine]]
    companies: tuple[Company, ...] = ()
    today: date | None = None

    def read(self, data: bytes, name: str) -> Reading:
        """What `data` holds; never raises: what is wrong with the file is in the refusal."""
        try:
            return replace(self._read(data, 0), name=name)
        except DocumentError as error:
            return Reading(refusal=error.refusal, name=name)

    def _read(self, data: bytes, depth: int) -> Reading:
        match sniff(data):
            case Form.IMAGE:
                return _together(
                    [
                        self.picture(frame, number)
                        for number, frame in enumerate(picture.decode(data), start=1)
                    ]
                )
            case Form.PDF:
                return self._pdf(data)
            case Form.XML:
                return self._xml(data)
            case Form.ZIP:
                archive = Archive(data)
                return self._ofd(archive) if archive.is_ofd() else self._zip(archive, depth)

    def _xml(self, data: bytes) -> Reading:
        found = [self._merged([evidence], None, 1) for evidence in markup.structured(markup.parse_xml(data))]
        return _reading(found, 1) if found else Reading(refusal=Refusal.NOT_AN_INVOICE, named="xml")

    def _ofd(self, archive: Archive) -> Reading:
        found: list[Found] = []
        text = ""
        for number, body in enumerate(ofd.read_ofd(archive), start=1):
            evidences = list(body.evidences)
            pages = [page for page in body.pages if not titles.is_goods_list(page)]
            evidences += [read_page(page, Source.OFD) for page in pages[:1] or body.pages[:1]]
            text += "".join(page.text for page in body.pages)
            qr = _first_code(body.pictures) or next(
                (payload for evidence in evidences if (payload := _payload(evidence.graph_code)) is not None),
                None,
            )
            if evidences or qr is not None:
                found.append(self._merged(evidences, qr, number))
        kept = [each for each in found if is_invoice(each)]
        return _reading(kept, 1) if kept else _no_invoice(text)

    def _zip(self, archive: Archive, depth: int) -> Reading:
        if depth >= _DEEPEST:
            raise DocumentError(Refusal.HOSTILE, "depth")
        members: list[Reading] = []
        for name in archive.names():
            if _is_by_the_way(name):
                continue
            if len(members) == _MOST_MEMBERS:
                raise DocumentError(Refusal.TOO_MANY_PAGES, str(len(members)))
            try:
                member = self._read(archive.read(name), depth + 1)
            except DocumentError as error:
                if error.refusal is Refusal.HOSTILE:
                    raise
                member = Reading(refusal=error.refusal)
            members.append(replace(member, name=name))
        if not members:
            raise DocumentError(Refusal.EMPTY, "zip")
        invoices = tuple(
            replace(found, member=found.member or member.name)
            for member in members
            for found in member.invoices
        )
        refusal = None if invoices else members[0].refusal
        return Reading(
            invoices, refusal, None if invoices else members[0].named, len(members), tuple(members)
        )

    def _pdf(self, data: bytes) -> Reading:
        pdf = Pdf(data)
        try:
            structured = [evidence for attached in pdf.attachments() for evidence in _structured(attached)]
            readings = []
            for number in range(pdf.count):
                readings.append(self._pdf_page(pdf, number, structured if number == 0 else []))
            return _together(readings)
        finally:
            pdf.close()

    def _pdf_page(self, pdf: Pdf, number: int, structured: list[Evidence]) -> Reading:
        page = pdf.words(number)
        drawn = pdf.draw(number, _CODE_SCALE, grey=True)
        found_codes = [code for code in codes.find_codes(drawn) if code.is_invoice]
        if _letters(page) < _TEXT_LETTERS and not structured:
            colour = pdf.draw(number, _OCR_SIDE / max(page.width, page.height, 1), grey=False)
            colour = cv2.cvtColor(colour, cv2.COLOR_RGB2BGR) if colour.ndim == 3 else colour
            return self.picture(colour, number + 1, known=found_codes, printed=False)
        if titles.is_trip_sheet(page):
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=Kind.TRIP_SHEET.value)
        if titles.is_goods_list(page) and not found_codes:
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=Kind.GOODS_LIST.value)
        if titles.is_bank_slip(page) and not found_codes:
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=Kind.BANK_SLIP.value)
        found: list[Found] = []
        for part in _parts(page, found_codes, 0):
            evidence = read_page(part.page, Source.PDF, kind=part.qr.kind if part.qr else None)
            merged = self._merged([*structured, evidence], part.qr, number + 1)
            if is_invoice(merged):
                found.append(merged)
        return _reading(found, 1) if found else _no_invoice(page.text)

    def picture(
        self,
        shown: np.ndarray,
        number: int = 1,
        *,
        known: list[Code] | None = None,
        printed: bool = True,
    ) -> Reading:
        """What a picture (BGR) shows; `printed`: it is a photo or print of something that may be a file."""
        grey = cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)
        found_codes = known or [code for code in codes.find_codes(grey) if code.is_invoice]
        cleaned = clean.cleaned(shown)
        height, width = shown.shape[:2]
        leading, *others = [set_upright(engine.read(cleaned), width, height) for engine in self.engines()]
        text = leading.page.text
        if titles.is_trip_sheet(leading.page) and not found_codes:
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=Kind.TRIP_SHEET.value)
        parts = _parts(leading.page, found_codes, leading.turn)
        found: list[Found] = []
        for part in parts:
            kind = part.qr.kind if part.qr else None
            evidences = [read_page(part.page, Source.OCR, kind=kind)]
            if len(parts) == 1:
                evidences += [read_page(other.page, Source.OCR, kind=kind) for other in others]
            merged = self._merged(evidences, part.qr, number)
            if is_invoice(merged):
                found.append(_noted(merged, printed=printed))
        if found:
            return _reading(found, 1)
        return _refused(shown, text)

    def _merged(self, evidences: Sequence[Evidence], qr: QrPayload | None, page: int) -> Found:
        return merge(evidences, qr, page=page, companies=self.companies, today=self.today)


def is_invoice(found: Found) -> bool:
    """Whether enough was read to say that there is an invoice."""
    invoice = found.invoice
    if invoice.kind is not None and not invoice.kind.is_invoice:
        return False
    known = sum(getattr(invoice, name) is not None for name in _CORE)
    if found.qr is not None:
        return True
    if invoice.number is not None:
        return known >= 2 or (
            invoice.kind is not None and (invoice.code is not None or invoice.seller_name is not None)
        )
    return invoice.kind is not None and known >= 2


def _noted(found: Found, *, printed: bool) -> Found:
    notes = list(found.notes)
    if printed and found.invoice.kind in _FILES:
        notes.append("keep_original")
    if found.qr is None:
        notes.append("no_qr")
    return replace(found, notes=tuple(dict.fromkeys(notes)))


def _parts(page: Page, found_codes: list[Code], turn: int) -> list[Part]:
    """The papers on a page with the code that lies on each."""
    centres = [_upright_centre(code, turn, page) for code in found_codes]
    pages = split_page(page, centres)
    if len(pages) == 1:
        payload = found_codes[0].payload if found_codes else None
        return [Part(page, payload)]
    left = dict(enumerate(centres))
    parts = []
    for piece in pages:
        near = min(left, key=lambda place: _distance(piece, left[place]), default=None)
        if near is not None and _distance(piece, left[near]) <= 12 * page.em:
            parts.append(Part(piece, found_codes[near].payload))
            del left[near]
        else:
            parts.append(Part(piece, None))
    return parts


def _upright_centre(code: Code, turn: int, page: Page) -> tuple[float, float]:
    """The centre of a code on the page set upright, in the page's units."""
    x, y = (code.box.x0 + code.box.x1) / 2, (code.box.y0 + code.box.y1) / 2
    match turn:
        case 90:
            x, y = y, 1 - x
        case 180:
            x, y = 1 - x, 1 - y
        case 270:
            x, y = 1 - y, x
    return x * page.width, y * page.height


def _distance(page: Page, place: tuple[float, float]) -> float:
    """How far a place lies outside the words of a page."""
    words = page.words
    if not words:
        return float("inf")
    x0, x1 = min(word.x0 for word in words), max(word.x1 for word in words)
    y0, y1 = min(word.y0 for word in words), max(word.y1 for word in words)
    across = max(x0 - place[0], 0.0, place[0] - x1)
    down = max(y0 - place[1], 0.0, place[1] - y1)
    return float(np.hypot(across, down))


def _structured(data: bytes) -> Iterator[Evidence]:
    try:
        yield from markup.structured(markup.parse_xml(data))
    except DocumentError:  # an attachment of another kind
        return


def _first_code(pictures: Sequence[bytes]) -> QrPayload | None:
    for data in pictures:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            continue
        for code in codes.find_codes(grey, thorough=False):
            if code.is_invoice:
                return code.payload
    return None


def _payload(text: str | None) -> QrPayload | None:
    payload = parse_qr(text) if text else None
    return payload if payload is not None and payload.is_invoice else None


def _letters(page: Page) -> int:
    return len(re.sub(r"\s", "", page.text))


def _together(readings: Sequence[Reading]) -> Reading:
    """The pages of one document: each invoice once, whatever copies and lists follow it."""
    found: dict[object, Found] = {}
    for reading in readings:
        for each in reading.invoices:
            key = each.invoice.key() or object()
            kept = found.get(key)
            # Of an invoice of several pages only the last one holds the sums.
            if kept is None or _sums(kept) < _sums(each):
                found[key] = each
    if found:
        return Reading(tuple(found.values()), pages=max(1, len(readings)))
    first = next(
        (reading for reading in readings if reading.refusal is not None), Reading(refusal=Refusal.EMPTY)
    )
    return replace(first, pages=max(1, len(readings)))


def _sums(found: Found) -> int:
    invoice = found.invoice
    return sum(value is not None for value in (invoice.amount, invoice.tax, invoice.total))


def _reading(found: Sequence[Found], pages: int) -> Reading:
    return _together([Reading(tuple(found), pages=pages)])


def _no_invoice(text: str) -> Reading:
    return Reading(refusal=Refusal.NOT_AN_INVOICE, named=titles.other_paper(text))


_INVOICE_WORDS = re.compile(r"发票|价税合计|纳税人识别号|开票|税额|客票")


def _refused(shown: np.ndarray, text: str) -> Reading:
    """Why a picture gave no invoice, and what would help."""
    packed = re.sub(r"\s", "", text)
    named = titles.other_paper(text)
    if named is not None:
        return Reading(refusal=Refusal.NOT_AN_INVOICE, named=named)
    quality = picture.judge(shown)
    if _INVOICE_WORDS.search(packed):
        if quality.is_small:
            return Reading(refusal=Refusal.TOO_SMALL)
        if quality.is_blurred:
            return Reading(refusal=Refusal.BLURRED)
        return Reading(refusal=Refusal.GLARE if quality.has_glare else Refusal.CROPPED)
    if len(packed) < _FEW_LETTERS:
        if quality.is_small and packed:
            return Reading(refusal=Refusal.TOO_SMALL)
        if quality.is_blurred and packed:
            return Reading(refusal=Refusal.BLURRED)
        return Reading(refusal=Refusal.NOT_AN_INVOICE, named="picture")
    return Reading(refusal=Refusal.NOT_AN_INVOICE)


def _is_by_the_way(name: str) -> bool:
    """Files that archivers add by themselves."""
    base = name.rsplit("/", 1)[-1]
    return (
        name.startswith("__MACOSX/")
        or base.startswith(".")
        or base.casefold() in ("thumbs.db", "desktop.ini")
    )
