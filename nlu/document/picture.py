"""Pictures: decoded within limits, upright by their EXIF mark, and judged for what spoils a reading."""

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from nlu.document.reading import DocumentError, Refusal

Picture = np.ndarray  # height x width x 3, BGR

MOST_PIXELS = 25_000_000  # decoded; larger JPEGs are decoded at half, quarter or eighth size
MOST_JPEG_PIXELS = 220_000_000  # in the file; the largest phone sensors have 200 million
MOST_FRAMES = 20
_SHORTEST_SIDE = 24  # pixels; a strip on which no line of print fits
WORKING_SIDE = 2400  # pixels of the longer side that are kept; more costs time and reads no better
_NARROWEST = 900  # pixels of the shorter side of a long picture, if it has them
_LONGEST_SIDE = 6000


def decode(data: bytes) -> Iterator[Picture]:
    """Yield the frames of an image file (TIFF may hold several). Raises DocumentError."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DocumentError(_too_large(error), "image") from error
    with image:
        frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        if frames > MOST_FRAMES:
            raise DocumentError(Refusal.TOO_MANY_PAGES, str(frames))
        for index in range(frames):
            yield _frame(image, index)


def _too_large(error: Exception) -> Refusal:
    large = isinstance(error, Image.DecompressionBombError) or "too large" in str(error).lower()
    return Refusal.TOO_LARGE if large else Refusal.BROKEN


def _frame(image: Image.Image, index: int) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if index:
                image.seek(index)
            width, height = image.size
            if width < 1 or height < 1:
                raise DocumentError(Refusal.BROKEN, "image")
            if min(width, height) < _SHORTEST_SIDE:
                raise DocumentError(Refusal.TOO_SMALL, f"{width}x{height}")
            if width * height > (MOST_JPEG_PIXELS if image.format == "JPEG" else MOST_PIXELS):
                raise DocumentError(Refusal.TOO_LARGE, f"{width}x{height}")
            if image.format == "JPEG":
                image.draft("RGB", _draft_size(width, height))
                if image.size[0] * image.size[1] > MOST_PIXELS:
                    raise DocumentError(Refusal.TOO_LARGE, f"{width}x{height}")
            upright = ImageOps.exif_transpose(image)
            return _array(upright)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise DocumentError(_too_large(error), "image") from error


def _draft_size(width: int, height: int) -> tuple[int, int]:
    scale = _working_scale(width, height)
    return max(1, int(width * scale)), max(1, int(height * scale))


def _working_scale(width: int, height: int) -> float:
    """How much smaller to keep a picture: a roll or a long screenshot keeps the width that its print needs."""
    longer, shorter = max(width, height), min(width, height)
    return min(1.0, max(WORKING_SIDE / longer, _NARROWEST / shorter), _LONGEST_SIDE / longer)


def _array(image: Image.Image) -> Picture:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    elif image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        high = float(values.max()) or 1.0
        image = Image.fromarray((values * (255.0 / high)).clip(0, 255).astype(np.uint8))
    array = np.asarray(image.convert("RGB"))[:, :, ::-1]
    height, width = array.shape[:2]
    scale = _working_scale(width, height)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(array)


@dataclass(frozen=True, slots=True)
class Quality:
    """What can spoil a reading."""

    longer: int  # pixels
    sharpness: float  # variance of the Laplacian where there are edges
    glare: float  # share of the picture that is burnt out beside darker paper

    @property
    def is_small(self) -> bool:
        return self.longer < 900

    @property
    def is_blurred(self) -> bool:
        return self.sharpness < 60

    @property
    def has_glare(self) -> bool:
        return self.glare > 0.03


def judge(picture: Picture) -> Quality:
    """Measure what spoils a reading; a few milliseconds."""
    height, width = picture.shape[:2]
    scale = min(1.0, 1000 / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    edges = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    strong = edges[edges > np.percentile(edges, 90)] if edges.size else edges
    sharpness = float(np.mean(strong) ** 2) if strong.size else 0.0
    ground = cv2.GaussianBlur(grey, (0, 0), 9)
    burnt = float(np.mean(ground >= 253))
    paper = float(np.percentile(ground, 60))
    return Quality(max(height, width), sharpness, burnt if paper < 235 else 0.0)
