"""What has been chosen for an invoice so far, and how certain OCR must be to be chosen."""

from dataclasses import dataclass, field
from typing import Any

from nlu.document.reading import Box, Source

# Below this score of its least certain character an OCR reading that nothing else supports is left out: measured
# on drawn photographs, see docs/reading.md. A wrong value shown as sure costs ten missing ones.
SURE = 0.85
SURE_TOTAL = 0.95  # a lost digit leaves its neighbours certain
SURE_ALONE = 0.9  # on tickets that print one figure only
SURE_NAME = ((0.96, 0.65), (0.93, 0.75), (0.88, 0.9), (0.0, 0.95))  # by the legibility of the page
SURE_AGAIN = 0.93  # an id whose check fails, or a name on a bad page, that several looks agree on
SURE_ID = 0.25  # an id whose two check characters hold: one misreading in 300 does
SURE_NAME_AGAIN = 0.87  # such a name elsewhere: three of four looks are for every character of it
LIKELY_AGAIN = 0.8  # such a name is shown, and the whole is called less than sure
BAD_PAGE = 0.93  # legibility below which all looks may take one figure for another
SURE_ON_BAD_PAGE = 0.96  # of a number or date there
LIKELY_DIGITS = 0.55  # so is a number or date whose label stands beside it
LIKELY = 0.4  # the score it is kept with
CLEAR_PAGE = 0.96  # legibility from which an id that fails its checks is likelier altered than misread
SURE_CAPITALS = 0.9
SURE_AGAINST = 0.93  # to contradict the QR code
SURE_DIGITS = 0.93  # a code has no check digit, nor has a check code
SURE_SHORT = 0.97  # a check code of a few hexadecimal digits, of which o and 0 or e and 0 look alike


@dataclass(slots=True)
class Choice:
    """The fields chosen so far."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)
    suspect: set[str] = field(default_factory=set)  # left out, but what was read of them fails a check

    def put(self, name: str, value: Any, source: Source, score: float, box: Box | None = None) -> None:
        self.values[name] = value
        self.sources[name] = source
        self.scores[name] = score
        if box is not None:
            self.boxes[name] = box


def drop(choice: Choice, name: str) -> None:
    """Take a field back."""
    for kept in (choice.values, choice.sources, choice.scores, choice.boxes):
        kept.pop(name, None)
