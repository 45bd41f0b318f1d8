"""The picture of `piaoda intents check`: calibration, and what turning strangers away costs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nlu.text.evaluation import Judged, figures, rejection_curve, reliability

_SIZE, _MARGIN, _SPACE = 420, 60, 40
_INK, _GRID = (40, 40, 40), (220, 220, 220)
_COLOURS = ((200, 60, 40), (40, 90, 180), (50, 140, 70), (150, 90, 160))

Point = tuple[float, float]


def draw(target: Path, sets: Mapping[str, Sequence[Judged]]) -> None:
    """Write a PNG with, per language: right by confidence, ours understood by strangers turned away."""
    width, height = 2 * _SIZE + 3 * _SPACE + _MARGIN, len(sets) * (_SIZE + 2 * _SPACE)
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    for row, (name, judged) in enumerate(sets.items()):
        top = row * (_SIZE + 2 * _SPACE) + _SPACE
        languages = list(dict.fromkeys(one.language for one in judged))
        _frame(pen, (_MARGIN, top), f"{name}: right (%) by confidence (%)")
        second = _MARGIN + _SIZE + 2 * _SPACE
        _frame(pen, (second, top), f"{name}: ours right (%) by out of scope turned away (%)")
        for at, language in enumerate(languages):
            rows = [one for one in judged if one.language == language]
            colour = _COLOURS[at % len(_COLOURS)]
            _line(
                pen,
                (_MARGIN, top),
                [(100 * mean, 100 * right) for mean, right, _ in reliability(rows)],
                colour,
            )
            _line(pen, (second, top), rejection_curve(rows), colour)
            found = figures(rows)
            legend = (
                f"{language}: top-1 {found.top1:.1f}, AUROC {found.auroc:.1f}, ECE {found.calibration:.1f}"
            )
            pen.text((_MARGIN + 120, top + _SIZE - 90 + 20 * at), legend, fill=colour, font=_font())
    image.save(target, format="PNG")


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(14)


def _frame(pen: ImageDraw.ImageDraw, corner: tuple[int, int], title: str) -> None:
    to_pixel = _scale(corner)
    for step in range(0, 101, 20):
        pen.line([to_pixel((step, 0)), to_pixel((step, 100))], fill=_GRID)
        pen.line([to_pixel((0, step)), to_pixel((100, step))], fill=_GRID)
        across, down = to_pixel((0, step))
        pen.text((across - 32, down - 8), str(step), fill=_INK, font=_font())
        across, down = to_pixel((step, 0))
        pen.text((across - 8, down + 4), str(step), fill=_INK, font=_font())
    pen.line([to_pixel((0, 0)), to_pixel((100, 100))], fill=_GRID)
    pen.text((corner[0], corner[1] - 24), title, fill=_INK, font=_font())


def _line(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], points: Sequence[Point], colour: tuple[int, int, int]
) -> None:
    to_pixel = _scale(corner)
    placed = [to_pixel(point) for point in points]
    if len(placed) > 1:
        pen.line(placed, fill=colour, width=2)
    for across, down in placed:
        pen.ellipse((across - 3, down - 3, across + 3, down + 3), fill=colour)


def _scale(corner: tuple[int, int]) -> Callable[[Point], Point]:
    left, top = corner
    return lambda point: (left + point[0] * _SIZE / 100, top + _SIZE - point[1] * _SIZE / 100)
