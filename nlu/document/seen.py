"""What OCR sees on a picture: every paper on it, whatever way it lies, with a second look where one pays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fapiao.qr import QrPayload
from nlu.document import clean, titles
from nlu.document.codes import Code
from nlu.document.doubt import doubted
from nlu.document.evidence import Evidence
from nlu.document.fields import read_page
from nlu.document.ocr import Line, OcrEngine
from nlu.document.page import Page, Word
from nlu.document.papers import papers_on
from nlu.document.reading import Found, Source
from nlu.document.refused import INVOICE_WORDS
from nlu.document.second import look_again
from nlu.document.upright import Upright, levelled, on_picture, other_turns, set_upright

_CORE = ("number", "issue_date", "total")


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture (BGR) and what is known of it: its invoice codes, and what stands elsewhere in its document."""

    picture: np.ndarray
    codes: list[Code]
    beside: Sequence[Evidence]
    merge: Callable[[Sequence[Evidence], QrPayload | None], Found]


@dataclass(frozen=True, slots=True)
class Seen:
    """The invoices on a picture, its text, and whether it is a ride's trip sheet."""

    found: tuple[Found, ...]
    text: str
    is_trip_sheet: bool = False


def look(sight: Sight, engines: Sequence[OcrEngine]) -> Seen:
    """Read a picture with the first engine; the others have a say where only one paper lies on it."""
    cleaned = clean.cleaned(sight.picture)
    height, width = sight.picture.shape[:2]
    lines, *more = [engine.read(cleaned) for engine in engines]
    leading = set_upright(lines, width, height)
    if titles.is_trip_sheet(leading.page) and not sight.codes:
        return Seen((), leading.page.text, is_trip_sheet=True)
    turns = other_turns(lines, leading.turn)
    others = [set_upright(each, width, height).page for each in more] if not turns else []
    found: list[Found] = []
    texts = []
    for upright in (leading, *(_lying(lines, turn, sight) for turn in turns)):
        codes = [code for code in sight.codes if not turns or code.turn == upright.turn]
        seen, text = _twice(sight, cleaned, engines[0], upright, codes, others)
        found += seen
        texts.append(text)
    found += _by_code_alone(sight, found)
    return Seen(tuple(found), "\n".join(texts))


def _lying(lines: Sequence[Line], turn: int, sight: Sight) -> Upright:
    height, width = sight.picture.shape[:2]
    return set_upright(lines, width, height, turn)


def _twice(
    sight: Sight,
    cleaned: np.ndarray,
    engine: OcrEngine,
    upright: Upright,
    codes: list[Code],
    others: Sequence[Page],
) -> tuple[list[Found], str]:
    """The invoices on papers that lie one way, lines in doubt read again."""
    papers = papers_on(upright.page, codes, upright.turn)
    if len(papers) > 1:
        upright = levelled(upright, [part.page for part in papers])
    found, doubts = _papers(sight, upright, codes, others)
    if doubts and engine.looks_again:
        upright = look_again(engine, sight.picture, cleaned, upright, doubts)
        found, _ = _papers(sight, upright, codes, others)
    return found, upright.page.text


def _papers(
    sight: Sight, upright: Upright, codes: list[Code], others: Sequence[Page]
) -> tuple[list[Found], list[Word]]:
    """The invoices among the papers, and the words that need a second look."""
    papers = papers_on(upright.page, codes, upright.turn)
    found: list[Found] = []
    doubts: list[Word] = []
    for part in papers:
        kind = part.qr.kind if part.qr else None
        seen = read_page(part.page, Source.OCR, kind=kind)
        evidences = [seen]
        if len(papers) == 1:
            evidences += [read_page(page, Source.OCR, kind=kind) for page in others]
            evidences += sight.beside
        merged = sight.merge(evidences, part.qr)
        if is_invoice(merged) or INVOICE_WORDS.search(part.page.text):
            doubts += doubted(merged, seen, part.page)
        if is_invoice(merged):
            boxes = {
                name: on_picture(upright, box) if merged.sources.get(name) is not Source.PDF else box
                for name, box in merged.boxes.items()
            }
            found.append(replace(merged, boxes=boxes))
    return found, doubts


def _by_code_alone(sight: Sight, found: Sequence[Found]) -> list[Found]:
    """The invoices whose code was decoded and whose paper was not told from the others."""
    known = {each.qr for each in found} | {each.invoice.number for each in found}
    left = [code.payload for code in sight.codes if code.payload is not None] if found else []
    return [
        sight.merge((), payload)
        for payload in left
        if payload.raw not in known and payload.number not in known
    ]


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
    told = known + (invoice.seller_tax_id is not None or invoice.buyer_tax_id is not None)
    return invoice.kind is not None and known >= 1 and told >= 2
