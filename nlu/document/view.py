"""A page of a document as a picture, to show on it what was read where."""

from collections.abc import Sequence
from itertools import islice

import cv2
import numpy as np

from nlu.document import picture
from nlu.document.archive import Archive
from nlu.document.pdf import Pdf
from nlu.document.sniff import Form, sniff

SIDE = 1800  # pixels of the longer side


def page_of(data: bytes, members: Sequence[str], number: int) -> np.ndarray | None:
    """Page `number` (from 1) as a picture (BGR); `members` lead through archives to the document.

    None for a form that has no picture, or no such page. Raises DocumentError.
    """
    for member in members:
        archive = Archive(data)
        if member not in archive.names():
            return None
        data = archive.read(member)
    match sniff(data):
        case Form.IMAGE:
            shown = next(islice(picture.decode(data), number - 1, None), None)
        case Form.PDF:
            shown = _drawn(data, number)
        case _:
            return None
    if shown is None:
        return None
    height, width = shown.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.ascontiguousarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA))


def _drawn(data: bytes, number: int) -> np.ndarray | None:
    pdf = Pdf(data)
    try:
        if not 1 <= number <= pdf.count:
            return None
        page = pdf.words(number - 1)
        drawn = pdf.draw(number - 1, SIDE / max(page.width, page.height, 1), grey=False)
    finally:
        pdf.close()
    return cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR if drawn.ndim == 3 else cv2.COLOR_GRAY2BGR)
