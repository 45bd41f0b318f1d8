"""The ladder: bytes in, a Reading out; the best source first, OCR only where nothing better is there."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import cv2
import numpy as np

from fapiao.checks import Company
from fapiao.kinds import Kind
from fapiao.qr import QrPayload, parse_qr
from nlu.document import codes, markup, ofd, picture, titles
from nlu.document.archive import Archive
from nlu.document.codes import Code
from nlu.document.evidence import Evidence
from nlu.document.fields import read_page
from nlu.document.merge import merge
from nlu.document.ocr import OcrEngine
from nlu.document.page import Page
from nlu.document.papers import papers_on
from nlu.document.pdf import Pdf
from nlu.document.reading import DocumentError, Found, Reading, Refusal, Source
from nlu.document.refused import INVOICE_WORDS, no_invoice, other_page, refused
from nlu.document.seen import Sight, is_invoice, look
from nlu.document.sniff import Form, sniff
from nlu.document.textlayer import goes_on, lacks_words, says_nothing
from nlu.document.xmltree import Leaf, parse_xml

_CODE_SCALE = 2.0  # x 72 dpi: at 144 dpi every code of real files reads
_CLOSER_SCALE = 3.5
_OCR_SIDE = 2200  # pixels of a drawn page
_MOST_MEMBERS = 60  # files of an archive
_OFD_PAGES = 20  # of one document that are read
_DEEPEST = 2  # archives inside archives
_CORE = ("number", "issue_date", "total")
# Kinds whose original is a file: a picture of one does not replace it.
_FILES = frozenset(
    {
        Kind.DIGITAL_SPECIAL, Kind.DIGITAL_ORDINARY, Kind.DIGITAL_VEHICLE, Kind.DIGITAL_USED_CAR, Kind.RAIL_E,
        Kind.AIR_E, Kind.VAT_E_ORDINARY, Kind.VAT_E_SPECIAL, Kind.VAT_E_TOLL, Kind.BLOCKCHAIN,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ladder:
    """Reads documents. `engines` gives the OCR engines, loaded when first needed; the first one leads.

    `tell` hears after each page that the work goes on, and at once what a picture's QR code says.
    """

    engines: Callable[[], Sequence[OcrEngine]]
    companies: tuple[Company, ...] = ()
    today: date | None = None
    tell: Callable[[Reading | None], None] = lambda _: None

    def read(self, data: bytes, name: str) -> Reading:
        """What `data` holds; never raises: what is wrong with the file is in the refusal."""
        try:
            return replace(self._read(data, 0), name=name)
        except DocumentError as error:
            return Reading(refusal=error.refusal, name=name)

    def _read(self, data: bytes, depth: int) -> Reading:
        match sniff(data):
            case Form.IMAGE:
                frames = enumerate(picture.decode(data), start=1)
                return _together([self._told(self.picture(frame, number)) for number, frame in frames])
            case Form.PDF:
                return self._pdf(data)
            case Form.XML:
                return self._xml(data)
            case Form.ZIP:
                return self._packed(Archive(data), depth)

    def _told(self, reading: Reading) -> Reading:
        self.tell(None)
        return reading

    def _packed(self, archive: Archive, depth: int) -> Reading:
        if archive.is_ofd():
            return self._ofd(archive)
        if archive.is_office():
            raise DocumentError(Refusal.UNSUPPORTED, "office")
        return self._zip(archive, depth)

    def _xml(self, data: bytes) -> Reading:
        found = [self._merged([evidence], None, 1) for evidence in markup.structured(parse_xml(data))]
        return _reading(found, 1) if found else Reading(refusal=Refusal.NOT_AN_INVOICE, named="xml")

    def _ofd(self, archive: Archive) -> Reading:
        found: list[Found] = []
        scans: list[Reading] = []
        text = ""
        for number, body in enumerate(ofd.read_ofd(archive), start=1):
            text += "".join(page.text for page in body.pages)
            pages = [page for page in body.pages if not titles.is_goods_list(page)] or body.pages
            printed = [read_page(page, Source.OFD) for page in pages[:_OFD_PAGES]]
            pictures = list(_shown(body.pictures))
            found_codes = list(_codes_of(pictures))
            here: list[Found] = []
            for told in _papers_told(body.evidences, printed):
                here += self._told_by_ofd(body, told, _code_of(told, found_codes), number, bool(text.strip()))
            found += here
            if not here and pictures and not text.strip():  # a scan in an OFD's clothes
                scans.append(self.picture(max(pictures, key=lambda shown: shown.size), number, printed=False))
            self.tell(None)
        if found:
            return _reading(found, 1)
        return _together(scans) if scans else no_invoice(text)

    def _told_by_ofd(
        self, body: ofd.OfdBody, told: list[Evidence], qr: QrPayload | None, number: int, written: bool
    ) -> Sequence[Found]:
        """The invoice that some evidence of an OFD tells of; what it lacks is looked for in its drawn letters."""
        merged = self._merged(told, qr, number) if told or qr is not None else None
        if not (written and merged is not None and is_invoice(merged) and _is_whole(merged)):
            seen = self._shapes(body, qr, told, number)
            if seen is not None:
                return seen.invoices
        return [merged] if merged is not None and is_invoice(merged) else []

    def _shapes(
        self, body: ofd.OfdBody, qr: QrPayload | None, evidences: Sequence[Evidence], number: int
    ) -> Reading | None:
        """What OCR sees on a page whose letters are drawn as shapes; None if it has none or they say nothing."""
        drawn = body.drawn()
        if drawn is None:
            return None
        known = [Code(qr.raw, qr, ((0.0, 0.0),) * 4, 0)] if qr is not None else None
        seen = self.picture(drawn, number, known=known, printed=False, beside=evidences)
        return seen if seen.invoices else None

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
            members.append(self._told(replace(member, name=name)))
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
                page = self._pdf_page(pdf, number, structured if number == 0 else [])
                readings.append(self._told(page))
            return _together(readings)
        finally:
            pdf.close()

    def _pdf_page(self, pdf: Pdf, number: int, structured: list[Evidence]) -> Reading:
        page = pdf.words(number)
        found_codes = _codes_on(pdf, number, page)
        if not structured and (says_nothing(page) or pdf.is_scan(number)):
            return self.picture(_drawn(pdf, number, page), number + 1, known=found_codes, printed=False)
        named = other_page(page, coded=bool(found_codes))
        if named is not None:
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=named)
        if not found_codes and not structured and titles.is_letter(page):
            return no_invoice(page.text)
        found: list[Found] = []
        evidences: list[Evidence] = list(structured)
        papers = papers_on(page, found_codes, pdf.turns[number])
        for part in papers:
            if part.qr is None and not structured and titles.is_letter(part.page):
                continue
            evidence = read_page(part.page, Source.PDF, kind=part.qr.kind if part.qr else None)
            evidences.append(evidence)
            merged = self._merged([*structured, evidence], part.qr, number + 1)
            if is_invoice(merged):
                found.append(merged)
        if len(found) == 1 and pdf.count == 1 and not structured:
            found = [self._with_entries(pdf, found[0], evidences, papers[0].qr)]
        looks_like_one = bool(found or found_codes or INVOICE_WORDS.search(page.text))
        looks_like_one = looks_like_one and not goes_on(page)
        whole = bool(found) and _is_whole(found[0]) and (bool(structured) or not lacks_words(found[0], page))
        if looks_like_one and len(papers) == 1 and not whole:
            # Values drawn as lines or pictures, or letters that the file does not name: look at the page.
            seen = self.picture(
                _drawn(pdf, number, page), number + 1, known=found_codes, printed=False, beside=evidences
            )
            if seen.invoices:
                return seen
        return _reading(found, 1) if found else no_invoice(page.text)

    def _with_entries(
        self, pdf: Pdf, found: Found, evidences: Sequence[Evidence], qr: QrPayload | None
    ) -> Found:
        """The invoice with what the file's own entries add to its page, where they name the same invoice."""
        entries = markup.from_leaves(
            [Leaf((name,), text) for name, text in pdf.metadata().items()], Source.PDF
        )
        if entries is None or entries.first("number") != found.invoice.number:
            return found
        entries.trust = 0.5  # after the page
        return self._merged([*evidences, entries], qr, found.page)

    def picture(
        self,
        shown: np.ndarray,
        number: int = 1,
        *,
        known: list[Code] | None = None,
        printed: bool = True,
        beside: Sequence[Evidence] = (),
    ) -> Reading:
        """What a picture (BGR) shows. `printed`: a photo or print of something that may be a file; `beside`: what
        is known of the paper from elsewhere."""
        grey = cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)
        found_codes = known or [code for code in codes.find_codes(grey) if code.is_invoice]
        by_code = [self._merged(beside, code.payload, number) for code in found_codes]
        if by_code:
            self.tell(Reading(tuple(by_code)))
        engines = self.engines()
        if not engines:
            return _reading(by_code, 1) if by_code else Reading(refusal=Refusal.UNREADABLE)
        merged = partial(self._merged, page=number)
        seen = look(Sight(shown, found_codes, beside, merged), engines)
        if seen.is_trip_sheet:
            return Reading(refusal=Refusal.NOT_AN_INVOICE, named=Kind.TRIP_SHEET.value)
        if seen.found:
            return _reading([_noted(each, printed=printed) for each in seen.found], 1)
        return refused(shown, seen.text)

    def _merged(self, evidences: Sequence[Evidence], qr: QrPayload | None, page: int) -> Found:
        return merge(evidences, qr, page=page, companies=self.companies, today=self.today)


def _noted(found: Found, *, printed: bool) -> Found:
    notes = list(found.notes)
    if printed and found.invoice.kind in _FILES:
        notes.append("keep_original")
    if found.qr is None:
        notes.append("no_qr")
    return replace(found, notes=tuple(dict.fromkeys(notes)))


def _structured(data: bytes) -> Iterator[Evidence]:
    try:
        yield from markup.structured(parse_xml(data))
    except DocumentError:  # an attachment of another kind
        return


def _shown(pictures: Sequence[bytes]) -> Iterator[np.ndarray]:
    for data in pictures:
        try:
            yield next(picture.decode(data))
        except DocumentError:  # JBIG2 and other forms; or a bomb, left unopened
            continue


def _codes_of(pictures: Sequence[np.ndarray]) -> Iterator[QrPayload]:
    for shown in pictures:
        for code in codes.find_codes(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), thorough=False):
            if code.is_invoice and code.payload is not None:
                yield code.payload


def _papers_told(parts: Sequence[Evidence], printed: Sequence[Evidence]) -> list[list[Evidence]]:
    """What is told of each invoice: pages with other numbers are other invoices."""
    numbers = dict.fromkeys(each.first("number") for each in printed if each.first("number") is not None)
    if len(numbers) < 2:
        return [[*parts, *printed]]
    alike = [each for each in (*parts, *printed) if each.first("number") in numbers]
    return [[each for each in alike if each.first("number") == number] for number in numbers]


def _code_of(told: Sequence[Evidence], codes_found: Sequence[QrPayload]) -> QrPayload | None:
    """The QR code of an invoice: the one with its number, else the first, else the attachment's copy of it."""
    numbers = {each.first("number") for each in told}
    same = [payload for payload in codes_found if payload.number in numbers]
    if same or codes_found:
        return (same or codes_found)[0]
    return next((copy for each in told if (copy := _payload(each.graph_code)) is not None), None)


def _payload(text: str | None) -> QrPayload | None:
    payload = parse_qr(text) if text else None
    return payload if payload is not None and payload.is_invoice else None


def _codes_on(pdf: Pdf, number: int, page: Page) -> list[Code]:
    """The invoice codes of a page; a closer look where one must be. Drawn pages need no other lights and crops."""
    for scale in (_CODE_SCALE, _CLOSER_SCALE):
        drawn = pdf.draw(number, scale, grey=True)
        found = [code for code in codes.find_codes(drawn, thorough=False) if code.is_invoice]
        if found or not _CODED.search(page.text):
            break
    return found


def _drawn(pdf: Pdf, number: int, page: Page) -> np.ndarray:
    """A page of a PDF as a picture for OCR."""
    colour = pdf.draw(number, _OCR_SIDE / max(page.width, page.height, 1), grey=False)
    return cv2.cvtColor(colour, cv2.COLOR_RGB2BGR if colour.ndim == 3 else cv2.COLOR_GRAY2BGR)


def _is_whole(found: Found) -> bool:
    """True if nothing that stands on every invoice of this kind is missing."""
    invoice = found.invoice
    kind = invoice.kind
    needed = list(_CORE)
    if kind is Kind.FIXED:
        needed.remove("issue_date")
    if kind is None or (kind.has_tax and kind.has_seller):
        needed.append("seller_name")
    return all(getattr(invoice, name) is not None for name in needed)


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


_CODED = re.compile(r"电子(?:普通|专用)?发票|增值税.{0,4}发票")  # papers that carry a code


def _is_by_the_way(name: str) -> bool:
    """Files that archivers add by themselves."""
    base = name.rsplit("/", 1)[-1]
    return (
        name.startswith("__MACOSX/")
        or base.startswith(".")
        or base.casefold() in ("thumbs.db", "desktop.ini")
    )
