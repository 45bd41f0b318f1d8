"""What else each character of a line may be: the recogniser's second thoughts, which its own reading leaves out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Picture = np.ndarray

_BATCH = 6  # lines
_KEPT = 6  # characters thought of at one place
_LEAST = 0.004  # probability of one that is kept


class Read(NamedTuple):
    """The text of a picture of one line."""

    text: str
    score: float
    marks: tuple[tuple[float, float], ...]  # of each character: place along the line (0 to 1), score
    rivals: tuple[
        tuple[tuple[str, float], ...], ...
    ] = ()  # of each character: what it may be, likeliest first


def read_with_rivals(recogniser: Any, crops: Sequence[Picture]) -> list[Read]:
    """Recognise single lines with RapidOCR's recogniser, each character with its rivals."""
    order = sorted(range(len(crops)), key=lambda index: crops[index].shape[1] / max(1, crops[index].shape[0]))
    read: list[Read] = [Read("", 0.0, ())] * len(crops)
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        height, width = recogniser.rec_image_shape[1:3]
        ratios = [crops[index].shape[1] / max(1, crops[index].shape[0]) for index in part]
        widest = max(width / height, *ratios)
        batch = np.stack([recogniser.resize_norm_img(crops[index], widest) for index in part])
        thought = recogniser.session(batch.astype(np.float32))
        for index, ratio, frames in zip(part, ratios, thought, strict=True):
            read[index] = _decoded(frames, ratio / widest, recogniser.postprocess_op.character)
    return read


def _decoded(frames: np.ndarray, share: float, characters: Sequence[str]) -> Read:
    """The likeliest text; `share` of the frames lie on the line, the others on the batch's margin."""
    best = frames.argmax(axis=1)
    text, marks, rivals = "", [], []
    start = 0
    for end in [*(np.flatnonzero(np.diff(best)) + 1), len(best)]:
        if best[start] != 0:
            text += characters[best[start]]
            place = min(1.0, (start + 0.5) / max(1.0, len(best) * share))
            marks.append((place, float(frames[start, best[start]])))
            likely = frames[start:end].max(axis=0)
            top = [
                int(char) for char in np.argsort(-likely)[: _KEPT + 1] if char != 0 and likely[char] >= _LEAST
            ]
            rivals.append(tuple((characters[char], float(likely[char])) for char in top[:_KEPT]))
        start = int(end)
    score = sum(mark for _, mark in marks) / len(marks) if marks else 0.0
    return Read(text, score, tuple(marks), tuple(rivals))
