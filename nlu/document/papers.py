"""Which papers lie on a page, and which invoice code (二维码) lies on which."""

from dataclasses import dataclass

import numpy as np

from fapiao.qr import QrPayload
from nlu.document.codes import Code
from nlu.document.page import Page
from nlu.document.split import split_page


@dataclass(frozen=True, slots=True)
class Part:
    """One paper on a page, and the invoice code (二维码) printed on it."""

    page: Page
    qr: QrPayload | None


def papers_on(page: Page, found_codes: list[Code], turn: int) -> list[Part]:
    """The papers on a page with the code that lies on each."""
    centres = [_upright_centre(code, turn, page) for code in found_codes]
    pages = split_page(page, centres)
    if len(pages) == 1:
        payload = found_codes[0].payload if found_codes else None
        return [Part(page, payload)]
    held: dict[int, int] = {}  # piece → code
    for index, piece in enumerate(pages):  # where its number is read, nothing has to be guessed
        printed = (place for place, code in enumerate(found_codes) if _prints(piece, code))
        told = next((place for place in printed if place not in held.values()), None)
        if told is not None:
            held[index] = told
    near = sorted(
        (_distance(piece, centre), index, place)
        for index, piece in enumerate(pages)
        for place, centre in enumerate(centres)
    )
    for away, index, place in near:
        if away <= 12 * page.em and index not in held and place not in held.values():
            held[index] = place
    return [
        Part(piece, found_codes[held[index]].payload if index in held else None)
        for index, piece in enumerate(pages)
    ]


def _prints(piece: Page, code: Code) -> bool:
    """True if the code's number stands on a paper."""
    return code.payload is not None and bool(code.payload.number) and str(code.payload.number) in piece.text


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
