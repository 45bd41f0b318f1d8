"""Why a document gave no invoice: what it is instead, or what spoils its picture."""

import re

import numpy as np

from fapiao.kinds import Kind
from nlu.document import picture, titles
from nlu.document.page import Page
from nlu.document.reading import Reading, Refusal

_FEW_LETTERS = 12  # characters below which a picture shows no paper
INVOICE_WORDS = re.compile(r"发票|价税合计|纳税人识别号|开票|税额|客票")


def other_page(page: Page, *, coded: bool) -> str | None:
    """What a page of text is by its title, if it is none of ours; `coded`: an invoice code is on it."""
    if titles.is_trip_sheet(page):
        return Kind.TRIP_SHEET.value
    if coded:
        return None
    if titles.is_goods_list(page):
        return Kind.GOODS_LIST.value
    return Kind.BANK_SLIP.value if titles.is_bank_slip(page) else None


def no_invoice(text: str) -> Reading:
    """A readable document that holds none, named where its words name it."""
    return Reading(refusal=Refusal.NOT_AN_INVOICE, named=titles.other_paper(text))


def refused(shown: np.ndarray, text: str) -> Reading:
    """Why a picture gave no invoice, and what would help."""
    packed = re.sub(r"\s", "", text)
    named = titles.other_paper(text)
    if named is not None:
        return Reading(refusal=Refusal.NOT_AN_INVOICE, named=named)
    quality = picture.judge(shown)
    if INVOICE_WORDS.search(packed):
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
