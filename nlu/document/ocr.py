"""The port to OCR engines and its two adapters: RapidOCR, the default, and tesseract, the small one."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from nlu.document.clean import without_lines
from nlu.document.rivals import Read, read_with_rivals

Picture = np.ndarray
Points = np.ndarray  # 4 x 2: top left, top right, bottom right, bottom left of the text, as it is read


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as an engine saw it. `turned` is True if it was read upside down."""

    text: str
    points: Points
    score: float
    turned: bool = False
    marks: tuple[tuple[float, float], ...] = ()  # of each character: place along the line (0 to 1), score


class OcrEngine(Protocol):
    """Reads the text of a picture (BGR). Adapters raise nothing on a picture without text."""

    name: str
    looks_again: bool  # whether lines in doubt are worth its time once more

    def warm(self) -> None:
        """Load the models, so that the first picture costs no more than the next."""

    def read(self, picture: Picture) -> list[Line]:
        """All lines of text."""

    def reread(self, crops: Sequence[Picture]) -> list[Read]:
        """The text of pictures that hold one line each."""


class EngineMissingError(Exception):
    """The engine's program or models are not installed."""


_DETECTED_SIDE = 1600  # pixels of the longer side that the detector sees
_DETECTED_WIDTH = 640  # and of the shorter side of a long picture
_LEAST_SCORE = 0.5
_WEAK = 0.7  # a line that stands upside down scores less
_MANY = 8  # lines


class RapidEngine:
    """RapidOCR with the PP-OCR models inside its wheel; nothing is downloaded."""

    name = "rapidocr"
    looks_again = True

    def __init__(self, threads: int = 1) -> None:
        self._threads = max(1, threads)
        self._engine: Any = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Load detector, turner and recogniser: about a second."""
        with self._lock:
            if self._engine is None:
                self._engine = _load_rapid()

    def read(self, picture: Picture) -> list[Line]:
        """Detect, turn and recognise."""
        self.warm()
        engine = self._engine
        height, width = picture.shape[:2]
        scale = min(1.0, max(_DETECTED_SIDE / max(height, width), _DETECTED_WIDTH / min(height, width)))
        small = picture if scale == 1.0 else _resized(picture, scale)
        detected = engine.text_det(small)
        if detected.boxes is None or len(detected.boxes) == 0:
            return []
        boxes = [_as_read(np.asarray(box, np.float32) / scale) for box in detected.boxes[:600]]
        crops = [crop_of(picture, box) for box in boxes]
        turned = self._turned(crops)
        crops = [
            cv2.rotate(crop, cv2.ROTATE_180) if turn else crop
            for crop, turn in zip(crops, turned, strict=True)
        ]
        read = self._read_lines(crops)
        self._over(crops, turned, read)
        return [
            Line(one.text, np.roll(box, 2, axis=0) if turn else box, one.score, turn, one.marks)
            for box, one, turn in zip(boxes, read, turned, strict=True)
            if one.text.strip() and one.score >= _LEAST_SCORE
        ]

    def _turned(self, crops: Sequence[Picture]) -> list[bool]:
        """Which crops stand upside down. The turner is asked about the longest ones; all follow the page."""
        order = sorted(range(len(crops)), key=lambda i: -crops[i].shape[1] / max(1, crops[i].shape[0]))[:12]
        if not order:
            return []
        labels = self._engine.text_cls([crops[i] for i in order]).cls_res
        votes = [("180" in label, score) for label, score in labels]
        over = sum(score for turned, score in votes if turned)
        upright = sum(score for turned, score in votes if not turned)
        return [over > upright] * len(crops)

    def _over(self, crops: list[Picture], turned: list[bool], read: list[Read]) -> None:
        """Where many lines say nothing, one of several papers may lie upside down: read those the other way."""
        weak = [
            index
            for index, (crop, one) in enumerate(zip(crops, read, strict=True))
            if (one.score < _WEAK or not one.text.strip()) and crop.shape[1] > 2.5 * crop.shape[0]
        ]
        if len(weak) < max(_MANY, 0.15 * len(crops)):
            return
        other = self._read_lines([cv2.rotate(crops[index], cv2.ROTATE_180) for index in weak])
        if sum(
            new.score > read[index].score + 0.15 for index, new in zip(weak, other, strict=True)
        ) < 0.5 * len(weak):
            return
        for index, new in zip(weak, other, strict=True):
            if new.score > read[index].score:
                read[index], turned[index] = new, not turned[index]

    def reread(self, crops: Sequence[Picture]) -> list[Read]:
        """Recognise single lines, with what else each character may be."""
        self.warm()
        return read_with_rivals(self._engine.text_rec, crops)

    def _read_lines(self, crops: Sequence[Picture]) -> list[Read]:
        """Text, mean score and marks; widest together so that a batch wastes little padding."""
        self.warm()
        if not crops:
            return []
        order = sorted(range(len(crops)), key=lambda i: crops[i].shape[1] / max(1, crops[i].shape[0]))
        share = _parts(order, self._threads)
        read: list[Read] = [Read("", 0.0, ())] * len(crops)
        if len(share) == 1:
            self._recognise(crops, share[0], read)
        else:
            with ThreadPoolExecutor(len(share)) as pool:
                list(pool.map(lambda part: self._recognise(crops, part, read), share))
        return read

    def _recognise(self, crops: Sequence[Picture], part: list[int], read: list[Read]) -> None:
        from rapidocr.ch_ppocr_rec import TextRecInput

        result = self._engine.text_rec(TextRecInput(img=[crops[i] for i in part], return_word_box=True))
        found = zip(part, result.txts, result.scores, result.word_results, strict=True)
        for index, text, score, words in found:
            read[index] = Read(str(text), float(score), _marks(str(text), words))


def _marks(text: str, words: Any) -> tuple[tuple[float, float], ...]:
    """Place and score of each character, or nothing where the recogniser gave them for other characters."""
    scores = list(getattr(words, "confs", ()) or ())
    places = iter([column for group in words.word_cols or () for column in group])
    length = float(getattr(words, "line_txt_len", 0) or 0)
    if len(scores) != len(text) or length <= 0:
        return ()
    marks, last = [], 0.0
    for char, score in zip(text, scores, strict=True):
        if not char.isspace():
            column = next(places, None)
            if column is None:
                return ()
            last = min(1.0, (column + 0.5) / length)
        marks.append((last, float(score)))
    return tuple(marks)


def _parts(order: list[int], count: int) -> list[list[int]]:
    """Split so that wide and narrow lines are shared evenly."""
    if count == 1 or len(order) < 8:
        return [order]
    return [order[start::count] for start in range(count)]


def _load_rapid() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise EngineMissingError("rapidocr") from error
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": 8_000,  # read() scales by itself
        }
    )
    sample = np.full((64, 420, 3), 255, np.uint8)
    cv2.putText(sample, "INVOICE 0123456789", (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2)
    engine(sample)
    return engine


def _resized(picture: Picture, scale: float) -> Picture:
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _as_read(box: Points) -> Points:
    """Order corners as the text runs: a tall box is taken to run from top to bottom."""
    width = max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[3] - box[2]))
    height = max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))
    return np.roll(box, -1, axis=0) if height >= 1.5 * width else box


def crop_of(picture: Picture, box: Points, margin: float = 0.0) -> Picture:
    """Cut a quadrilateral out, straightened; `margin` widens it by a share of its height."""
    width = max(float(np.linalg.norm(box[0] - box[1])), float(np.linalg.norm(box[3] - box[2])), 1.0)
    height = max(float(np.linalg.norm(box[0] - box[3])), float(np.linalg.norm(box[1] - box[2])), 1.0)
    if margin:
        along, down = (box[1] - box[0]) / width, (box[3] - box[0]) / height
        x, y = along * margin * height, down * margin * height
        box = box + np.array([-x - y, x - y, x + y, y - x], np.float32)
        width, height = width + 2 * margin * height, height * (1 + 2 * margin)
    size = (max(1, int(width)), max(1, int(height)))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(box.astype(np.float32), target)
    return cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)


class TesseractEngine:
    """Tesseract with chi_sim, for weak machines and as the second opinion."""

    name = "tesseract"
    looks_again = False

    def __init__(self, seconds: float = 120.0) -> None:  # by the clock; the sandbox counts the processor's
        self._seconds = seconds

    def warm(self) -> None:
        """Check that the program and its Chinese model are there."""
        import pytesseract

        try:
            languages = pytesseract.get_languages()
        except (pytesseract.TesseractNotFoundError, OSError, RuntimeError) as error:
            raise EngineMissingError("tesseract") from error
        if "chi_sim" not in languages:
            raise EngineMissingError("chi_sim")

    def read(self, picture: Picture) -> list[Line]:
        """Words on a page without form lines, enlarged to about 3,000 pixels (measured to pay)."""
        import pytesseract

        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        scale = min(3.0, max(1.0, 3000 / max(grey.shape[:2])))
        if scale > 1.01:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        found = self._run(pytesseract.image_to_data, without_lines(grey), "--psm 11")
        if found is None:
            return []
        return _tesseract_lines(found, scale)

    def reread(self, crops: Sequence[Picture]) -> list[Read]:
        """One line each."""
        import pytesseract

        read: list[Read] = []
        for crop in crops:
            grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
            scale = 64 / max(1, grey.shape[0])
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            grey = cv2.copyMakeBorder(grey, 12, 12, 16, 16, cv2.BORDER_REPLICATE)
            found = self._run(pytesseract.image_to_data, grey, "--psm 7")
            words = _tesseract_lines(found, 1.0) if found is not None else []
            text = "".join(word.text for word in words)
            marks = tuple((0.0, word.score) for word in words for _ in word.text)
            read.append(Read(text, min((word.score for word in words), default=0.0), marks))
        return read

    def _run(self, call: Any, grey: Picture, config: str) -> dict[str, list[Any]] | None:
        import pytesseract

        try:
            result = call(
                grey,
                lang="chi_sim",
                config=config,
                output_type=pytesseract.Output.DICT,
                timeout=self._seconds,
            )
        except (pytesseract.TesseractError, RuntimeError, OSError, ValueError):
            return None
        return dict(result)


def _tesseract_lines(found: dict[str, list[Any]], scale: float) -> list[Line]:
    lines = []
    for text, left, top, width, height, trust in zip(
        found["text"],
        found["left"],
        found["top"],
        found["width"],
        found["height"],
        found["conf"],
        strict=True,
    ):
        if not str(text).strip() or float(trust) < 0:
            continue
        x0, y0 = left / scale, top / scale
        x1, y1 = (left + width) / scale, (top + height) / scale
        points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
        lines.append(Line(str(text).strip(), points, float(trust) / 100))
    return lines


def make_engine(name: str, *, threads: int = 1) -> OcrEngine:
    """Return the engine of a setting: rapidocr or tesseract. Raises ValueError for another name."""
    if name == "rapidocr":
        return RapidEngine(threads)
    if name == "tesseract":
        return TesseractEngine()
    raise ValueError(f"no OCR engine is called {name}: rapidocr or tesseract")
