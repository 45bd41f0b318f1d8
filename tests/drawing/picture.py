"""Print a sheet to a picture by Pillow (BGR array, as cameras and scanners give)."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.drawing.fonts import face_of, pillow_font
from tests.drawing.sheet import RED, Inlay, Line, Seal, Sheet, Text

Picture = NDArray[Any]


def to_picture(sheet: Sheet, dpi: int = 200) -> Picture:
    """The sheet as printed, `dpi` pixels an inch."""
    scale = dpi / 25.4
    image = Image.new("RGB", (round(sheet.width * scale), round(sheet.height * scale)), sheet.paper)
    draw = ImageDraw.Draw(image)
    for mark in sheet.marks:
        if isinstance(mark, Line):
            ends = [(mark.x0 * scale, mark.y0 * scale), (mark.x1 * scale, mark.y1 * scale)]
            draw.line(ends, fill=mark.colour, width=max(1, round(mark.width * scale)))
        elif isinstance(mark, Inlay):
            size = (round(mark.width * scale), round(mark.height * scale))
            inlay = mark.picture.convert("RGB").resize(size, Image.Resampling.NEAREST)
            image.paste(inlay, (round(mark.x * scale), round(mark.y * scale)))
        elif isinstance(mark, Text):
            _text(image, draw, sheet, mark, scale)
    for mark in sheet.marks:
        if isinstance(mark, Seal):
            _stamp(image, mark, scale)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _text(image: Image.Image, draw: ImageDraw.ImageDraw, sheet: Sheet, mark: Text, scale: float) -> None:
    font = pillow_font(face_of(sheet.style, mark.font), max(4, round(mark.size * scale)))
    x, y = mark.x * scale, mark.y * scale
    if mark.turn:
        layer = Image.new("L", image.size, 0)
        ImageDraw.Draw(layer).text((x, y), mark.text, font=font, fill=110, anchor="mm")
        layer = layer.rotate(mark.turn, center=(x, y))
        image.paste(Image.new("RGB", image.size, mark.colour), mask=layer)
        return
    if mark.column:
        for index, char in enumerate(mark.text):
            draw.text(
                (x, y + index * mark.size * 1.15 * scale), char, font=font, fill=mark.colour, anchor="ms"
            )
        return
    if not mark.gap:
        draw.text((x, y), mark.text, font=font, fill=mark.colour, anchor=mark.anchor + "s")
        return
    widths = [font.getlength(char) + mark.gap * scale for char in mark.text]
    x -= {"l": 0.0, "m": sum(widths) / 2, "r": sum(widths)}[mark.anchor]
    for char, width in zip(mark.text, widths, strict=True):
        draw.text((x, y), char, font=font, fill=mark.colour, anchor="ls")
        x += width


def _stamp(image: Image.Image, seal: Seal, scale: float) -> None:
    """An oval with the name around and the use in the middle, pressed over the print."""
    width, height = round(seal.width * scale), round(seal.height * scale)
    layer = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(layer)
    edge = max(2, round(0.6 * scale))
    draw.ellipse((edge, edge, width - edge, height - edge), outline=190, width=edge)
    font = pillow_font(face_of("B", "label"), max(5, round(height / 8)))
    reach = math.radians(230)
    count = max(1, len(seal.text) - 1)
    for index, char in enumerate(seal.text):
        angle = -math.pi / 2 - reach / 2 + reach * index / count
        x = width / 2 + math.cos(angle) * (width / 2 - 1.1 * font.size)
        y = height / 2 + math.sin(angle) * (height / 2 - 1.1 * font.size)
        glyph = Image.new("L", (2 * round(font.size), 2 * round(font.size)), 0)
        ImageDraw.Draw(glyph).text((font.size, font.size), char, font=font, fill=190, anchor="mm")
        glyph = glyph.rotate(-math.degrees(angle) - 90)
        layer.paste(glyph, (round(x - font.size), round(y - font.size)), glyph)
    draw.text((width / 2, height * 0.62), seal.inner, font=font, fill=190, anchor="mm")
    place = (round(seal.x * scale), round(seal.y * scale))
    image.paste(Image.new("RGB", layer.size, RED), place, layer)


def written(
    picture: Picture,
    text: str,
    place: tuple[int, int],
    font: ImageFont.FreeTypeFont,
    grey: tuple[int, int, int],
) -> Picture:
    """The picture with words on it that belong to no sheet: an app's, another paper's."""
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(place, text, font=font, fill=grey)
    return np.asarray(image).copy()


def jpeg(picture: Picture, quality: int) -> Picture:
    """The picture after JPEG."""
    file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    again = cv2.imdecode(file, cv2.IMREAD_COLOR)
    assert again is not None
    return again


def encoded(picture: Picture, form: str = ".png", quality: int = 90) -> bytes:
    """The picture as a file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if form == ".jpg" else []
    return cv2.imencode(form, picture, options)[1].tobytes()
