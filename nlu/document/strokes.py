"""OFD pages whose letters are drawn as shapes, with no text in the file: drawn as a picture for OCR."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from lxml import etree

_SCALE = 10.0  # pixels a millimetre; OCR reads best at about 250 dpi
_MOST_PIXELS = 9_000_000
_LONGEST = 4000  # pixels of a side
_MOST_SHAPES = 12_000
_MOST_POINTS = 600_000
_FEW_POINTS = 400  # below which only the form's lines are drawn
_FINE = 16  # places between two pixels that shapes are set to
_STEPS = 6  # of a curve
_MARK = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TAKES = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}

Matrix = tuple[float, float, float, float, float, float]


def draw_shapes(roots: Sequence[etree._Element], width: float, height: float) -> np.ndarray | None:
    """The filled shapes of pages that lie over each other as a picture (BGR), or None if there are few."""
    scale = min(_SCALE, _LONGEST / max(width, height, 1.0), (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    picture = np.full((max(1, round(height * scale)), max(1, round(width * scale)), 3), 255, np.uint8)
    shapes = points = 0
    for root in roots:
        for element in root.iter():
            if str(element.tag).rpartition("}")[2] != "PathObject":
                continue
            outline = _outline(element)
            if outline is None:
                continue
            shapes += 1
            points += sum(len(ring) for ring in outline)
            if shapes > _MOST_SHAPES or points > _MOST_POINTS:
                break
            rings = [
                np.round(np.clip(ring * scale, -4000, 8000) * _FINE).astype(np.int32) for ring in outline
            ]
            if element.get("Fill") in ("true", "1"):
                cv2.fillPoly(picture, rings, (0, 0, 0), cv2.LINE_AA, shift=4)
            elif element.get("Stroke") not in ("false", "0"):
                cv2.polylines(picture, rings, False, (60, 60, 60), 1, cv2.LINE_AA, shift=4)
    return picture if points >= _FEW_POINTS else None


def _outline(element: etree._Element) -> list[np.ndarray] | None:
    """The rings of a shape in millimetres on the page."""
    box = _floats(element.get("Boundary"), 4)
    data = next(
        (child.text for child in element if str(child.tag).rpartition("}")[2] == "AbbreviatedData"), None
    )
    if box is None or not data:
        return None
    matrix = _floats(element.get("CTM"), 6) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    a, b, c, d, e, f = matrix
    rings = []
    for ring in _rings(data):
        xy = np.array(ring, np.float64)
        x, y = xy[:, 0], xy[:, 1]
        rings.append(np.stack([a * x + c * y + e + box[0], b * x + d * y + f + box[1]], axis=1))
    return rings or None


def _floats(text: str | None, count: int) -> tuple[float, ...] | None:
    try:
        values = tuple(float(part) for part in (text or "").split())
    except ValueError:
        return None
    return values if len(values) == count and all(abs(value) < 1e5 for value in values) else None


def _rings(data: str) -> Iterator[list[tuple[float, float]]]:
    """The lines of abbreviated data (AbbreviatedData): M, L, quadratic Q, cubic B, arcs as straight lines."""
    ring: list[tuple[float, float]] = []
    order = ""
    values: list[float] = []
    for mark in _MARK.findall(data[:400_000]):
        if mark.isalpha():
            order, values = mark.upper(), []
            if order == "C" and ring:
                ring.append(ring[0])
            continue
        values.append(max(-1e5, min(1e5, float(mark))))
        takes = _TAKES.get(order, 0)
        if not takes or len(values) < takes:
            continue
        if order in "MS":
            if len(ring) > 1:
                yield ring
            ring = [(values[0], values[1])]
        elif ring:
            ring.extend(_curve([ring[-1], *_pairs(values)]) if order in "QB" else [(values[-2], values[-1])])
        values = []
    if len(ring) > 1:
        yield ring


def _pairs(values: list[float]) -> list[tuple[float, float]]:
    return list(zip(values[::2], values[1::2], strict=True))


def _curve(controls: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along a Bézier curve, without its first."""
    places = []
    for step in range(1, _STEPS + 1):
        points, t = controls, step / _STEPS
        while len(points) > 1:
            points = [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for (x0, y0), (x1, y1) in pairwise(points)]
        places.append(points[0])
    return places
