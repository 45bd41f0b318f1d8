"""What pays before OCR: the red seal taken out, the light flattened (measured in docs/reading.md)."""

import cv2
import numpy as np

Picture = np.ndarray


def without_seal(picture: Picture) -> Picture:
    """Return the picture with large red shapes (印章) faded; small red print such as a serial number stays.

    Inside a seal every pixel takes its red channel, in which red ink is as bright as paper and black print
    stays black.
    """
    mask = _seal_mask(picture)
    if mask is None:
        return picture
    red = picture[:, :, 2]
    lifted = cv2.merge([red, red, red])
    out = picture.copy()
    out[mask] = lifted[mask]
    return out


def _seal_mask(picture: Picture) -> np.ndarray | None:
    height, width = picture.shape[:2]
    scale = min(1.0, 800 / max(height, width))
    small = cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    blue, green, red = (small[:, :, channel].astype(np.int16) for channel in range(3))
    reddish = ((red - np.maximum(blue, green)) > 38).astype(np.uint8)
    if reddish.sum() < 60:
        return None
    joined = cv2.dilate(reddish, np.ones((7, 7), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    mask = np.zeros(small.shape[:2], np.uint8)
    least = 0.055 * max(small.shape[:2])
    for index in range(1, min(count, 200)):
        x, y, w, h, _ = stats[index]
        if h >= least and w >= least and max(w, h) < 6 * min(w, h):
            mask[y : y + h, x : x + w] = 1
    if not mask.any():
        return None
    full = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
    spread = picture[:, :, 2].astype(np.int16) - np.minimum(picture[:, :, 0], picture[:, :, 1]).astype(
        np.int16
    )
    seal: np.ndarray = full & (spread > 18)
    return seal


def flattened(picture: Picture) -> Picture:
    """Return the picture with even light: each pixel over the brightness of the paper around it."""
    height, width = picture.shape[:2]
    scale = min(1.0, 400 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    ground = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    ground = cv2.GaussianBlur(ground, (0, 0), 8)
    if float(ground.min()) > 225:
        return picture
    full = cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    even = picture.astype(np.float32) * (245.0 / np.maximum(full, 40.0))
    return np.clip(even, 0, 255).astype(np.uint8)


def cleaned(picture: Picture) -> Picture:
    """Both, as RapidOCR reads best."""
    return flattened(without_seal(picture))


def without_lines(grey: Picture) -> Picture:
    """Return a greyscale picture without the form's lines, which tesseract takes for characters."""
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 12)
    height, width = grey.shape[:2]
    long_row = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(40, width // 25)), np.uint8))
    long_column = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(40, height // 20), 1), np.uint8))
    lines = cv2.dilate(cv2.bitwise_or(long_row, long_column), np.ones((3, 3), np.uint8))
    out = grey.copy()
    out[lines > 0] = 255
    return out
