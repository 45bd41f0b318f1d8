"""QR codes on a picture (发票二维码), found on several scales and crops. No address in one is ever opened."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from fapiao.qr import QrPayload, parse_qr
from nlu.document.reading import Box

Picture = np.ndarray
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_COMFORT = 1600  # pixels of the longer side at which most codes read at once


@dataclass(frozen=True, slots=True)
class Code:
    """A decoded QR code: its text, what it says, its corners as fractions of the picture, its turn."""

    text: str
    payload: QrPayload | None
    corners: tuple[tuple[float, float], ...]  # top left, top right, bottom right, bottom left of the code
    turn: int  # degrees clockwise that the picture is turned by, a multiple of 90

    @property
    def box(self) -> Box:
        """The upright box around it."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return Box(min(xs), min(ys), max(xs), max(ys))

    @property
    def is_invoice(self) -> bool:
        """True if it identifies an invoice; a shop's link or a chat card does not."""
        return self.payload is not None and self.payload.is_invoice


def find_codes(grey: Picture, *, thorough: bool = True) -> list[Code]:
    """Return the QR codes of a greyscale picture, invoice codes first, each text once.

    `thorough` tries crops, other scales and other lights when the first look finds no invoice code.
    """
    found: dict[str, Code] = {}
    for picture, matrix in _looks(grey, thorough):
        for code in _decode(picture, matrix, grey.shape):
            found.setdefault(code.text, code)
        if any(code.is_invoice for code in found.values()):
            break
    return sorted(found.values(), key=lambda code: (not code.is_invoice, code.box.y0, code.box.x0))


def _decode(picture: Picture, matrix: tuple[float, float, float], shape: tuple[int, ...]) -> Iterator[Code]:
    scale, left, top = matrix
    height, width = shape[:2]
    try:
        results = zxingcpp.read_barcodes(
            np.ascontiguousarray(picture), formats=_QR, try_rotate=True, try_downscale=True, try_invert=False
        )
    except (ValueError, RuntimeError, TypeError):
        return
    for result in results:
        text = result.text
        if not text or not result.valid:
            continue
        place = result.position
        corners = tuple(
            ((point.x / scale + left) / width, (point.y / scale + top) / height)
            for point in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        )
        yield Code(text[:4096], parse_qr(text), corners, _turn(corners, width, height))


def _turn(corners: tuple[tuple[float, float], ...], width: int, height: int) -> int:
    (x0, y0), (x1, y1) = corners[0], corners[1]
    dx, dy = (x1 - x0) * width, (y1 - y0) * height
    if abs(dx) >= abs(dy):
        return 0 if dx > 0 else 180
    return 90 if dy > 0 else 270


def _looks(grey: Picture, thorough: bool) -> Iterator[tuple[Picture, tuple[float, float, float]]]:
    """Views of a picture, cheapest and likeliest first, with scale and origin to map back."""
    height, width = grey.shape[:2]
    longer = max(height, width)
    first = min(1.0, _COMFORT / longer)
    yield _scaled(grey, first), (first, 0.0, 0.0)
    if not thorough:
        return
    if first < 1.0:
        full = min(1.0, 3200 / longer)
        yield _scaled(grey, full), (full, 0.0, 0.0)
    for scale in (0.5, 2.0):
        applied = first * scale
        if scale < 1 or longer * applied < 2600:
            yield _scaled(grey, applied), (applied, 0.0, 0.0)
    for top, left in ((0, 0), (0, 1), (1, 0), (1, 1)):
        y, x = int(top * 0.45 * height), int(left * 0.45 * width)
        part = grey[y : y + int(0.55 * height), x : x + int(0.55 * width)]
        scale = min(2.5, 1400 / max(part.shape[:2]))
        enlarged = _scaled(part, scale)
        yield _sharpened(enlarged), (scale, float(x), float(y))
        yield _flattened(enlarged), (scale, float(x), float(y))


def _scaled(picture: Picture, scale: float) -> Picture:
    if abs(scale - 1.0) < 0.01:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _sharpened(picture: Picture) -> Picture:
    soft = cv2.GaussianBlur(picture, (0, 0), 2.0)
    return cv2.addWeighted(picture, 2.2, soft, -1.2, 0)


def _flattened(picture: Picture) -> Picture:
    """The picture on an even ground, which a quarter of its size shows well enough."""
    small = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ground = cv2.medianBlur(cv2.dilate(small, np.ones((3, 3), np.uint8)), 9)
    height, width = picture.shape[:2]
    return 255 - cv2.absdiff(picture, cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR))
