"""From an engine's lines to a page that stands upright and straight, whatever way the picture was taken."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nlu.document.ocr import Line
from nlu.document.page import Page, Word, build_page, char_weight
from nlu.document.reading import Box

_TURNS = (0, 90, 180, 270)
_A_PAPER = 60  # characters
_TO_TELL = 3  # long lines that tell how a paper lies
_LEAST_LEAN, _MOST_LEAN = 0.008, 0.3


@dataclass(frozen=True, slots=True)
class Upright:
    """A page with the words of a picture, and the picture's quadrilateral of each word."""

    page: Page
    turn: int  # degrees clockwise that the text stood turned in the picture
    quads: tuple[tuple[Word, np.ndarray], ...]  # each word's corners in the picture as read


def set_upright(lines: Sequence[Line], width: int, height: int, turn: int | None = None) -> Upright:
    """Turn the lines' places by the direction most text runs in, and take out slant and perspective.

    Lines that run otherwise are left out; `turn` asks for those of one direction.
    """
    turn = _turn_of(lines) if turn is None else turn
    kept = [line for line in lines if _direction(line) == turn]
    points = [_turned(line.points, turn, width, height) for line in kept]
    if turn in (90, 270):
        width, height = height, width
    centres = np.array([quad.mean(axis=0) for quad in points]) if points else np.zeros((0, 2))
    slope, slant = _slope_field(points, centres, width, height)
    quads = []
    for line, quad, centre in zip(kept, points, centres, strict=True):
        half = 0.25 * float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3]))
        tall = 0.5 * float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1]))
        x, y = float(centre[0]), float(centre[1] - slope(centre[0], centre[1]))
        word = Word(
            line.text,
            x - half,
            y - tall / 2,
            x + half,
            y + tall / 2,
            line.score,
            spans=_spans(line, x - half, x + half),
            scores=tuple(mark for _, mark in line.marks),
            lean=_lean(quad) - slant(centre[0], centre[1]),
        )
        quads.append((word, line.points))
    return Upright(build_page([word for word, _ in quads], width, height), turn, tuple(quads))


def _spans(line: Line, x0: float, x1: float) -> tuple[tuple[float, float], ...]:
    """Left and right of each character, half way to its neighbours; nothing where the engine tells no places."""
    if not line.marks:
        return ()
    middles = [x0 + place * (x1 - x0) for place, _ in line.marks]
    spans = []
    for index, (char, middle) in enumerate(zip(line.text, middles, strict=True)):
        wide = 0.5 * (x1 - x0) / max(1.0, sum(char_weight(each) for each in line.text)) * char_weight(char)
        before = (middles[index - 1] + middle) / 2 if index else x0
        after = (middles[index + 1] + middle) / 2 if index + 1 < len(middles) else x1
        spans.append((max(before, middle - 1.2 * wide), min(after, middle + 1.2 * wide)))
    return tuple(spans)


def levelled(upright: Upright, papers: Sequence[Page]) -> Upright:
    """The page with each of several papers set straight by itself: laid by hand, they do not lie in parallel."""
    moved: dict[int, Word] = {}
    for paper in papers:
        long = [word for word in paper.words if word.width > 4 * word.height]
        lean = float(np.median([word.lean for word in long])) if len(long) >= _TO_TELL else 0.0
        if not _LEAST_LEAN < abs(lean) < _MOST_LEAN:
            continue
        middle = float(np.mean([(word.x0 + word.x1) / 2 for word in paper.words]))
        for word in paper.words:
            down = lean * ((word.x0 + word.x1) / 2 - middle)
            moved[id(word)] = replace(word, y0=word.y0 - down, y1=word.y1 - down, lean=word.lean - lean)
    if not moved:
        return upright
    pairs = tuple((moved.get(id(word), word), quad) for word, quad in upright.quads)
    page = build_page([word for word, _ in pairs], upright.page.width, upright.page.height)
    return replace(upright, page=page, quads=pairs)


def _lean(quad: np.ndarray) -> float:
    """The slope of a line's run."""
    dx, dy = (quad[1] - quad[0] + quad[2] - quad[3]) / 2
    return float(dy / dx) if dx > 0 else 0.0


def on_picture(upright: Upright, box: Box) -> Box:
    """Where a place of the page lies on the picture as it came, as fractions of it."""
    page = upright.page
    corners: list[np.ndarray] = []
    for word, quad in upright.quads:
        left, right = max(box.x0 * page.width, word.x0), min(box.x1 * page.width, word.x1)
        if right <= left or not box.y0 * page.height <= word.middle <= box.y1 * page.height:
            continue
        for share in ((left - word.x0) / word.width, (right - word.x0) / word.width):
            corners += [quad[0] + share * (quad[1] - quad[0]), quad[3] + share * (quad[2] - quad[3])]
    if not corners:
        return box
    size = (page.height, page.width) if upright.turn in (90, 270) else (page.width, page.height)
    low, high = np.min(corners, axis=0) / size, np.max(corners, axis=0) / size
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _direction(line: Line) -> int:
    """The way a line runs in the picture, in quarter turns clockwise."""
    dx, dy = line.points[1] - line.points[0]
    return round(math.degrees(math.atan2(dy, dx)) / 90) * 90 % 360


def other_turns(lines: Sequence[Line], turn: int) -> list[int]:
    """The directions of other papers on a picture: much text runs in them, more than a form's margins hold."""
    letters = dict.fromkeys(_TURNS, 0)
    for line in lines:
        if line.score > 0.8 and len(line.text) >= 4:
            letters[_direction(line)] += len(line.text)
    return [other for other in _TURNS if other != turn and letters[other] >= _A_PAPER]


def _turn_of(lines: Sequence[Line]) -> int:
    votes = dict.fromkeys(_TURNS, 0.0)
    for line in lines:
        votes[_direction(line)] += max(0.0, line.score - 0.4) * min(len(line.text), 20)
    return max(_TURNS, key=lambda turn: votes[turn])


def _turned(points: np.ndarray, turn: int, width: int, height: int) -> np.ndarray:
    """Where points come to lie when the picture is turned back by `turn` degrees."""
    x, y = points[:, 0], points[:, 1]
    if turn == 90:
        return np.stack([y, width - x], axis=1)
    if turn == 180:
        return np.stack([width - x, height - y], axis=1)
    if turn == 270:
        return np.stack([height - y, x], axis=1)
    return points


def _slope_field(quads: list[np.ndarray], centres: np.ndarray, width: int, height: int):  # type: ignore[no-untyped-def]
    """Return how far text at a place (x, y) has slid down along its slanting line, and that line's slope there.

    Slant changes over a page taken at an angle: slope = a + b x + c y, fitted to the long lines.
    """
    rows, slopes, weights = [], [], []
    for quad, centre in zip(quads, centres, strict=True):
        along = (quad[1] - quad[0] + quad[2] - quad[3]) / 2
        if along[0] <= 0:
            continue
        tall = max(float(np.linalg.norm(quad[3] - quad[0])), 1.0)
        if along[0] < 4 * tall:
            continue
        rows.append([1.0, (centre[0] - width / 2) / width, (centre[1] - height / 2) / height])
        slopes.append(along[1] / along[0])
        weights.append(min(float(along[0] / tall), 20.0))
    if len(rows) < 3:
        flat = float(np.median(slopes)) if slopes else 0.0
        return lambda x, y: flat * (x - width / 2), lambda x, y: flat
    a = _fit(np.array(rows), np.array(slopes), np.sqrt(np.array(weights)))

    def slid(x: float, y: float) -> float:
        u, v = (x - width / 2) / width, (y - height / 2) / height
        return float((a[0] * u + a[1] * u * u / 2 + a[2] * u * v) * width)

    def slope(x: float, y: float) -> float:
        return float(a[0] + a[1] * (x - width / 2) / width + a[2] * (y - height / 2) / height)

    return slid, slope


def _fit(rows: np.ndarray, slopes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    keep = np.abs(slopes - np.median(slopes)) < 0.12
    for _ in range(2):
        design = rows[keep]
        if len(design) < 6:
            design = design[:, :1]
        solved, *_ = np.linalg.lstsq(design * weights[keep, None], slopes[keep] * weights[keep], rcond=None)
        full = np.zeros(3)
        full[: len(solved)] = solved
        off = np.abs(rows @ full - slopes)
        keep = keep & (off < max(0.015, 2.5 * float(np.median(off[keep]))))
        if keep.sum() < 3:
            break
    return full
