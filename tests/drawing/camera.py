"""Other cameras than those of `degrade`: a lens above a desk, paper that curls, chats that compress, apps and scanners.

Deterministic by seed; nothing here shares its model with the grades the limits were set on.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from tests.drawing.fonts import SANS, ZENHEI, pillow_font
from tests.drawing.picture import Picture, jpeg, written


def _snap(picture: Picture, dice: np.random.Generator) -> Picture:
    """A phone held over a desk with other things on it."""
    photo = _photographed(picture, dice, tilt=14, spin=8, bend=0.012)
    photo = _developed(photo, dice, dark=dice.uniform(0.75, 1.0), grain=2.5)
    return jpeg(photo, int(dice.integers(68, 86)))


def _curled(picture: Picture, dice: np.random.Generator) -> Picture:
    """Paper that was rolled up or folded twice, not lying flat."""
    photo = _photographed(picture, dice, tilt=16, spin=10, bend=0.035)
    photo = _developed(photo, dice, dark=dice.uniform(0.7, 0.95), grain=3.5)
    return jpeg(photo, int(dice.integers(55, 80)))


def _sent(picture: Picture, dice: np.random.Generator) -> Picture:
    """A snap that went through a chat twice: 1,280 pixels, compressed each time."""
    photo = _photographed(picture, dice, tilt=12, spin=6, bend=0.012)
    photo = _developed(photo, dice, dark=dice.uniform(0.8, 1.0), grain=2)
    photo = _longer(photo, int(dice.integers(1280, 1440)))
    return jpeg(jpeg(photo, 62), 55)


def _dim(picture: Picture, dice: np.random.Generator) -> Picture:
    """By lamplight in a taxi: yellow, noisy, a hand's tremor."""
    photo = _photographed(picture, dice, tilt=15, spin=12, bend=0.02)
    photo = _developed(photo, dice, dark=dice.uniform(0.35, 0.55), grain=6, warm=0.12)
    length = int(dice.integers(2, 4))
    kernel = np.zeros((5, 5), np.float32)
    cv2.line(kernel, (0, int(dice.integers(0, 5))), (length, 2), 1.0)
    photo = cv2.filter2D(photo, -1, kernel / kernel.sum())
    return jpeg(_longer(photo, 1700), 60)


def _held(picture: Picture, dice: np.random.Generator) -> Picture:
    """Held in a hand: thumbs over two edges, the room behind."""
    height, width = picture.shape[:2]
    held = picture.copy()
    for left in (True, False):
        place = (0 if left else width, int(height * dice.uniform(0.35, 0.75)))
        size = (int(width * 0.035), int(height * 0.09))
        cv2.ellipse(held, place, size, dice.uniform(-25, 25), 0, 360, (140, 170, 225), -1)
        cv2.ellipse(held, place, size, 0, 0, 360, (110, 140, 195), 3)
    return _curled(held, dice)


def _app(picture: Picture, dice: np.random.Generator) -> Picture:
    """A screenshot of a phone app that shows the invoice between its own words."""
    width, height = 1080, int(dice.choice([2340, 2400, 2160]))
    screen: Picture = np.full((height, width, 3), (246, 246, 247), np.uint8)
    inner = cv2.resize(
        picture,
        (width - 48, round(picture.shape[0] * (width - 48) / picture.shape[1])),
        interpolation=cv2.INTER_AREA,
    )
    if inner.shape[0] > height - 700:
        inner = _longer(inner, height - 700)
    words = [
        (40, 30, "14:32", 38),
        (width - 200, 30, "5G  86%", 34),
        (width // 2 - 100, 120, str(dice.choice(["发票详情", "票夹", "电子发票"])), 46),
        (48, 240, str(dice.choice(["已归集 · 未报销", "开票成功", "查看原文件"])), 36),
        (60, height - 170, "发送到邮箱", 38),
        (430, height - 170, "保存图片", 38),
        (780, height - 170, "打印", 38),
        (60, height - 260, "开票申请时间 2026-05-17 18:22", 32),
    ]
    top = 330 + int(dice.integers(0, 200))
    left = (width - inner.shape[1]) // 2
    screen[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    screen[height - 200 : height - 90] = (255, 255, 255)
    for x, y, text, size in words:
        screen = written(screen, text, (x, y), pillow_font(SANS, size), (60, 60, 60))
    return jpeg(screen, 88)


def _sideways(picture: Picture, dice: np.random.Generator) -> Picture:
    """A full screen view turned to landscape, kept as an upright screenshot."""
    screen: Picture = np.zeros((1080, 2340, 3), np.uint8)
    scale = min(1040 / picture.shape[0], 2100 / picture.shape[1])
    inner = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (1080 - inner.shape[0]) // 2, (2340 - inner.shape[1]) // 2
    screen[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return cv2.rotate(jpeg(screen, 85), cv2.ROTATE_90_CLOCKWISE)


def _office(picture: Picture, dice: np.random.Generator) -> Picture:
    """An office scanner in grey: the invoice somewhere on A4, at 150 dpi, slanting, a dusty glass."""
    small = cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    page: Picture = np.full((1754, 1240, 3), 252, np.uint8)
    if small.shape[1] > 1220 or small.shape[0] > 1740:
        small = _longer(small, 1220 if small.shape[1] > small.shape[0] else 1740)
    top = int(dice.integers(4, max(5, min(300, 1750 - small.shape[0]))))
    left = int(dice.integers(2, max(3, 1238 - small.shape[1])))
    page[top : top + small.shape[0], left : left + small.shape[1]] = small
    turn = cv2.getRotationMatrix2D((620, 877), dice.uniform(-1.8, 1.8), 1.0)
    page = cv2.warpAffine(page, turn, (1240, 1754), flags=cv2.INTER_CUBIC, borderValue=(238, 238, 238))
    page[:, int(dice.integers(100, 1100))] = 190  # a speck on the glass draws a line
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY).astype(np.float32)
    grey = (grey - 20) * 1.12 + dice.normal(0, 4, grey.shape)
    return jpeg(cv2.cvtColor(np.clip(grey, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), 55)


CAMERAS: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "snap": _snap,
    "curled": _curled,
    "sent": _sent,
    "dim": _dim,
    "held": _held,
    "app": _app,
    "sideways": _sideways,
    "office": _office,
}


def _longer(picture: Picture, side: int) -> Picture:
    scale = side / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _photographed(
    picture: Picture, dice: np.random.Generator, *, tilt: float, spin: float, bend: float
) -> Picture:
    """Seen by a pinhole camera: the sheet bent like a wave, tilted and spun, over a desk.

    For each pixel its ray is followed to where it meets the paper.
    """
    height, width = picture.shape[:2]
    longer = max(height, width)
    side = int(min(2400, max(1400, 2.2 * longer)))
    size = (side, side * 3 // 4) if width >= height else (side * 3 // 4, side)
    about_x, about_y, about_z = np.deg2rad(dice.uniform(-1, 1, 3) * [tilt, tilt, spin])
    turn = cv2.Rodrigues(np.array([about_x, 0, 0]))[0] @ cv2.Rodrigues(np.array([0, about_y, 0]))[0]
    turn = cv2.Rodrigues(np.array([0, 0, about_z]))[0] @ turn
    away = dice.uniform(1.5, 1.75) * longer
    waves, start, along = dice.uniform(0.5, 1.3), dice.uniform(0, np.pi), dice.random() < 0.5

    def phase(x: Picture, y: Picture) -> Picture:
        angle: Picture = (x / width if along else y / height) * 2 * np.pi * waves + start
        return angle

    edge = np.linspace(0, 1, 60)
    x = np.concatenate([edge, edge * 0 + 1, edge[::-1], edge * 0]) * width
    y = np.concatenate([edge * 0, edge, edge * 0 + 1, edge[::-1]]) * height
    bent = bend * longer * np.sin(phase(x, y))
    points = np.stack([x - width / 2, y - height / 2, bent], 1) @ turn.T + [0, 0, away]
    outline = points[:, :2] / points[:, 2:]
    low, high = outline.min(0), outline.max(0)
    focal = min(np.array(size) / (high - low)) * dice.uniform(0.86, 0.96)
    middle = np.array(size) / 2 - focal * (low + high) / 2

    u, v = np.meshgrid(np.arange(0, size[0], 4), np.arange(0, size[1], 4))
    rays = np.stack([(u - middle[0]) / focal, (v - middle[1]) / focal, np.ones(u.shape)], -1) @ turn
    eye = np.array([0, 0, away]) @ turn
    met = np.zeros(u.shape)
    for _ in range(12):
        reach = (met + eye[2]) / rays[..., 2]
        on_x, on_y = (
            rays[..., 0] * reach - eye[0] + width / 2,
            rays[..., 1] * reach - eye[1] + height / 2,
        )
        met = bend * longer * np.sin(phase(on_x, on_y))
    shade = 1 + 6 * bend * np.cos(phase(on_x, on_y))
    to_x, to_y, light = (
        cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        for each in (on_x, on_y, shade)
    )
    desk = _desk(size[0], size[1], dice).astype(np.float32)
    corners = np.round(outline * focal + middle)
    dark: Picture = np.zeros(desk.shape[:2], np.float32)
    cv2.fillPoly(dark, [(corners + dice.uniform(6, 16, 2)).astype(np.int32)], 1.0)
    desk *= 1 - 0.45 * _softer(dark, 12)[:, :, None]
    mask: Picture = np.zeros(desk.shape[:2], np.float32)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[:, :, None]
    softer = cv2.GaussianBlur(picture, (0, 0), 0.45)
    paper = cv2.remap(softer, to_x, to_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return desk * (1 - mask) + paper.astype(np.float32) * light[:, :, None] * mask


def _softer(mask: Picture, spread: float) -> Picture:
    """A mask with an edge of `spread` pixels, blurred where it is small."""
    small = cv2.resize(mask, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), spread / 8), (mask.shape[1], mask.shape[0]))


def _desk(width: int, height: int, dice: np.random.Generator) -> Picture:
    """Wood, cloth or plastic, with a keyboard or another paper at the edge."""
    colour = np.array(
        [(62, 98, 148), (40, 60, 92), (205, 208, 210), (90, 84, 80), (48, 44, 42)][int(dice.integers(0, 5))],
        np.float32,
    )
    grain = cv2.resize(
        dice.normal(0, 1, (height // 6, 14)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    desk: Picture = np.clip(colour + 10 * grain[:, :, None], 0, 255).astype(np.uint8)
    shape = dice.random()
    if shape < 0.4:
        _keyboard(desk, dice)
    elif shape < 0.75:
        desk = _other_paper(desk, dice)
    return desk


def _keyboard(desk: Picture, dice: np.random.Generator) -> None:
    key, top = int(desk.shape[1] / 17), int(dice.choice([-40, desk.shape[0] - 260]))
    letters = "QWERTYUIOPASDFGHJKLZXCVBNM1234567890"
    for row in range(3):
        for column in range(17):
            x, y = column * key + 18 * row, top + row * (key - 6)
            cv2.rectangle(desk, (x + 4, y + 4), (x + key - 6, y + key - 12), (42, 42, 44), -1)
            letter = letters[int(dice.integers(0, len(letters)))]
            cv2.putText(desk, letter, (x + 22, y + 56), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (210, 210, 210), 2)


def _other_paper(desk: Picture, dice: np.random.Generator) -> Picture:
    """A page of minutes that lies half under the invoice."""
    sheet: Picture = np.full((900, 1300, 3), 236, np.uint8)
    lines = (
        "会议纪要",
        "一、关于墨桥项目进度的说明",
        "二、下周工作安排：3月12日前完成",
        "三、预算 12,800.00 元，待批",
    )
    for index, line in enumerate(lines):
        sheet = written(sheet, line, (60, 60 + 90 * index), pillow_font(ZENHEI, 48), (70, 70, 70))
    at_left, at_top = bool(dice.random() < 0.5), bool(dice.random() < 0.5)
    matrix = cv2.getRotationMatrix2D((650, 450), dice.uniform(-25, 25), 1.0)
    matrix[:, 2] += (
        -500 if at_left else desk.shape[1] - 800,
        -450 if at_top else desk.shape[0] - 450,
    )
    size = (desk.shape[1], desk.shape[0])
    moved = cv2.warpAffine(sheet, matrix, size)
    mask = cv2.warpAffine(np.full(sheet.shape[:2], 255, np.uint8), matrix, size) > 127
    desk[mask] = moved[mask]
    return desk


def _developed(
    photo: Picture, dice: np.random.Generator, *, dark: float, grain: float, warm: float = 0.03
) -> Picture:
    """What the phone makes of the light: falling off, a soft shadow of the phone itself, noise, sharpening."""
    height, width = photo.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle = dice.uniform(0, 2 * np.pi)
    light = dark * (1 - 0.18 * (np.cos(angle) * x + np.sin(angle) * y) - 0.1 * (x * x + y * y))
    shadow: Picture = np.zeros((height, width), np.float32)
    middle = (int(width * dice.uniform(0.2, 0.8)), int(height * dice.uniform(0.6, 1.1)))
    cv2.ellipse(shadow, middle, (int(width * 0.4), int(height * 0.45)), 0, 0, 360, 1.0, -1)
    light = light * (1 - 0.28 * _softer(shadow, width / 25))
    tone = np.array([1 - warm, 1.0, 1 + warm]) * (1 + dice.uniform(-0.02, 0.02, 3))
    seen = photo.astype(np.float32) * light[:, :, None].astype(np.float32) * tone.astype(np.float32)
    speckle = cv2.resize(
        dice.normal(0, grain, (height * 2 // 3, width * 2 // 3, 3)).astype(np.float32), (width, height)
    )
    seen += 1.4 * speckle
    blurred = cv2.GaussianBlur(seen, (0, 0), dice.uniform(0.6, 1.1))
    sharper = blurred + 0.6 * (blurred - cv2.GaussianBlur(blurred, (0, 0), 2.0))
    pixels: Picture = np.clip(sharper, 0, 255).astype(np.uint8)
    return pixels
