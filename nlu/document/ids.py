"""Tax ids on a page (纳税人识别号), put right where their check characters allow it."""

import re
from itertools import product

from fapiao.tax_id import TaxIdState, normal_tax_id, parse_tax_id, repair_tax_id
from nlu.document.evidence import Value
from nlu.document.labels import Label, Labelled
from nlu.document.page import Piece

_RUN = re.compile(r"[0-9A-Z|!]{15,}")


def id_beside(found: Labelled, label: Label, repair: bool) -> Value | None:
    """The tax id right of its label, or under it."""
    row = label.piece.row
    start = label.piece.end
    while start < len(row.text) and row.text[start] in ":;.,·'|/":
        start += 1
    stop = min(
        (
            other.piece.start
            for other in found.labels
            if other.index == label.index and other.piece.start >= start
        ),
        default=len(row.text),
    )
    piece = found.cut(row, start, stop, label.piece.x1, 2.2, 14.0)
    if repair and piece is not None:
        piece = _after_label(found, piece, stop)
    level = found.level_with(label) if piece is None else None
    if level is not None and (value := id_in(found, level, repair=repair)) is not None:
        return value
    if piece is None:
        below = found.below(label, reach=1.8)
        if below is None:
            return None
        piece = below
    return id_in(found, piece, repair=repair)


def _after_label(found: Labelled, piece: Piece, stop: int) -> Piece:
    """The piece from where the id begins: the end of its label may have been misread."""
    row = piece.row
    run = _RUN.search(row.text, piece.start, stop)
    if run is None or run.start() == piece.start or run.start() - piece.start > 12:
        return piece
    if re.search(r"[0-9A-Z]", row.text[piece.start : run.start()]):
        return piece
    return found.cut(row, run.start(), stop, piece.x1, 2.2, 14.0) or piece


def id_in(found: Labelled, piece: Piece, *, repair: bool) -> Value | None:
    """Return the tax id at the start of a piece; a checksum decides between its possible lengths."""
    text = piece.text.upper()
    match = re.match(r"[0-9A-Z|!]+", text)
    if match is None:
        return None
    run = match.group()
    # A cipher or the next cell may be glued on: prefer a length whose checks hold.
    for length in (18, 20, 17, 15):
        part = run[:length]
        if len(part) < length:
            continue
        state = parse_tax_id(part).state
        if state is TaxIdState.VALID:
            return _id_value(found, piece, part, 1.0)
    if repair and len(run) in (18, 19):
        mended = _mended(
            run[:18], [glyph.score for glyph in piece.row.glyphs[piece.start : piece.start + 18]]
        )
        if mended is not None:
            return Value(mended, 0.9, box=found.box(piece), text=piece.text, mended=True)
    if repair and len(run) >= 17:
        fixed = repair_tax_id(run[:18].replace("|", "1").replace("!", "1"))
        if fixed is None and len(run) == 18 and found.page.legibility < _BAD_PAGE:
            fixed = _with_letter(run)
        if fixed is not None:
            return _id_value(found, piece, fixed, 0.97)
    if len(run) in (15, 17, 18, 20):
        # One lost character makes 17 of 18; 15 and 20 hardly come about by misreading.
        factor = 0.98 if len(run) == 15 or (len(run) == 20 and run.isdigit()) else 0.8
        if len(run) == 18 and (piece.score >= 0.95 or piece.again):
            factor = 1.05 if piece.score >= 0.95 else 1.0  # printed so: shown, and its check fails
        return _id_value(found, piece, normal_tax_id(run), factor if repair else 1.0)
    return None


# What one character of an id is misread as.
_CONFUSED = {
    "0": "ODQUCG",
    "1": "IJTL7",
    "2": "Z7",
    "3": "8B9",
    "4": "A",
    "5": "S6",
    "6": "58G",
    "7": "1T2",
    "8": "B36RS",
    "9": "G3",
    "A": "4",
    "B": "8R3",
    "C": "G0",
    "D": "0",
    "F": "PE",
    "G": "6C09",
    "H": "NM",
    "J": "1",
    "K": "XR",
    "M": "NH",
    "N": "MH",
    "P": "FR",
    "Q": "0",
    "R": "8PBK",
    "T": "17J",
    "U": "0",
    "W": "VM",
    "X": "KY",
    "Y": "XTV",
    "E": "FB",
    "L": "1",
}


_IN_IDS = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
# On a bad photo letters of an id look like figures, to all looks alike.
_BAD_PAGE = 0.95  # legibility
_LETTERS = {"0": "DQU", "1": "J", "3": "J", "8": "U", "6": "G", "4": "A", "7": "T"}


def _with_letter(run: str) -> str | None:
    """The one id with holding checks that has a letter for one of the figures of the organisation's code."""
    tried = (
        run[:place] + letter + run[place + 1 :]
        for place in range(8, 18)
        for letter in _LETTERS.get(run[place], "")
    )
    fits = {text for text in tried if parse_tax_id(text).state is TaxIdState.VALID}
    return fits.pop() if len(fits) == 1 else None


def _mended(run: str, scores: list[float]) -> str | None:
    """Put right the characters the engine was unsure of, up to three, where both check characters then hold."""
    if len(scores) != 18 or not re.fullmatch(r"[0-9A-Z]{18}", run):
        return None
    weak = [place for place, score in enumerate(scores) if score < 0.9]
    if not weak:
        weak = [place for place, score in enumerate(scores) if score < 0.93]
    if len(weak) == 1:
        choices = ["".join(sorted(_IN_IDS))]
    elif 2 <= len(weak) <= 3:
        choices = [
            run[place] + "".join(c for c, seen in _CONFUSED.items() if run[place] in seen) for place in weak
        ]
    else:
        return None
    fits = set()
    for chosen in product(*choices):
        text = list(run)
        for place, char in zip(weak, chosen, strict=True):
            text[place] = char
        candidate = "".join(text)
        if candidate[:8].replace("A", "0").isdigit() and parse_tax_id(candidate).state is TaxIdState.VALID:
            fits.add(candidate)
    return fits.pop() if len(fits) == 1 else None


def _id_value(found: Labelled, piece: Piece, text: str, factor: float) -> Value:
    place = Piece(piece.row, piece.start, min(piece.end, piece.start + len(text)))
    # Letters that no id holds (O, I, S, Z) may stand for figures; another change is one of what was read.
    changed = any(was != now and was in _IN_IDS for was, now in zip(place.text.upper(), text, strict=False))
    score, mended = place.score * factor, place.mended or changed
    return Value(text, score, box=found.box(place), text=piece.text, again=place.again, mended=mended)
