"""Spoil a clean print as scanners, cameras, fax machines, chats and hands do. Deterministic by seed."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from tests.drawing.camera import CAMERAS
from tests.drawing.picture import Picture, jpeg


def degrade(picture: Picture, grade: str, seed: int = 0) -> Picture:
    """Return the picture in one of GRADES; deterministic."""
    return GRADES[grade](picture, np.random.default_rng(seed * 7919 + sum(map(ord, grade))))


def _clean(picture: Picture, dice: np.random.Generator) -> Picture:
    """A 200 dpi scan: slight noise, a hair of turn."""
    turned = _turn(picture, dice.uniform(-0.4, 0.4), 250)
    return jpeg(_noise(turned, dice, 2.5), 90)


def _mild(picture: Picture, dice: np.random.Generator) -> Picture:
    """An ordinary phone photo: perspective, light gradient, slight blur, table around, JPEG 70."""
    photo = _on_table(picture, dice, lean=0.035, turn=3.0)
    photo = _light(photo, dice, 0.25)
    photo = cv2.GaussianBlur(photo, (0, 0), dice.uniform(0.5, 0.8))
    return jpeg(_noise(photo, dice, 3), 70)


def _hard(picture: Picture, dice: np.random.Generator) -> Picture:
    """A bad one: 5 to 15 degrees, creases, shadow, glare, moiré, noise, 1,280 px, JPEG 40, often no QR."""
    picture = picture.copy()
    if dice.random() < 0.67:
        _damage_qr(picture, dice)
    picture = _creases(picture, dice)
    turn = dice.uniform(5, 15) * dice.choice([-1, 1])
    photo = _on_table(picture, dice, lean=0.05, turn=turn, exact=True)
    photo = _light(photo, dice, 0.4)
    photo = _shadow(photo, dice)
    photo = _glare(photo, dice)
    photo = _fit(photo, 1280)
    photo = cv2.GaussianBlur(photo, (0, 0), dice.uniform(0.3, 0.6))
    photo = _moire(photo, dice, 5)
    return jpeg(_noise(photo, dice, 5), 40)


def _turned(quarter: int) -> Callable[[Picture, np.random.Generator], Picture]:
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

    def turned(picture: Picture, dice: np.random.Generator) -> Picture:
        return cv2.rotate(_mild(picture, dice), codes[quarter])

    return turned


def _fax(picture: Picture, dice: np.random.Generator) -> Picture:
    """Two colours at about 140 dpi with specks."""
    grey = cv2.cvtColor(
        cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY
    )
    grey = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 25, 18)
    grey[dice.random(grey.shape) < 0.002] = 0
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _stamp(picture: Picture, dice: np.random.Generator) -> Picture:
    """A company stamp pressed over the digits."""
    photo = picture.copy()
    height, width = photo.shape[:2]
    layer = photo.copy()
    place = (int(width * dice.uniform(0.55, 0.8)), int(height * dice.uniform(0.6, 0.8)))
    for size in (0.16, 0.15, 0.09):
        cv2.ellipse(
            layer, place, (int(width * size / 1.6), int(width * size / 2.2)), 12, 0, 360, (50, 40, 210), 4
        )
    cv2.putText(
        layer, "PAID 2031", (place[0] - 150, place[1]), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (50, 40, 210), 5
    )
    return jpeg(cv2.addWeighted(layer, 0.75, photo, 0.25, 0), 85)


def _watermark(picture: Picture, dice: np.random.Generator) -> Picture:
    """Grey words across."""
    layer = np.full_like(picture, 255)
    for y in range(0, picture.shape[0], 260):
        cv2.putText(
            layer, "COPY ONLY  COPY ONLY  COPY", (40, y), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (205, 205, 205), 5
        )
    layer = _turn(layer, 20, 255)
    return jpeg(cv2.multiply(picture, layer, scale=1 / 255), 85)


def _crop(picture: Picture, dice: np.random.Generator) -> Picture:
    """The top right corner, where the number stands, is cut off."""
    height, width = picture.shape[:2]
    return jpeg(picture[int(height * 0.16) :, : int(width * 0.9)], 85)


def _wechat(picture: Picture, dice: np.random.Generator) -> Picture:
    """A photo sent through a chat: 1,080 px on the short side at most, JPEG twice."""
    photo = _mild(picture, dice)
    scale = min(1.0, 1080 / min(photo.shape[:2]), 1440 / max(photo.shape[:2]))
    photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return jpeg(jpeg(photo, 75), 60)


def _thumbnail(picture: Picture, dice: np.random.Generator) -> Picture:
    return jpeg(_fit(picture, 320), 60)


def _desktop(picture: Picture, dice: np.random.Generator) -> Picture:
    """Inside the window of a desktop screenshot."""
    screen = np.full((1080, 1920, 3), (120, 90, 60), np.uint8)
    inner = _fit(picture, 1500)
    inner = inner[: min(900, inner.shape[0])]
    cv2.rectangle(screen, (150, 50), (170 + inner.shape[1], 110 + inner.shape[0]), (240, 240, 240), -1)
    cv2.putText(
        screen, "dzfp viewer  File Edit View  100%", (165, 85), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (60, 60, 60), 1
    )
    screen[100 : 100 + inner.shape[0], 160 : 160 + inner.shape[1]] = inner
    cv2.rectangle(screen, (0, 1040), (1920, 1080), (40, 40, 40), -1)
    cv2.putText(screen, "14:32  2031/5/17", (1680, 1068), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    return screen


def _chat(picture: Picture, dice: np.random.Generator) -> Picture:
    """Full width in a phone screenshot, with bars above and below."""
    inner = cv2.resize(
        picture, (1440, round(picture.shape[0] * 1440 / picture.shape[1])), interpolation=cv2.INTER_AREA
    )
    screen = np.full((max(2400, inner.shape[0] + 500), 1440, 3), 20, np.uint8)
    top = (screen.shape[0] - inner.shape[0]) // 2
    screen[top : top + inner.shape[0]] = inner
    cv2.putText(screen, "9:41", (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    cv2.putText(screen, "1/3", (660, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    return jpeg(screen, 80)


def _screen(picture: Picture, dice: np.random.Generator) -> Picture:
    """A photo of a monitor: moiré, bluish, lines."""
    photo = _on_table(_fit(picture, 1700), dice, lean=0.03, turn=2, table=(30, 30, 34))
    photo = _moire(photo, dice, 9)
    photo = np.clip(photo * np.array([1.06, 1.0, 0.94]), 0, 255).astype(np.uint8)
    return jpeg(cv2.GaussianBlur(photo, (0, 0), 0.6), 75)


GRADES: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "print": lambda picture, dice: picture,
    "clean": _clean,
    "mild": _mild,
    "hard": _hard,
    "rot90": _turned(90),
    "rot180": _turned(180),
    "rot270": _turned(270),
    "fax": _fax,
    "stamp": _stamp,
    "watermark": _watermark,
    "crop": _crop,
    "wechat": _wechat,
    "thumbnail": _thumbnail,
    "desktop": _desktop,
    "chat": _chat,
    "screen": _screen,
    **CAMERAS,
}


def _fit(picture: Picture, longer: int) -> Picture:
    scale = longer / max(picture.shape[:2])
    return cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )


def _turn(picture: Picture, degrees: float, fill: int) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(fill, fill, fill)
    )


def _pixels(light: Picture) -> Picture:
    whole: Picture = np.clip(light, 0, 255).astype(np.uint8)
    return whole


def _noise(picture: Picture, dice: np.random.Generator, spread: float) -> Picture:
    grain = dice.normal(0, spread, picture.shape[:2]).astype(np.float32)[:, :, None]
    return _pixels(picture.astype(np.float32) + grain)


def _on_table(
    picture: Picture,
    dice: np.random.Generator,
    *,
    lean: float,
    turn: float,
    exact: bool = False,
    table: tuple[int, int, int] | None = None,
) -> Picture:
    """Seen from a slant on a table wide enough to hold it."""
    height, width = picture.shape[:2]
    angle = np.deg2rad(turn if exact else dice.uniform(-turn, turn))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = (corners - corners.mean(0)) @ spin.T
    moved += dice.uniform(-lean, lean, (4, 2)) * [width, height]
    margin = dice.uniform(0.02, 0.06) * width
    moved += margin - moved.min(0)
    size = np.ceil(moved.max(0) + margin).astype(int)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    colour = np.array(
        table or dice.choice([(70, 95, 130), (150, 160, 165), (60, 60, 66), (176, 190, 205)]), np.float32
    )
    ground = np.ones((size[1], size[0], 3), np.float32) * colour
    ground += cv2.resize(dice.normal(0, 9, (size[1] // 24 + 1, 3)).astype(np.float32), (size[0], size[1]))[
        :, :, None
    ]
    paper = cv2.warpPerspective(picture, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_CUBIC)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, (int(size[0]), int(size[1])))
    share = (mask / 255.0)[:, :, None]
    return _pixels(paper * share + ground * (1 - share))


def _light(picture: Picture, dice: np.random.Generator, depth: float) -> Picture:
    height, width = picture.shape[:2]
    angle = dice.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    ramp = 1 - depth * (0.5 + 0.5 * (np.cos(angle) * x + np.sin(angle) * y) / 1.42)
    return _pixels(picture * ramp[:, :, None])


def _shadow(picture: Picture, dice: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    mask: Picture = np.zeros((height, width), np.float32)
    edge = int(width * dice.uniform(0.2, 0.8))
    slope = int(width * dice.uniform(-0.2, 0.2))
    cv2.fillPoly(mask, [np.array([[edge, 0], [width, 0], [width, height], [edge + slope, height]])], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), width / 60)
    return _pixels(picture * (1 - 0.4 * mask[:, :, None]))


def _glare(picture: Picture, dice: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    mask: Picture = np.zeros((height, width), np.float32)
    place = (int(width * dice.uniform(0.15, 0.85)), int(height * dice.uniform(0.15, 0.85)))
    cv2.ellipse(mask, place, (int(width * 0.07), int(height * 0.05)), dice.uniform(0, 90), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), width / 40)
    return _pixels(picture + 150 * mask[:, :, None])


def _creases(picture: Picture, dice: np.random.Generator) -> Picture:
    out = picture.astype(np.float32)
    height, width = picture.shape[:2]
    for _ in range(dice.integers(2, 4)):
        layer: Picture = np.zeros((height, width), np.float32)
        if dice.random() < 0.5:
            x = dice.uniform(0.1, 0.9) * width
            ends = ((int(x), 0), (int(x + dice.uniform(-60, 60)), height))
        else:
            y = dice.uniform(0.1, 0.9) * height
            ends = ((0, int(y)), (width, int(y + dice.uniform(-60, 60))))
        cv2.line(layer, *ends, 1.0, 5)
        layer = cv2.GaussianBlur(layer, (0, 0), 3)
        out += layer[:, :, None] * dice.choice([-70.0, 60.0])
    return _pixels(out)


def _moire(picture: Picture, dice: np.random.Generator, depth: float) -> Picture:
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    wave = np.sin(2 * np.pi * (x / dice.uniform(5, 9) + y / dice.uniform(18, 40)))
    wave += np.sin(2 * np.pi * (y / dice.uniform(5, 9) + x / dice.uniform(18, 40)))
    return _pixels(picture + depth * wave[:, :, None])


def _damage_qr(picture: Picture, dice: np.random.Generator) -> None:
    """Scratch or cover the top left, where the code stands on most forms."""
    height, width = picture.shape[:2]
    place = (int(width * dice.uniform(0.06, 0.1)), int(height * dice.uniform(0.1, 0.15)))
    cv2.circle(picture, place, int(width * 0.03), (235, 238, 240), -1)
    cv2.line(
        picture,
        (int(width * 0.03), int(height * 0.04)),
        (int(width * 0.14), int(height * 0.2)),
        (90, 90, 90),
        6,
    )
