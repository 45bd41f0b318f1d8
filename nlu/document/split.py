"""Several invoices on one page or picture: the text is cut between them, never blended."""

import re
from collections.abc import Sequence

from nlu.document.goods import in_goods
from nlu.document.page import Page, Row, Word, build_page

# What opens an invoice; two of them far apart are two papers.
_TITLE = re.compile(
    r"电子发票\(|电子发票.{0,2}(?:增值税|普通)|增值税.{0,2}(?:专用|普通|电子)|普通发票|专用发票|通用.{0,4}发票|定额发票|机打发票|"
    r"出租.{0,6}发票|客运.{0,6}发票|通行费.{0,8}发票|铁路电子客票|航空运输电子客票|销售统一发票|行程单"
)
# A paper train ticket has no title: each of these stands on it once, if at all.
_TICKET = tuple(
    re.compile(pattern)
    for pattern in (
        r"\d{1,2}车\d{1,3}[A-FＡ-Ｆ]?号|\d{1,2}车无座",
        r"限乘当日|当日当次车|仅供报销|始发改签",
        r"检票[:口]|候车[:]",
        r"\d{1,2}:\d{2}开(?!票)",
        r"祝您旅途|退票改签",
    )
)
_RAIL_E = re.compile(r"铁路电子客|电子客票号")
_NUMBER = re.compile(
    r"(?<!原)(?<!蓝字)(?<!蓝字数电)(?<!正数)(?<!红冲)(?:发票|票据)号码"
)  # its own, not another's
_SUM = re.compile(r"价税合计")
_MOST_PARTS = 24
_MOST_BANDS = 6  # that are tried
_SLANTS = (0.0, 0.05, -0.05, 0.1, -0.1)  # papers laid by hand do not lie in parallel


def split_page(page: Page, marks: Sequence[tuple[float, float]] = ()) -> list[Page]:
    """Return the parts of a page that hold one paper each, in reading order; the page itself if it is one.

    `marks` are centres of invoice QR codes, in the page's own units.
    """
    anchors = _anchors(page)
    if len(anchors) < 2:
        return [page]
    parts = _cut(page.words + list(page.columns), anchors, page.em, 0)
    if len(parts) < 2:
        return [page]
    return [build_page(words, page.width, page.height) for words in parts[:_MOST_PARTS]]


def _anchors(page: Page) -> list[tuple[float, float, float]]:
    """Titles and number labels with their places: (x, y, kind of anchor), one of a kind per paper."""
    titles, numbers = (
        [
            _place(row, match)
            for row in page.rows
            for match in pattern.finditer(row.text)
            if not in_goods(row, match.start())
        ]
        for pattern in (_TITLE, _NUMBER)
    )
    apart = 4.0 * page.em
    tickets = [
        _spread([_place(row, match) for row in page.rows for match in once.finditer(row.text)], apart)
        for once in _TICKET
    ]
    titles = _spread(titles, apart)
    numbers = _spread(numbers, apart)
    em = page.em
    sums = [_place(row, match) for row in page.rows for match in _SUM.finditer(row.text)]
    numbers = [number for number in numbers if not _in_remark(number, numbers, titles, sums, em)]
    # A ticket has a title and no such number, some papers print the number far from the title.
    lone = [title for title in titles if not any(_is_of(title, number, titles, em) for number in numbers)]
    electronic = [_place(row, match) for row in page.rows for match in _RAIL_E.finditer(row.text)]
    lone += [
        ticket
        for ticket in max(tickets, key=len)
        if not any(abs(ticket[0] - x) < 30 * em and abs(ticket[1] - y) < 20 * em for x, y, _ in electronic)
    ]
    return numbers + lone


def _is_of(
    title: tuple[float, float, float],
    number: tuple[float, float, float],
    titles: list[tuple[float, float, float]],
    em: float,
) -> bool:
    """True if a title and a number stand on one paper: near each other, and no title beside is the number's."""
    away = abs(title[0] - number[0])
    if abs(title[1] - number[1]) >= 10 * em or away >= 45 * em:
        return False
    return not any(
        abs(other[1] - number[1]) < 10 * em
        and abs(other[0] - number[0]) < away
        and abs(other[0] - title[0]) > 15 * em
        for other in titles
    )


def _in_remark(
    number: tuple[float, float, float],
    numbers: list[tuple[float, float, float]],
    titles: list[tuple[float, float, float]],
    sums: list[tuple[float, float, float]],
    em: float,
) -> bool:
    """True for a number that stands shortly under the sum of another paper, and under no title: a remark names it."""
    x, y, _ = number
    above = [
        low
        for left, low, _ in sums
        if 0 < y - low < 14 * em
        and abs(x - left) < 60 * em  # not of the paper beside
        and any(other[1] < low for other in (*numbers, *titles))
    ]
    return bool(above) and not any(max(above) < top < y + em for _, top, _ in titles)


def _place(row: Row, match: re.Match[str]) -> tuple[float, float, float]:
    glyphs = row.glyphs[match.start() : match.end()]
    return ((glyphs[0].x0 + glyphs[-1].x1) / 2, row.middle, 0.0)


def _spread(places: list[tuple[float, float, float]], apart: float) -> list[tuple[float, float, float]]:
    kept: list[tuple[float, float, float]] = []
    for place in places:
        if all(abs(place[0] - x) + abs(place[1] - y) > apart for x, y, _ in kept):
            kept.append(place)
    return kept


def _cut(
    words: list[Word], anchors: list[tuple[float, float, float]], em: float, depth: int
) -> list[list[Word]]:
    """Cut along an empty band that leaves an anchor on both sides, and go on in the halves."""
    if len(anchors) < 2 or depth > 5 or len(words) < 6:
        return [words]
    for slant in _SLANTS:
        halves = _halves(words, anchors, em, slant)
        if halves is not None:
            return [part for inside, side in halves for part in _cut(inside, side, em, depth + 1)]
    return [words]


Half = tuple[list[Word], list[tuple[float, float, float]]]


def _halves(
    words: list[Word], anchors: list[tuple[float, float, float]], em: float, slant: float
) -> tuple[Half, Half] | None:
    """The two sides of the best band of a slant, each with its anchors; None if there is no band."""
    bands = []
    for axis in (1, 0):
        for gap, at in _bands(words, axis, slant):
            low = sum(_along(anchor, axis, slant) < at for anchor in anchors)
            if gap > 1.2 * em and 0 < low < len(anchors):
                bands.append((gap, axis, at))
    best: tuple[int, tuple[Half, Half]] | None = None
    # The widest band may run through one paper; the right one leaves each paper with a head and a sum.
    for _, axis, at in sorted(bands, reverse=True)[:_MOST_BANDS]:
        sides: tuple[Half, Half] = ([], []), ([], [])
        for word in words:
            centre = ((word.x0 + word.x1) / 2, word.middle)
            sides[_along(centre, axis, slant) >= at][0].append(word)
        for anchor in anchors:
            sides[_along(anchor, axis, slant) >= at][1].append(anchor)
        if min(len(inside) for inside, _ in sides) < 5:
            continue
        whole = sum(_completeness(inside, len(held)) for inside, held in sides)
        if best is None or whole > best[0]:
            best = (whole, sides)
    return best[1] if best is not None else None


# What stands once on a paper, of each kind of paper at least some.
_ONCE = tuple(
    re.compile(pattern)
    for pattern in (
        _TITLE.pattern,
        _NUMBER.pattern,
        r"开票日期|填开日期|日期[:]",
        r"小写|金额[:]|票价|￥?¥\d+(?:\.\d+)?元",
        r"价税合计|大写",
        r"税率|项目名称|货物",
        r"备注|开票人|收款",
    )
)


def _completeness(words: list[Word], papers: int) -> int:
    """How many of the parts of `papers` papers these words hold; what is there too often belongs to others."""
    text = build_page(words, 1.0, 1.0).text
    return sum(min(papers, sum(1 for _ in pattern.finditer(text))) for pattern in _ONCE)


def _along(place: Sequence[float], axis: int, slant: float) -> float:
    """Where a place lies along an axis, counted along bands of a slant."""
    return place[axis] + slant * place[1 - axis]


def _bands(words: list[Word], axis: int, slant: float) -> list[tuple[float, float]]:
    """Empty bands across the words along an axis: (width, middle)."""
    spans = sorted(
        (word.x0 + slant * word.middle, word.x1 + slant * word.middle)
        if axis == 0
        else (word.y0 + slant * (word.x0 + word.x1) / 2, word.y1 + slant * (word.x0 + word.x1) / 2)
        for word in words
    )
    bands, edge = [], spans[0][1]
    for low, high in spans[1:]:
        if low > edge:
            bands.append((low - edge, (low + edge) / 2))
        edge = max(edge, high)
    return bands
