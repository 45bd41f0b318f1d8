"""What was read where (`piaoda read --explain`): the page with a box around each value, in the colour of its source."""

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nlu.document import picture
from nlu.document.pdf import Pdf
from nlu.document.reading import DocumentError, Found, Reading, Source, fields_of
from nlu.document.sniff import Form, sniff

_SIDE = 1800  # pixels of the longer side
_COLOURS = {
    Source.QR: (0, 128, 0), Source.XML: (0, 90, 200), Source.OFD: (0, 90, 200), Source.PDF: (150, 80, 0),
    Source.OCR: (200, 0, 60),
}  # fmt: skip
_LINE = 22  # pixels of a line of the list


def draw(data: bytes, reading: Reading) -> bytes | None:
    """A PNG of the first page with its boxes, and beside it every field with value and source; None for no page."""
    page = _page(data)
    if page is None or not reading.invoices:
        return None
    shown = Image.fromarray(cv2.cvtColor(page, cv2.COLOR_BGR2RGB))
    shown.thumbnail((_SIDE, _SIDE))
    pen = ImageDraw.Draw(shown)
    for found in reading.invoices:
        if found.page == 1:
            _boxes(pen, shown.size, found)
    lines = [line for found in reading.invoices for line in _list(found)]
    whole = Image.new("RGB", (shown.width + 640, max(shown.height, _LINE * (len(lines) + 1))), "white")
    whole.paste(shown, (0, 0))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(16)
    for place, (text, colour) in enumerate(lines):
        # The built-in font has no Chinese: names are shown by their boxes, figures in words.
        pen.text(
            (shown.width + 12, 8 + place * _LINE), text.encode("ascii", "replace").decode(), colour, font
        )
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def _boxes(pen: ImageDraw.ImageDraw, size: tuple[int, int], found: Found) -> None:
    for name, box in found.boxes.items():
        colour = _COLOURS.get(found.sources.get(name, Source.OCR), (90, 90, 90))
        corners = (box.x0 * size[0], box.y0 * size[1], box.x1 * size[0], box.y1 * size[1])
        pen.rectangle(corners, outline=colour, width=2)
        pen.text((corners[0], max(0.0, corners[1] - 12)), name, colour)


def _list(found: Found) -> list[tuple[str, tuple[int, int, int]]]:
    lines = [
        (f"{name}: {value} [{found.sources[name].value}]", _COLOURS[found.sources[name]])
        for name, value in fields_of(found).items()
        if value is not None and name in found.sources
    ]
    lines += [
        (f"check {name}: {check.state.value}", (200, 0, 0))
        for name, check in found.checks.items()
        if check.is_failure
    ]
    return [*lines, (f"confidence: {found.confidence:.3f}", (0, 0, 0))]


def _page(data: bytes) -> np.ndarray | None:
    try:
        match sniff(data):
            case Form.IMAGE:
                return next(picture.decode(data))
            case Form.PDF:
                pdf = Pdf(data)
                try:
                    return cv2.cvtColor(pdf.draw(0, 2.0, grey=True), cv2.COLOR_GRAY2BGR)
                finally:
                    pdf.close()
    except DocumentError:
        pass
    return None
