"""Buyer and seller with their tax ids (购买方, 销售方) on a page's rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from fapiao.kinds import Kind
from nlu.document.evidence import Evidence, Value
from nlu.document.ids import id_beside
from nlu.document.labels import Label, Labelled, runs
from nlu.document.page import Page, Piece, Row

_COLUMN_CHARS = frozenset("购买方销售信息密码区备注合计项目受货单位付款")
_HEADS = re.compile(r"数量|单价|金额|规格型号|税[率额]")  # of the table under it
_CIPHER = re.compile(r"[0-9+\-*/<>=]{7,}")
_ID = re.compile(r"[0-9A-Z]{15,20}")
_ID_LOOSE = re.compile(r"[0-9A-Za-z|!]{15,20}")


_BUYERS_ID = frozenset({Kind.AIR_E, Kind.RAIL_E})  # print one tax id, the buyer's


@dataclass(slots=True)
class _Party:
    """One block with a name or an id, until it is known whose."""

    x: float
    y: float
    role: str | None = None  # "buyer", "seller"
    name: Value | None = None
    tax_id: Value | None = None
    rows: set[int] = field(default_factory=set)


def read_parties(found: Labelled, evidence: Evidence, kind: Kind | None, *, repair: bool) -> None:
    """Put the names and tax ids of both parties into `evidence`."""
    parties = _blocks(found, repair)
    if kind in _BUYERS_ID:
        for party in parties:
            party.role = "buyer" if party.role is None and party.tax_id is not None else party.role
    _assign(found.page, parties, found)
    for role in ("buyer", "seller"):
        for party in parties:
            if party.role != role:
                continue
            for suffix, value in (("name", party.name), ("tax_id", party.tax_id)):
                if value is not None and evidence.best(f"{role}_{suffix}") is None:
                    evidence.values[f"{role}_{suffix}"] = [value]


def _role_of(label: Label) -> str | None:
    if label.name.startswith("buyer"):
        return "buyer"
    if label.name.startswith("seller"):
        return "seller"
    return None


def _blocks(found: Labelled, repair: bool) -> list[_Party]:
    parties: list[_Party] = []
    em = found.page.em
    for label in found.named("buyer_name", "seller_name", "name"):
        before = label.piece.row.text[max(0, label.piece.start - 4) : label.piece.start]
        if label.name == "name" and re.search(
            r"(?:项目|货物|服务|商品|劳务|[账帐]户|单位|机关|品|车辆|厂牌)$", before
        ):
            continue
        role = _role_of(label) or _role_before(before)
        name = _name(found, label, repair)
        party = _Party(label.piece.x0, label.piece.middle, role, name, rows={label.index})
        parties.append(party)
    for label in found.named("buyer_tax_id", "seller_tax_id", "tax_id"):
        value = id_beside(found, label, repair)
        if value is None:
            continue
        role = _role_of(label)
        owner = _owner(parties, label, role, em)
        party = owner or _Party(label.piece.x0, label.piece.middle, role)
        if owner is None:
            party.name = _over(found, label) if repair else None
            parties.append(party)
        if party.tax_id is None:
            party.tax_id = value
            party.rows.add(label.index)
    return [party for party in parties if party.name is not None or party.tax_id is not None]


def _over(found: Labelled, label: Label) -> Value | None:
    """The name in the line above an id, where its own label was not recognised: both forms print it there."""
    if label.index == 0:
        return None
    row = found.page.rows[label.index - 1]
    size = label.piece.row.height
    if not 0.8 * size < label.piece.middle - row.middle < 2.6 * size:
        return None
    for piece in runs(row, gap=1.2):
        near = label.piece.x0 - 2 * size < piece.x0 < label.piece.x1 + 6 * size
        ends = re.search(r"(?:公司|中心|厂|店|部|所|局|院|校|社|行|会|站)$", piece.text)
        if near and ends and len(piece.text) >= 6 and "识" not in piece.text:
            text = clean_name(re.sub(r"^.{0,2}[称标:]:?", "", piece.printed))
            if text is None:
                return None
            return Value(text, 0.98 * piece.score, box=found.box(piece), text=text, again=piece.again)
    return None


def _role_before(text: str) -> str | None:
    if re.search(r"[购买付](?:方|单位)?$", text):
        return "buyer"
    return "seller" if re.search(r"[销售卖收](?:方|单位)?$", text) else None


def _owner(parties: list[_Party], label: Label, role: str | None, em: float) -> _Party | None:
    """The name block that an id belongs to: above it in the same column, a few lines at most."""
    best, distance = None, 5.5 * em
    beside = [
        party
        for party in parties
        if label.index in party.rows and party.x < label.piece.x0 and party.name is not None
    ]
    if beside and (role is None or beside[-1].role in (None, role)):
        nearest = max(beside, key=lambda party: party.x)
        if nearest.tax_id is None:
            return nearest
    for party in parties:
        if party.tax_id is not None or (role and party.role and role != party.role):
            continue
        off = abs(label.piece.x0 - party.x)
        down = label.piece.middle - party.y
        if down < -3.2 * em or abs(down) > 5.5 * em or off > 9 * em:
            continue
        apart = abs(down) + 0.5 * off + (2 * em if down < 0 else 0)
        if apart < distance:
            best, distance = party, apart
    return best


def _name(found: Labelled, label: Label, repair: bool) -> Value | None:
    row = label.piece.row
    start = label.piece.end
    while start < len(row.text) and row.text[start] in ":;.,·'|":
        start += 1
    others = [other for other in found.labels if other.index == label.index and other.piece.start >= start]
    stop = min((other.piece.start for other in others), default=len(row.text))
    pieces = _name_pieces(row, start, stop, label.piece.x1, found.page.em)
    right_edge = row.glyphs[stop].x0 if stop < len(row.glyphs) else found.page.width
    above: list[Piece] = []
    if not pieces:
        above = _beside(found, label, right_edge)
        pieces = above
    if not pieces:
        return None
    if not above:
        pieces += _wrapped(found, label, pieces[-1], right_edge)
    text = clean_name(_once([piece.printed for piece in _whole(pieces)]))
    if text is None:
        return None
    if repair:  # no other word begins so, and papers cut names off at their edge
        text = re.sub(r"(有限(?:责任)?)[公司]?$", r"\1公司", text)
        text = re.sub(r"(?<=公司)(.{2,8}分)公?$", r"\1公司", text)
        text = re.sub(r"(股份|责任)有?限?$", r"\1有限公司", text)
    again = any(piece.again for piece in pieces)
    # A part that was settled at first sight is measured as those that were looked at again.
    score = min((1 + piece.score) / 2 if again and not piece.again else piece.score for piece in pieces)
    if repair and len(text) > _LONG and not _ENDS.search(text):
        score *= _CUT_SHORT
    beside = [piece for piece in pieces if piece.row is pieces[0].row]
    place = Piece(beside[0].row, beside[0].start, beside[-1].end)
    return Value(text, score, box=found.box(place), text=text, again=again)


def _whole(pieces: list[Piece]) -> Iterator[Piece]:
    """The pieces with those that follow each other on a row made one: a gap there is a space in a Latin name."""
    for row, same in groupby(pieces, key=lambda piece: piece.row):
        beside = list(same)
        yield Piece(row, beside[0].start, beside[-1].end)


def _once(parts: list[str]) -> str:
    """Join the parts of a name; a second print of it (a seal's text laid over it) is left out."""
    text = "".join(parts)
    for cut in range(len(text) // 2, len(text) - 3):
        if len(text) > 11 and text[:cut].startswith(text[cut:]) and len(text) - cut >= 0.6 * cut:
            return text[:cut]
    return text


def _name_pieces(row: Row, start: int, stop: int, left: float, em: float) -> list[Piece]:
    kept: list[Piece] = []
    edge = left
    for piece in runs(row, start, stop, gap=0.45):
        gap = piece.x0 - edge
        if kept and gap > 3.0 * row.height:
            break
        if not kept and gap > 14 * em:
            break
        if _CIPHER.search(piece.text) and not re.search(r"[\u4e00-\u9fff]", piece.text):
            break
        if len(piece.text) <= 2 and set(piece.text) <= _COLUMN_CHARS and (kept or gap > em):
            if kept and gap < 0.3 * row.height:
                kept.append(piece)
                edge = piece.x1
                continue
            break
        kept.append(piece)
        edge = piece.x1
    return kept


def _beside(found: Labelled, label: Label, right_edge: float) -> list[Piece]:
    """A name of two lines stands half above and half below its label."""
    size = label.piece.row.height
    kept = []
    for index in (label.index - 1, label.index + 1):
        if not 0 <= index < len(found.page.rows):
            continue
        row = found.page.rows[index]
        if abs(row.middle - label.piece.middle) > 1.3 * size:
            continue
        if any(
            other.index == index and label.piece.x1 < other.piece.x1 < right_edge for other in found.labels
        ):
            continue
        inside = [
            i
            for i, glyph in enumerate(row.glyphs)
            if label.piece.x1 - 0.2 * size < glyph.x0 < min(right_edge, label.piece.x1 + 30 * size)
        ]
        if inside and not set(row.text[inside[0] : inside[-1] + 1]) <= _COLUMN_CHARS:
            kept.append(Piece(row, inside[0], inside[-1] + 1))
    return kept


def _wrapped(found: Labelled, label: Label, first: Piece, right_edge: float) -> list[Piece]:
    """The rest of a long name on the next line: under the value, no label on it, close by."""
    rows = found.page.rows
    index = label.index + 1
    if index >= len(rows):
        return []
    row = rows[index]
    size = first.row.height
    if row.middle - first.middle > 1.45 * size:
        return []
    inside = [
        i
        for i, glyph in enumerate(row.glyphs)
        if first.x0 - 0.6 * size < glyph.x0 < min(right_edge, first.x1 + size)
    ]
    if not inside:
        return _at_margin(found, label, first, row)
    if any(
        other.index == index and other.piece.end > inside[0] - 12 and other.piece.start <= inside[-1]
        for other in found.labels
    ):
        return []
    if inside[0] > 0 and row.glyphs[inside[0]].x0 - row.glyphs[inside[0] - 1].x1 < 0.5 * size:
        return []
    piece = Piece(row, inside[0], inside[-1] + 1)
    if _ID_LOOSE.fullmatch(piece.text) or _CIPHER.search(piece.text) or _HEADS.search(piece.text):
        return []
    return [piece]


def _at_margin(found: Labelled, label: Label, first: Piece, row: Row) -> list[Piece]:
    """On a roll a long name goes on at the left margin, under its label."""
    if not row.glyphs:
        return []
    right = max(other.words[-1].x1 for other in found.page.rows)
    size = first.row.height
    if first.x1 < right - 4 * size or abs(row.glyphs[0].x0 - label.piece.x0) > 1.5 * size:
        return []
    if any(other.index == label.index + 1 for other in found.labels) or len(row.text) > 16:
        return []
    if not re.fullmatch(r"[\u4e00-\u9fff()]+", row.text) or row.words[-1].x1 > 0.75 * right:
        return []
    return [Piece(row, 0, len(row.text))]


# What the names of companies, shops and public bodies end in; a long name without it goes on where nobody looked.
_ENDS = re.compile(
    r"(?:公司|企业|中心|合伙\)?|个体工商户\)?|合作社|联社|集团|[厂店铺部所局院校社行会站处馆园户场城府室库队厅司楼吧坊斋居铺市堂庄屋汇号点摊段馆学])[)）]?$"
    r"|[（(][^（()）]{1,12}[)）]$|[A-Za-z.]$"
)
_LONG = 12  # characters
_CUT_SHORT = 0.6  # factor on the score
_EDGES = " :;,.、·|'\"_-=~^`*"
_NOT_NAMES = re.compile(
    r"^(?:名称|纳税人识别号|统一社会信用代码|地址|电话|开户行|项目名称|规格型号|密码区|信息|购买方|销售方|备注|金额)"
)


def clean_name(text: str) -> str | None:
    """Return a company's or person's name without stray marks, or None if it cannot be one."""
    text = re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text)
    ends = re.search(r"(?<=[A-Za-z])\.(?=\s*$)", text)  # CO., LTD.
    text = text.strip(_EDGES) + ("." if ends else "")
    text = re.sub(r"\s+", " ", text)
    if re.search(r"[\u4e00-\u9fff]", text):
        text = text.replace("(", "（").replace(")", "）")
        if text.count("（") < text.count("）") and text.endswith("）"):
            text = text[:-1] if "（" not in text else text
    text = re.sub(r"(?<=公司)[A-Za-z ]{2,}$", "", text)  # a watermark
    text = re.sub(r"^.{0,2}[:：](?=.{4})", "", text)  # the rest of a misread label
    letters = re.findall(r"[\u4e00-\u9fffA-Za-z]", text)
    if len(letters) < 2 or _NOT_NAMES.match(text) or len(text) > 100:
        return None
    if sum(char.isdigit() for char in text) > 0.6 * len(text):
        return None
    return text


def _assign(page: Page, parties: list[_Party], found: Labelled) -> None:
    """Decide who buys: side by side the left one, else the upper one; named blocks are clear."""
    unknown = [party for party in parties if party.role is None]
    taken = {party.role for party in parties if party.role}
    unknown.sort(key=lambda party: (party.y, party.x))
    em = page.em
    if len(unknown) >= 2 and not taken:
        first, second = unknown[0], unknown[1]
        if abs(first.y - second.y) < 3 * em and abs(first.x - second.x) > 8 * em:
            left, right = sorted((first, second), key=lambda party: party.x)
            left.role, right.role = "buyer", "seller"
        else:
            below = [party for party in unknown[1:] if abs(party.x - first.x) < 8 * em]  # not in a remark
            first.role, (below or unknown)[-1].role = "buyer", "seller"
        return
    free = [role for role in ("buyer", "seller") if role not in taken]
    if len(unknown) == 1 and len(free) == 1:
        unknown[0].role = free[0]
    elif len(unknown) == 1:
        unknown[0].role = _lonely(page, unknown[0], found)


def _lonely(page: Page, party: _Party, found: Labelled) -> str:
    sums = [label.piece.middle for label in found.named("sum", "total")]
    if sums and party.y > min(sums):
        return "seller"
    near = [
        word.text
        for word in page.columns
        if word.y0 - page.em < party.y < word.y1 + page.em and abs(word.x1 - party.x) < 12 * page.em
    ]
    column = "".join(near)
    if "销" in column or "售" in column:
        return "seller"
    return "seller" if party.x > 0.5 * page.width and not column else "buyer"
