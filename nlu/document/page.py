"""Text with positions: words as a PDF, an OFD or an OCR engine gives them, rebuilt into rows."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from fapiao.text import plain

# Radicals that fonts use for whole characters and NFKC leaves alone (⻓ for 长); Kangxi ones NFKC folds.
_RADICALS = str.maketrans(
    "⻅⻆⻄⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳⺠⺟⺎⺐⺬⺮⺼⻁⻉⻊⻏⻖⻑⻗⺌",
    "见角西车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟民母兀尢示竹肉虎刂足阝阝长雨小",
)
# Engines read some print in traditional characters; labels and titles are compared in simplified ones. Names
# keep what was read.
_SIMPLE = str.maketrans(
    "電發車銷統運輸專稅稱號碼區塊鏈額價機動買購單識別證總計賬帳開戶貨務勞項鐵驗規舊產質種類線時間內國際旅廣東蘇龍"
    "陝遼寧貴雲慶條聯關設備農業員護錢費銀滿張數財場貳參陸億萬圓爲為與據憑據",
    "电发车销统运输专税称号码区块链额价机动买购单识别证总计账账开户货务劳项铁验规旧产质种类线时间内国际旅广东苏龙"
    "陕辽宁贵云庆条联关设备农业员护钱费银满张数财场贰叁陆亿万圆为为与据凭据",
)
# The words of seals, which lie over what is printed and belong to no line.
_SEAL = re.compile(
    r"(?:发票|财务)专用章|国家税务总局|[\u4e00-\u9fff]{2,3}省?市?税务局|(?:全国统一)?(?:发票|票据)监制章"
)
_KANGXI = range(0x2F00, 0x2FE0)


@dataclass(frozen=True, slots=True)
class Word:
    """A run of text and its box, in points or pixels from the top left. `score` is the engine's, 0 to 1."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    score: float = 1.0
    spans: tuple[tuple[float, float], ...] = ()  # x0, x1 of each character, where the source knows them
    scores: tuple[float, ...] = ()  # of each character, where the engine tells them
    again: bool = False  # read several times and compared
    mended: bool = False  # put right by check characters: not as it was read
    lean: float = 0.0  # how far it still falls along its length, as a slope, on a page that was set upright

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def middle(self) -> float:
        """Vertical centre."""
        return (self.y0 + self.y1) / 2

    @property
    def is_vertical(self) -> bool:
        """True for a column of characters, such as 购买方 beside its block."""
        return len(self.text.strip()) > 1 and self.height > 1.6 * self.width


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a row: as compared (`char`, half-width) and as printed (`raw`)."""

    char: str
    raw: str
    x0: float
    x1: float
    score: float
    word: Word

    @property
    def y0(self) -> float:
        return self.word.y0

    @property
    def y1(self) -> float:
        return self.word.y1


@dataclass(frozen=True, slots=True)
class Row:
    """The words on one line, left to right, and their characters without spaces.

    `text` is what labels are searched in; position i in it is `glyphs[i]`.
    """

    words: tuple[Word, ...]
    glyphs: tuple[Glyph, ...]
    text: str

    @property
    def y0(self) -> float:
        return min(word.y0 for word in self.words)

    @property
    def y1(self) -> float:
        return max(word.y1 for word in self.words)

    @property
    def middle(self) -> float:
        return sum(word.middle for word in self.words) / len(self.words)

    @property
    def height(self) -> float:
        return median(word.height for word in self.words)


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page, or of one part of it that holds one invoice."""

    width: float
    height: float
    rows: tuple[Row, ...]
    columns: tuple[Word, ...] = ()  # vertical runs
    left: float = 0.0  # the part's own origin on the page
    top: float = 0.0

    @property
    def words(self) -> list[Word]:
        """All words in reading order."""
        return [word for row in self.rows for word in row.words]

    @property
    def text(self) -> str:
        """The rows without spaces, one a line."""
        return "\n".join(row.text for row in self.rows)

    @property
    def legibility(self) -> float:
        """The share of characters that the engine was sure of: 0.96 and more on a good photo, 0.8 on a bad one."""
        scores = [glyph.score for row in self.rows for glyph in row.glyphs]
        return sum(score > 0.9 for score in scores) / len(scores) if scores else 0.0

    @property
    def em(self) -> float:
        """The usual height of a line."""
        return median(row.height for row in self.rows) if self.rows else 1.0


def readable(text: str) -> str:
    """Return text as printed, with radicals and control characters put right and full width kept."""
    kept = []
    for char in text.translate(_RADICALS):
        if ord(char) in _KANGXI:
            char = unicodedata.normalize("NFKC", char)
        if char.isprintable() or char == " ":
            kept.append(char)
    return "".join(kept)


def build_page(words: Iterable[Word], width: float, height: float, *, tilt: float = 0.0) -> Page:
    """Group words into rows by their height on the page; vertical runs are kept apart."""
    flat: list[Word] = []
    columns: list[Word] = []
    for word in words:
        if (
            word.text.strip()
            and word.height > 0
            and word.width > 0
            and not _SEAL.fullmatch(word.text.strip())
        ):
            (columns if word.is_vertical else flat).append(word)
    rows = [_row(group) for group in _group(flat)]
    rows.sort(key=lambda row: row.middle)
    return Page(width, height, tuple(rows), tuple(columns))


def _group(words: Sequence[Word]) -> list[list[Word]]:
    """Put words on one line where their centres lie within half a height of a neighbour's."""
    lines: list[list[Word]] = []
    highest: list[float] = []  # word of each line
    for word in sorted(words, key=lambda word: word.middle):
        best, distance = None, 1.0
        for place in range(max(0, len(lines) - 12), len(lines)):
            # The last word of a line is its lowest: what lies further below than any word may, needs no closer look.
            if word.middle - lines[place][-1].middle > 0.5 * max(highest[place], word.height, 0.2):
                continue
            gap = _apart(word, lines[place])
            if gap < distance:
                best, distance = place, gap
        if best is None:
            lines.append([word])
            highest.append(word.height)
        else:
            lines[best].append(word)
            highest[best] = max(highest[best], word.height)
    return _joined(lines)


def _joined(lines: list[list[Word]]) -> list[list[Word]]:
    """Join lines that are one: as high, in turns along it, as when every letter is a run of its own."""
    kept: list[list[Word]] = []
    heights: list[tuple[float, float]] = []
    for line in sorted(lines, key=lambda words: median(word.middle for word in words)):
        middle, height = median(word.middle for word in line), median(word.height for word in line)
        for index in range(len(kept) - 1, max(-1, len(kept) - 4), -1):
            at, high = heights[index]
            if abs(at - middle) < 0.3 * min(high, height) and not _collide(kept[index], line):
                kept[index].extend(line)
                break
        else:
            kept.append(line)
            heights.append((middle, height))
    return kept


def _collide(one: list[Word], other: list[Word]) -> bool:
    """True if words of two lines stand over each other."""
    spans = sorted((word.x0, word.x1) for word in one)
    for word in other:
        for x0, x1 in spans:
            if x0 >= word.x1:
                break
            if min(x1, word.x1) - max(x0, word.x0) > 0.3 * min(x1 - x0, word.width):
                return True
    return False


def _apart(word: Word, line: list[Word]) -> float:
    """How far a word is off a line, as a share of what is allowed; 1 or more does not belong."""
    near = min(line, key=lambda other: max(other.x0 - word.x1, word.x0 - other.x1))
    small = min(word.height, near.height)
    allowed = 0.5 * small if max(word.height, near.height) < 2.2 * small else 0.35 * max(word.height, small)
    overlap = min(word.x1, near.x1) - max(word.x0, near.x0)
    if overlap > 0.6 * min(word.width, near.width) and overlap > small:
        allowed *= 0.4  # two runs over each other on one line: only overprint
    far = max(near.x0 - word.x1, word.x0 - near.x1, 0.0)
    return abs(word.middle - near.middle) / max(allowed, 0.1) + min(0.3, 0.01 * far / max(small, 0.1))


def _row(words: list[Word]) -> Row:
    ordered = sorted(words, key=lambda word: word.x0)
    if 3 <= len(ordered) <= 120:  # a seal's words over letters set one by one come after them
        ordered = sorted(ordered, key=lambda word: len(word.text) >= 4 and _lies_over(word, words))
    # Word by word: where a seal's words lie over a figure, neither is torn apart.
    glyphs = [glyph for word in ordered for glyph in _glyphs(word)]
    return Row(tuple(ordered), tuple(glyphs), "".join(glyph.char for glyph in glyphs))


def _lies_over(word: Word, others: list[Word]) -> bool:
    inside = (other for other in others if other is not word)
    return any(word.x0 < other.x0 and other.x1 < word.x1 for other in inside)


def char_weight(char: str) -> float:
    """How wide a character usually is, a Chinese one being 1."""
    return 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.55


def _glyphs(word: Word) -> list[Glyph]:
    """The characters of a word with their places, spread by their usual widths where unknown."""
    spans = word.spans
    if len(spans) != len(word.text):
        spans = spread(word.text, word.x0, word.x1)
    found = []
    scores = word.scores if len(word.scores) == len(word.text) else (word.score,) * len(word.text)
    for char, (x0, x1), score in zip(word.text, spans, scores, strict=True):
        raw = readable(char)
        folded = plain(raw).translate(_SIMPLE)
        for part in folded:
            if not part.isspace():
                found.append(Glyph(part, raw if len(folded) == 1 else part, x0, x1, score, word))
    return found


def spread(text: str, x0: float, x1: float) -> tuple[tuple[float, float], ...]:
    """Spread characters between two edges, Latin ones about half as wide as Chinese ones."""
    weights = [char_weight(char) for char in text]
    unit = (x1 - x0) / (sum(weights) or 1.0)
    spans, left = [], x0
    for weight in weights:
        spans.append((left, left + weight * unit))
        left += weight * unit
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a row, as a label or a value."""

    row: Row
    start: int
    end: int
    glyphs: tuple[Glyph, ...] = field(default=())

    @property
    def text(self) -> str:
        return self.row.text[self.start : self.end]

    @property
    def x0(self) -> float:
        return self.row.glyphs[self.start].x0

    @property
    def x1(self) -> float:
        return self.row.glyphs[self.end - 1].x1

    @property
    def y0(self) -> float:
        return min(glyph.y0 for glyph in self.row.glyphs[self.start : self.end])

    @property
    def y1(self) -> float:
        return max(glyph.y1 for glyph in self.row.glyphs[self.start : self.end])

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def score(self) -> float:
        return min((glyph.score for glyph in self.row.glyphs[self.start : self.end]), default=0.0)

    @property
    def again(self) -> bool:
        """True if all of it was read several times and compared."""
        return all(glyph.word.again for glyph in self.row.glyphs[self.start : self.end])

    @property
    def mended(self) -> bool:
        """True if some of it was put right by check characters."""
        return any(glyph.word.mended for glyph in self.row.glyphs[self.start : self.end])

    @property
    def printed(self) -> str:
        """The characters as printed, with a space where a Latin word ends."""
        out = ""
        before: Glyph | None = None
        for glyph in self.row.glyphs[self.start : self.end]:
            if before is not None and _parts_words(before, glyph):
                out += " "
            out += glyph.raw
            before = glyph
        return out


def _parts_words(before: Glyph, after: Glyph) -> bool:
    """True if a space stands between two characters; those of a file end a run there, however narrow."""
    if not (before.char.isascii() and after.char.isascii()) or (before.char + after.char).isdigit():
        return False
    if not (before.char.isalnum() or before.char in ".,&)") or not (
        after.char.isalnum() or after.char in "&("
    ):
        return False
    narrow = 0.12 if before.word is not after.word else 0.22
    return after.x0 - before.x1 > narrow * before.word.height
