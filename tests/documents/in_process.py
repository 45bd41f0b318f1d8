"""Reads documents in this process: what the pool's children do, without their limits."""

from datetime import date
from functools import lru_cache

from nlu.document.ocr import OcrEngine, make_engine
from nlu.document.read import Ladder
from nlu.document.reading import Reading

TODAY = date(2026, 11, 25)


@lru_cache(maxsize=2)
def _engine(name: str) -> OcrEngine:
    made = make_engine(name)
    made.warm()
    return made


def read(data: bytes, name: str, *, ocr: str = "rapidocr") -> Reading:
    """What a document holds; the OCR engine is loaded once a process."""
    return Ladder(engines=lambda: (_engine(ocr),), today=TODAY).read(data, name)
