"""What issuers print that the drawn forms do not: other columns, names of foreign firms, pages put together."""

import re
from dataclasses import replace
from random import Random

import pytest

from nlu.document.reading import fields_of
from tests.documents.in_process import read
from tests.documents.test_forms import wrong
from tests.documents.test_layouts import faults, is_value, marked
from tests.drawing import Drawn, draw
from tests.drawing.digital import digital_sheet
from tests.drawing.facts import add_up, money, qr_text
from tests.drawing.pdf import to_pdf
from tests.drawing.sheet import Inlay, Line, Mark, Seal, Sheet, Text
from tests.marks import needs_fonts

pytestmark = needs_fonts

# Heads with their places, then what the rows under them hold; {net}, {rate} and {tax} end at their columns.
Row = tuple[tuple[str, int], ...]
BUSINESSES: dict[str, tuple[Row, tuple[Row, ...]]] = {
    "建筑服务": (
        (("建筑服务发生地", 42), ("建筑项目名称", 85)),
        (
            (("*建筑服务*工程款", 8), ("墨桥市砚溪区", 42), ("2023年12月08日签订之", 85)),
            (("及设计费", 8), ("砚溪路1000.00号", 42), ("合同总价¥300000.00", 85)),
        ),
    ),
    "不动产经营租赁服务": (
        (("产权证书/不动产权证号", 42), ("面积单位", 85), ("数量", 103), ("单价", 120)),
        (
            (("*经营租赁*房租", 8), ("墨(2020)不动产权第0011223号", 42), ("平方米", 88), ("35.5", 103)),
            (("租赁期起止:2026-01-01 2026-03-31", 8), ("跨地市标志:否", 85)),
        ),
    ),
    "货物运输服务": (
        (("规格型号", 42), ("单位", 70), ("数量", 90), ("单价", 120)),
        (
            (("*运输服务*国内货运", 8), ("次", 72), ("1", 92)),
            (
                ("运输工具种类", 12),
                ("运输工具牌号", 50),
                ("起运地", 90),
                ("到达地", 120),
                ("运输货物名称", 150),
            ),
            (
                ("公路运输", 12),
                ("京A12345", 50),
                ("墨桥市", 90),
                ("20240102站", 120),
                ("钢材88.00吨", 150),
            ),
        ),
    ),
}
FOREIGN = (
    "MIRA LANE TRADING CO., LTD.",
    "Müller & Söhne GmbH",
    "O'Neil-Barr Pte. Ltd",
    "ABC株式会社",
    "Jo Vex",
    "7-11砚溪店",
)


def of_business(name: str, layout: str, seed: int) -> Drawn:
    """An invoice with one line in the columns of a trade (特定业务)."""
    drawn = draw("digital_special", seed, layout)
    facts = drawn.facts
    facts.items = facts.items[:1]
    add_up(facts)
    facts.qr = qr_text("31", facts, facts.total)
    sheet = digital_sheet(facts, layout, Random(seed))
    top = next(text.y for text in sheet.texts() if text.text == "项目名称")
    end = next(text.y for text in sheet.texts() if text.field == "amount")
    kept = [mark for mark in sheet.marks if not (isinstance(mark, Text) and top - 2 < mark.y < end - 2)]
    heads, rows = BUSINESSES[name]
    usual = (("项目名称", 16), ("金", 143), ("额", 149), ("税率/征收率", 157), ("税", 194), ("额", 200))
    more = [Text(x, top, word, 3.0, "label") for word, x in (*heads, *usual)]
    more += [Text(x, top + 5 + 4.2 * i, cell, 2.9) for i, row in enumerate(rows) for cell, x in row]
    (line,) = facts.items
    cells = ((money(line.amount), 154, "r"), (line.rate, 165, "l"), (line.tax_text, 205, "r"))
    more += [Text(x, top + 5, cell, 2.9, anchor=anchor) for cell, x, anchor in cells]
    more.append(Text(30, 10, name, 4.4, "label"))
    return replace(drawn, sheet=Sheet(sheet.width, sheet.height, sheet.style, sheet.paper, [*kept, *more]))


@pytest.mark.parametrize("name", BUSINESSES)
@pytest.mark.parametrize("layout", "ABCD")
def test_columns_of_a_trade(name: str, layout: str) -> None:
    drawn = of_business(name, layout, 720)
    for order in ("visual", "scrambled"):
        assert faults(drawn, to_pdf(drawn.sheet, order, 3)) == []
    drawn.sheet.marks = [mark for mark in drawn.sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(drawn.sheet, "visual", 3)) == []


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("layout", "AB")
def test_name_of_a_foreign_buyer_without_tax_id(name: str, layout: str) -> None:
    drawn = draw("digital_ordinary", 700, layout)
    sheet = drawn.sheet.changed("buyer_name", name).changed("buyer_tax_id", "")
    (found,) = read(to_pdf(sheet, "scrambled", 1), "a.pdf").invoices
    got = fields_of(found)
    assert (got["buyer_name"], got["buyer_tax_id"]) == (name, None)
    assert (got["seller_name"], got["seller_tax_id"]) == (
        drawn.truth["seller_name"],
        drawn.truth["seller_tax_id"],
    )


@pytest.mark.parametrize("layout", "ABCD")
def test_buyer_on_the_right_where_the_columns_say_so(layout: str) -> None:
    """As on invoices that a buyer of farm produce issues (农产品收购)."""
    drawn = draw("digital_special", 665, layout)

    def swapped(text: Text) -> list[Mark]:
        if not 28 < text.y < 45.5:
            return [text]
        return [replace(text, x=text.x + (99 if text.x < 105 else -99))]

    sheet = marked(drawn.sheet, swapped, Text(30, 10, "农产品收购", 4.4, "label"))
    assert faults(drawn, to_pdf(sheet, "scrambled", 2)) == []


def test_id_that_a_letter_of_the_column_draws_into_its_row() -> None:
    drawn = draw("vat_e_ordinary", 812, "D")
    sheet = marked(
        drawn.sheet,
        lambda text: [text if is_value(text) else replace(text, text=text.text.replace("：", " ："))],
    )
    assert faults(drawn, to_pdf(sheet, "visual", 1)) == []


@pytest.mark.parametrize("kind", ["vehicle", "vat_e_ordinary"])
def test_date_with_the_time_behind_it(kind: str) -> None:
    drawn = draw(kind, 809, "A")
    sheet = drawn.sheet.changed("issue_date", f"{drawn.facts.issued} 10:21:33")
    sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(sheet, "visual", 1)) == []


def placed(sheet: Sheet, across: float, down: float, scale: float) -> list[Mark]:
    """The marks of a sheet, smaller, elsewhere."""
    out: list[Mark] = []
    for mark in sheet.marks:
        if isinstance(mark, Line):
            x0, x1 = (scale * x + across for x in (mark.x0, mark.x1))
            y0, y1 = (scale * y + down for y in (mark.y0, mark.y1))
            out.append(replace(mark, x0=x0, x1=x1, y0=y0, y1=y1))
            continue
        new = replace(mark, x=scale * mark.x + across, y=scale * mark.y + down)
        if isinstance(new, Text):
            new = replace(new, size=scale * new.size, gap=scale * new.gap)
        elif isinstance(new, Inlay | Seal):
            new = replace(new, width=scale * new.width, height=scale * new.height)
        out.append(new)
    return out


@pytest.mark.parametrize(
    ("kinds", "width", "height", "places"),
    [
        (("digital_ordinary",) * 4, 297, 210, ((0, 0), (148, 0), (0, 102), (148, 102))),
        (("digital_ordinary", "vat_e_ordinary", "digital_special"), 210, 297, ((30, 0), (30, 98), (30, 196))),
    ],
    ids=["two by two", "three in a column"],
)
def test_papers_made_smaller_for_one_page(
    kinds: tuple[str, ...], width: float, height: float, places: tuple[tuple[float, float], ...]
) -> None:
    drawn = [draw(kind, 740 + place, "A") for place, kind in enumerate(kinds)]
    page = Sheet(width, height, "A")
    for paper, place in zip(drawn, places, strict=True):
        page.marks += placed(paper.sheet, *place, 0.68)
    assert wrong(to_pdf(page, "scrambled", 2), drawn) == []


@pytest.mark.parametrize(
    "printed",
    [r"\1 年 \2 月 \3 日", r"\1-\2-\3", r"\1/\2/\3", r"\1.\2.\3", r"\1\2\3"],
)
@pytest.mark.parametrize("kind", ["digital_special", "vat_e_special", "rail_e", "digital_vehicle"])
def test_forms_of_a_date(kind: str, printed: str) -> None:
    drawn = draw(kind, 811, "B")
    text = re.sub(r"(\d+)年(\d+)月(\d+)日", printed, f"{drawn.facts.issued:%Y年%m月%d日}")
    sheet = drawn.sheet.changed("issue_date", text)
    sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(sheet, "visual", 1)) == []


GOODS = (
    "*信息技术服务*合计服务费",
    "*印刷品*发票号码:2411200000",
    "*餐饮服务*名称：套餐A",
    "*日用品*7%驱蚊液",
    "*住宿服务*2024年01月02日-2024年01月05日",
    "*服务*价税合计服务",
    "*劳务*¥88.00代金券",
    "*咨询*统一社会信用代码查询",
)


@pytest.mark.parametrize("name", GOODS)
@pytest.mark.parametrize("kind", ["digital_special", "vat_e_ordinary"])
def test_goods_that_are_called_as_labels_are(kind: str, name: str) -> None:
    drawn = draw(kind, 910 + GOODS.index(name), "AB"[GOODS.index(name) % 2])
    sheet = marked(
        drawn.sheet, lambda text: [replace(text, text=name[:22]) if text.text.startswith("*") else text]
    )
    assert faults(drawn, to_pdf(sheet, "scrambled", 3)) == []
    sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(sheet, "visual", 3)) == []


LETTER = (
    "发件人：noreply@mail.example.cn  发送时间：2025年1月2日(星期四) 上午10:00",
    "主题：您收到一张电子发票[发票号码：24112000000099999999]",
    "尊敬的客户：您好，请查收。购买方名称：砚溪 开票日期：2019年01月01日 价税合计：¥99.00",
)


def test_letter_that_comes_with_an_invoice_is_none() -> None:
    """On a page of its own, or printed above it."""
    drawn = draw("digital_special", 905, "A")
    letter = Sheet(210, 297, "A")
    for place, line in enumerate(LETTER):
        letter.text(10, 8 + 6 * place, line, 3)
    assert read(to_pdf(letter), "letter.pdf").refusal is not None
    assert wrong(to_pdf([letter, drawn.sheet]), [drawn]) == []
    letter.marks += placed(drawn.sheet, 0, 30, 1.0)
    assert wrong(to_pdf(letter), [drawn]) == []
    letter.marks = [mark for mark in letter.marks if not isinstance(mark, Inlay)]
    assert wrong(to_pdf(letter), [drawn]) == []
