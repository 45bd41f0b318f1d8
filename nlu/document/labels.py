"""Printed labels (发票代码, 名称, 合计 …) on rebuilt rows, and the values beside or below them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from fapiao.text import plain
from nlu.document.goods import goods_rows, in_goods
from nlu.document.page import Page, Piece, Row
from nlu.document.reading import Box

# Searched in rows without spaces, in this order: a longer label first. Every label also ends the value
# before it, so those nobody asks for are listed too.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "other_invoice",  # the one that a red-letter invoice reverses, or a ticket was changed from
        r"(?:被红冲|对应)?(?:蓝字|正数|红字|原)(?:数电|全电|增值税)?(?:电子)?(?:发票|客票)(?:代码|号码)|(?:对应|被红冲).{0,24}?号码",
    ),
    ("digital_number", r"(?:数电|全电|数电发|全电发)票?(?:发票)?号码|数电票号码?|电发票号码"),
    ("machine_number", r"机打号码?|机打票号|机器编[号码]|机器号码?|机打代码|税控[码装]置?编?号?|设备编号"),
    ("ticket_number", r"电子客票号码?|客票号码?|印刷序号|连续客票"),
    ("code", r"(?:电子)?(?:发票|票据|发.)代[码玛吗]"),
    ("number", r"(?:电子)?(?:发票|票据|发.|(?<![客车船机])票)\)?号[码玛吗]|票据编号|发票号(?=[:]?\d{8})"),
    ("date", r"开.日期|票日期|开票日.|填开日期|开票时间|填开时间|开具时间"),
    ("check_code", r"校[验险]码|验证码"),
    ("download", r"下载次数"),
    ("item", r"货物或应税劳务[、,]?(?:服务)?名称|项目名称|货物名称|服务名称|商品名称|品名|开户名称"),
    (
        "buyer_tax_id",
        r"(?:购[买货]?方|购货单位|买方|付款方|受票方|客户|购买方单位)(?:纳税人)?(?:识别号|税号|统一社会信用代码(?:/纳税人识别号)?)",
    ),
    (
        "seller_tax_id",
        r"(?:销[售货]?方|销货单位|卖方|收款方|开票方|开票单位)(?:纳税人)?(?:识别号|税号|统一社会信用代码(?:/纳税人识别号)?)",
    ),
    (
        "tax_id",
        r"统一社会信用代[码玛][/／]?纳?税?人?识?别?号?|纳税人识别[号码](?:[/／]?统一社会信用代码)?(?:[/／]?身份证明号码)?|"
        r"[纳内]?税人识别[号码]|识别号|[税模祝]?人识.[号码]|纳税人税号|(?<![控])税号|单位代码/身.证号?码?",
    ),
    (
        "buyer_name",
        r"(?:购[买货]?方|购货单位|买方|付款方|受票方|购买方单位|客户)名称(?:及身份证号码/组织机构代码)?|付款单位(?:名称)?(?:\(个人\))?|"
        r"买方单位/个人|购货单位|付款户名|付款方(?=:)|购买方(?=:)|购方(?=:)|抬头(?=:)|交款人(?=:)|缴款人(?=:)",
    ),
    (
        "seller_name",
        r"(?:销[售货]?方|销货单位|卖方|收款方|开票方|开票单位)名称|销货单位|收款单位(?:名称)?(?:\(章\)|\(盖章.{0,4}\))?|开票单位|填开单位|卖方单位/个人|"
        r"销售方(?=:(?!\(?章))|销方(?=:)|收款方(?=:)|经营单位(?=:)",
    ),
    (
        "name",
        r"名称(?=:)|名称|(?<![宣职尊昵俗简通])称:|"
        r"^(?:购|买|方|销|售|货|单|位){0,2}(?:[名茗各洛][称标祢弥株林棕椋你]?:?|[称标祢]:?)(?=[\u4e00-\u9fff()]{6})",
    ),
    ("address", r"地址[、,]?电话|地址|电话|住址"),
    ("bank", r"开户行[、,]?(?:及|和)?[账帐]号|开户银行|开户行|[账帐]号"),
    ("capitals", r"\(?大写\)?"),
    ("figures", r"\(?小写\)?"),
    ("total", r"价税合计|车价合计|合计金额|金额合计|总计|总金额"),
    ("net_price", r"不含.价(?:小写)?|不含税金额"),
    ("vehicle_tax", r"增值税.额|增值税税.(?=[¥Y]?\d)|增值税税率或征收率|增值税税率"),
    ("sum", r"合计"),
    ("remark", r"备注"),
    ("people", r"收款人|复核|开票人|收款员|销售方:?\(章\)|主管税务机关及?代?码?|开户"),
    ("secret", r"密码区|密码"),
    ("identity", r"身.证[号明]?[号码]*|证件号码?|组织机构代码"),
    ("trip", r"车牌号?|通行日期[起止]|上车|下车|里程|单价|等候|状态|起始?站?|车号|证号|监督电话"),
)
_LABEL = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS))
_COLON = re.compile(r"[:;.,'\"·°|_\-]*")


def is_label(text: str) -> bool:
    """True for the words of a label, alone."""
    found = _LABEL.fullmatch(plain(re.sub(r"\s+", "", text)))
    return found is not None and found.lastgroup not in ("remark", "people", "trip")


@dataclass(frozen=True, slots=True)
class Label:
    """A label found on a page."""

    name: str
    piece: Piece
    index: int  # of its row

    @property
    def has_colon(self) -> bool:
        return self.piece.row.text[self.piece.end : self.piece.end + 1] == ":"


class Labelled:
    """A page with its labels found once."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """All labels in reading order, those among the goods left out."""
        goods = goods_rows(self.page.rows)
        return tuple(
            Label(match.lastgroup or "", Piece(row, match.start(), match.end()), index)
            for index, row in enumerate(self.page.rows)
            if index not in goods
            for match in _LABEL.finditer(row.text)
            if not in_goods(row, match.start())
        )

    def named(self, *names: str) -> Iterator[Label]:
        """The labels of these names, in reading order."""
        return (label for label in self.labels if label.name in names)

    def box(self, piece: Piece) -> Box:
        """The place of a piece, as fractions of the page."""
        width, height = self.page.width or 1.0, self.page.height or 1.0
        return Box(piece.x0 / width, piece.y0 / height, piece.x1 / width, piece.y1 / height)

    def right_of(self, label: Label, *, gap: float = 4.0, first_gap: float = 14.0) -> Piece | None:
        """The text right of a label up to the next label or a gap of `gap` line heights, or None."""
        row = label.piece.row
        start = _COLON.match(row.text, label.piece.end).end()  # type: ignore[union-attr]
        stops = [
            other.piece.start
            for other in self.labels
            if other.index == label.index and other.piece.start >= start
        ]
        return self.cut(row, start, min(stops, default=len(row.text)), label.piece.x1, gap, first_gap)

    def level_with(self, label: Label) -> Piece | None:
        """Where nothing stands right of a label in its row: what does as high, in the row that it was taken into.

        Letters of a column (购买方信息) between two rows draw values to themselves.
        """
        size = label.piece.row.height
        for index in (label.index - 1, label.index + 1):
            if not 0 <= index < len(self.page.rows):
                continue
            row = self.page.rows[index]
            for place, glyph in enumerate(row.glyphs):
                if glyph.x0 < label.piece.x1 or abs(glyph.word.middle - label.piece.middle) > 0.4 * size:
                    continue
                if any(other.index == index and other.piece.start <= place for other in self.labels):
                    break
                return self.cut(row, place, len(row.text), label.piece.x1, 3.0, 14.0)
        return None

    def cut(self, row: Row, start: int, stop: int, left: float, gap: float, first_gap: float) -> Piece | None:
        """A piece of a row from `start`, ended by a wide gap."""
        size = max(row.height, 0.6 * self.page.em)
        if start >= stop or row.glyphs[start].x0 - left > first_gap * size:
            return None
        end = start + 1
        while end < stop and row.glyphs[end].x0 - row.glyphs[end - 1].x1 <= gap * size:
            end += 1
        return Piece(row, start, end)

    def below(self, label: Label, *, reach: float = 2.6) -> Piece | None:
        """The text right under a label, as in tables, or None."""
        size = label.piece.row.height
        for row in self.page.rows[label.index + 1 : label.index + 4]:
            if row.middle - label.piece.middle > reach * max(size, row.height):
                return None
            inside = [
                index
                for index, glyph in enumerate(row.glyphs)
                if glyph.x1 > label.piece.x0 - 0.8 * size and glyph.x0 < label.piece.x1 + 2.5 * size
            ]
            if inside:
                start, end = inside[0], inside[-1] + 1
                while start > 0 and _touch(row, start - 1, size):
                    start -= 1
                while end < len(row.glyphs) and _touch(row, end - 1, size):
                    end += 1
                return Piece(row, start, end)
        return None


def _touch(row: Row, index: int, size: float) -> bool:
    return row.glyphs[index + 1].x0 - row.glyphs[index].x1 < 0.5 * size


def runs(row: Row, start: int = 0, stop: int | None = None, gap: float = 0.45) -> Iterator[Piece]:
    """Split a stretch of a row at gaps of `gap` line heights, and where a word from the source ends."""
    stop = len(row.glyphs) if stop is None else stop
    begin = start
    for index in range(start + 1, stop + 1):
        ended = index == stop
        if not ended:
            before, after = row.glyphs[index - 1], row.glyphs[index]
            ended = after.x0 - before.x1 > gap * min(before.word.height, after.word.height)
        if ended:
            if begin < index:
                yield Piece(row, begin, index)
            begin = index
