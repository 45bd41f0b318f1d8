"""What was read where (`piaoda read --explain`): the page with a box around each value, in the colour of its source."""

import asyncio
import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nlu.document.pool import Reader
from nlu.document.reading import Found, Reading, Source, fields_of

_COLOURS = {
    Source.QR: (0, 128, 0), Source.XML: (0, 90, 200), Source.OFD: (0, 90, 200), Source.PDF: (150, 80, 0),
    Source.OCR: (200, 0, 60),
}  # fmt: skip
_LONGEST_NAME = 200  # bytes; file systems take 255
_LINE = 22  # pixels of a line of the list
_LETTER = 16
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)


class Drawings:
    """Draws readings into a folder, each page into a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    async def draw(self, reader: Reader, path: Path, reading: Reading) -> None:
        """Draw each page with an invoice; forms without pages of their own (OFD, XML) are passed over."""
        if not reading.invoices:
            return
        data = await asyncio.to_thread(path.read_bytes)
        for members, leaf in _leaves(reading, ()):
            for number in sorted({found.page for found in leaf.invoices}):
                page = await reader.show(data, members, number)
                if page is not None:
                    invoices = [found for found in leaf.invoices if found.page == number]
                    png = await asyncio.to_thread(draw, page, invoices)
                    file = self._folder / self._free(path, members, number)
                    await asyncio.to_thread(file.write_bytes, png)

    def _free(self, path: Path, members: Sequence[str], number: int) -> str:
        """A name for the picture of a page that no other has; a.pdf and a.jpg, and a.pdf elsewhere, are others."""
        whole = "+".join((path.name, *(member.replace("/", "_") for member in members)))
        label = os.fsencode(whole)[:_LONGEST_NAME].decode("utf-8", "ignore")
        label = "".join(char if char.isprintable() else "_" for char in label) + (f"-{number}" * (number > 1))
        name, place = f"{label}.explained.png", 1
        while name.casefold() in self._used:
            place += 1
            name = f"{label} ({place}).explained.png"
        self._used.add(name.casefold())
        return name


def _leaves(reading: Reading, members: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Reading]]:
    """The files of an archive, with the way to each; a single file is its own."""
    if not reading.members:
        yield members, reading
    for member in reading.members:
        yield from _leaves(member, (*members, member.name))


def draw(page: np.ndarray, invoices: Sequence[Found]) -> bytes:
    """A PNG of a page (BGR) with the boxes of its invoices, and beside it every field with value and source."""
    shown = Image.fromarray(cv2.cvtColor(page, cv2.COLOR_BGR2RGB))
    pen = ImageDraw.Draw(shown)
    for found in invoices:
        _boxes(pen, shown.size, found)
    lines = [line for found in invoices for line in _list(found)]
    whole = Image.new("RGB", (shown.width + 640, max(shown.height, _LINE * (len(lines) + 1))), "white")
    whole.paste(shown, (0, 0))
    pen, font = ImageDraw.Draw(whole), _chinese_font()
    for place, (text, colour) in enumerate(lines):
        if font is None:  # names are then shown by their boxes alone
            text = text.encode("ascii", "replace").decode()
        where = (shown.width + 12, 8 + place * _LINE)
        pen.text(where, text, colour, font or ImageFont.load_default(_LETTER))
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def _chinese_font() -> ImageFont.FreeTypeFont | None:
    """The first font with Chinese characters that the machine has."""
    for path in _FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(path, _LETTER)
    return None


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
