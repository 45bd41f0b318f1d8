"""What OCR misread is found all the same where the paper says it twice or a check confirms it."""

from datetime import date
from decimal import Decimal

from fapiao.checks import Company
from fapiao.kinds import Kind
from fapiao.qr import parse_qr
from nlu.document.evidence import Evidence
from nlu.document.fields import read_page
from nlu.document.merge import merge
from nlu.document.page import Page, Word, build_page
from nlu.document.reading import Found, Source

SIZE = 20.0  # pixels of a character
BUYER, SELLER = "91110502MA20J30H1A", "91310503MA6TP3E835"


def page(*lines: tuple[tuple[float, str, float], ...]) -> Page:
    """A page of lines, each of words: where they begin, what they say, how sure the engine is."""
    words = [
        Word(text, x, 40.0 * row, x + SIZE * len(text), 40.0 * row + SIZE, score)
        for row, line in enumerate(lines, start=1)
        for x, text, score in line
    ]
    return build_page(words, 1600, 40.0 * (len(lines) + 2))


def seen(*lines: tuple[tuple[float, str, float], ...], kind: Kind | None = None) -> Evidence:
    """What OCR says of the lines."""
    return read_page(page(*lines), Source.OCR, kind=kind)


def merged(evidence: Evidence) -> Found:
    """The invoice of one evidence."""
    return merge([evidence], None, today=date(2026, 11, 25))


def test_a_code_printed_twice_is_as_sure_as_its_clearer_print() -> None:
    evidence = seen(
        ((1200, "5100255130", 0.78),),
        ((100, "5100255130", 1.0), (500, "四川增值税专用发票", 1.0), (1100, "No85685653", 0.99)),
        *[((100, "购买方名称：北京砚野有限公司", 1.0),)] * 4,
    )
    best = evidence.best("code")
    assert best is not None
    assert (best.value, best.times) == ("5100255130", 2)
    assert best.score > 0.95
    assert merged(evidence).invoice.code == "5100255130"


def test_an_id_is_found_behind_a_misread_label() -> None:
    evidence = seen(
        ((100, "名称：北京砚野有限公司", 1.0), (900, "名称：上海市康野商贸有限公司", 1.0)),
        (
            (100, f"统一社会信用代码/纳税人识别号：{BUYER}", 1.0),
            (900, "统一社会信用代码/法税人识副专", 0.7),
            (1250, SELLER, 0.9),
        ),
    )
    assert evidence.first("seller_tax_id") == SELLER


def test_a_letter_of_an_id_that_looks_like_a_figure_is_put_right_on_a_bad_photo() -> None:
    misread = BUYER.replace("J", "3")
    rest = tuple((x, "模糊不清", 0.4) for x in (100.0, 400.0, 700.0))
    good = seen(((100, f"纳税人识别号：{misread}", 0.98),))
    bad = seen(((100, f"纳税人识别号：{misread}", 0.98),), rest, rest)
    assert good.first("buyer_tax_id") == misread
    assert bad.first("buyer_tax_id") == BUYER


def test_lines_of_goods_tell_what_the_row_of_sums_does_not() -> None:
    evidence = seen(
        ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
        ((100, "项目名作", 0.5), (400, "车牌号", 1.0), (700, "通行日期起", 1.0), (1000, "公", 0.6)),
        ((100, "*经营租赁*通行费", 0.9), (1000, "12.15", 0.99), (1400, "0.36", 0.7)),
        ((100, "合计", 1.0), (980, "412.15", 0.5), (1380, "Y0.30", 0.4)),
        ((100, "价税合计（大写）", 1.0), (500, "壹拾贰圆伍角壹分", 0.95), (1200, "（小写）¥12.51", 0.97)),
        kind=Kind.VAT_E_ORDINARY,
    )
    invoice = merged(evidence).invoice
    assert (invoice.amount, invoice.tax) == (Decimal("12.15"), Decimal("0.36"))
    assert invoice.total == Decimal("12.51")


def test_where_nothing_is_taxed_the_tax_is_nought() -> None:
    evidence = seen(
        ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
        ((100, "项目名称", 1.0), (500, "数量", 1.0), (1000, "金额", 1.0), (1200, "税率", 1.0)),
        ((100, "*餐饮服务*餐费", 0.9), (1000, "80.00", 0.99), (1200, "免税", 1.0)),
        ((100, "合计", 1.0), (980, "¥80.00", 0.99)),
        ((100, "价税合计（大写）", 1.0), (500, "捌拾圆整", 0.97), (1200, "（小写）¥80.00", 0.98)),
        kind=Kind.VAT_E_ORDINARY,
    )
    assert merged(evidence).invoice.tax == Decimal("0.00")


def test_the_serial_of_a_train_ticket_is_read_at_its_foot() -> None:
    evidence = seen(
        ((100, "75827", 1.0), (700, "检票：17A", 0.8)),
        ((100, "2022年01月12日17:35开", 0.95),),
        ((100, "￥808元", 0.9), (500, "限乘当日当次车", 1.0)),
        ((100, "21620585520158.J175827", 0.98),),
        kind=Kind.RAIL_PAPER,
    )
    assert evidence.first("number") == "J175827"


def test_our_own_name_is_known_by_our_tax_id() -> None:
    def read(score: float, name: str = "北京亲丰人力资源有限公司") -> str | None:
        evidence = seen(
            ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
            ((100, f"购买方名称：{name}", score),),
            ((100, f"纳税人识别号：{BUYER}", 1.0),),
        )
        ours = Company("北京新丰人力资源有限公司", BUYER)
        return merge([evidence], None, companies=[ours], today=date(2026, 11, 25)).invoice.buyer_name

    assert read(0.5) == "北京新丰人力资源有限公司"
    assert read(0.99) == "北京亲丰人力资源有限公司"  # so it is printed
    assert read(0.5, "上海明远能源集团有限公司") is None


def test_a_name_cut_off_at_the_edge_is_completed() -> None:
    evidence = seen(
        ((100, "销售方名称：南京市云舟信息技术股份有限公", 1.0),),
        ((100, "购买方名称：北京嵘弦石化销售有限公司上海分公", 1.0),),
    )
    assert evidence.first("seller_name") == "南京市云舟信息技术股份有限公司"
    assert evidence.first("buyer_name") == "北京嵘弦石化销售有限公司上海分公司"


def test_an_id_that_fails_its_check_leaves_a_doubt_even_where_it_is_not_shown() -> None:
    def read(tax_id: str) -> Found:
        return merged(
            seen(
                ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
                ((100, "发票代码：035001800211", 1.0), (1000, "开票日期：2018年11月04日", 1.0)),
                ((100, "购买方名称：北京砚野有限公司", 1.0),),
                ((100, f"购买方税号：{tax_id}", 0.92),),
                ((100, "价税合计（大写）", 1.0), (500, "捌拾圆整", 0.99), (1200, "（小写）¥80.00", 0.99)),
            )
        )

    assert read(BUYER).confidence >= 0.9
    altered = read(BUYER.replace("502", "503"))
    assert altered.invoice.buyer_tax_id is None
    assert altered.confidence < 0.9


def test_words_tell_the_total_where_a_figure_is_unclear() -> None:
    def read(figures: str, score: float) -> Decimal | None:
        return merged(
            seen(
                ((500, "二手车销售统一发票", 1.0), (1000, "发票号码：79697790", 1.0)),
                (
                    (100, "车价合计（大写）", 1.0),
                    (300, "壹拾贰万玖仟玖佰叁拾叁圆整", 0.9),
                    (1200, figures, score),
                ),
                kind=Kind.USED_CAR,
            )
        ).invoice.total

    assert read("小写¥120933.00", 0.5) == Decimal("129933.00")
    assert read("小写¥120933.00", 0.99) is None
    assert read("小写¥431.00", 0.6) is None


def test_a_number_that_is_not_quite_sure_is_shown_with_a_doubt() -> None:
    def read(score: float) -> Found:
        return merged(
            seen(
                ((100, "区块链电子普通发票", 1.0), (1000, "发票号码：84354907", score)),
                ((100, "发票代码：144032409110", 1.0), (1000, "开票日期：2024年04月13日", 1.0)),
                ((100, "价税合计（大写）", 1.0), (500, "捌拾圆整", 0.99), (1200, "（小写）¥80.00", 0.99)),
            )
        )

    assert (read(0.7).invoice.number, read(0.7).confidence < 0.9) == ("84354907", True)
    assert read(0.7).unsure == ("number",)
    assert read(0.4).invoice.number is None


def test_the_id_on_a_ticket_is_the_buyers_though_its_label_is_misread() -> None:
    evidence = seen(
        ((100, "CNY 1212.37", 1.0), (500, "CNY 50.00", 1.0), (900, "合计 1401.48", 1.0)),
        (
            (100, "购头万名称：北京新丰人力资源有限公司", 0.98),
            (900, f"统一社会信用代码/纳税人识别号：{BUYER}", 1.0),
        ),
        kind=Kind.AIR_E,
    )
    assert evidence.first("buyer_tax_id") == BUYER
    assert evidence.first("buyer_name") == "北京新丰人力资源有限公司"
    assert evidence.first("seller_name") is None


def test_an_id_put_right_by_its_checks_leaves_a_doubt_on_a_clear_page_only() -> None:
    def read(legible: bool) -> Found:
        tax_id = ((100.0, "购买方税号：" + BUYER[:-1], 1.0), (560.0, "7", 0.85))
        return merged(
            seen(
                ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
                ((100, "发票代码：035001800211", 1.0), (1000, "开票日期：2018年11月04日", 1.0)),
                ((100, "购买方名称：北京砚野有限公司", 1.0),),
                tax_id,
                ((100, "价税合计（大写）", 1.0), (500, "捌拾圆整", 0.99), (1200, "（小写）¥80.00", 0.99)),
                ((100, "地址电话看不清楚", 1.0 if legible else 0.6),),
            )
        )

    clear, poor = read(legible=True), read(legible=False)
    assert clear.invoice.buyer_tax_id == poor.invoice.buyer_tax_id == BUYER
    assert clear.confidence < 0.9 <= poor.confidence  # on a clear one it may have been altered


def test_a_check_code_is_believed_where_every_character_is_clear() -> None:
    def read(score: float) -> str | None:
        return merged(
            seen(
                ((100, "区块链电子普通发票", 1.0), (1000, "发票号码：84354907", 1.0)),
                ((100, "发票代码：144032409110", 1.0), (1000, "校验码：", 1.0), (1180, "02344", score)),
            )
        ).invoice.check_code

    assert (read(0.99), read(0.95)) == ("02344", None)


def test_on_a_page_that_is_hardly_legible_print_contradicts_the_code_only_where_it_is_very_clear() -> None:
    qr = parse_qr("01,10,035001800211,43276353,75.47,20181104,12345678901234567890,")

    def failed(score: float, legible: bool) -> bool:
        evidence = seen(
            ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：", 1.0), (1200, "43276358", score)),
            ((100, "发票代码：035001800211", 1.0), (1000, "开票日期：2018年11月04日", 1.0)),
            ((100, "模糊不清难以辨认", 1.0 if legible else 0.6),),
        )
        return merge([evidence], qr, today=date(2026, 11, 25)).checks["qr_number"].is_failure

    assert failed(0.94, legible=True)
    assert not failed(0.94, legible=False)
    assert failed(0.98, legible=False)


def test_a_name_whose_end_was_not_found_is_no_sure_one() -> None:
    def read(*more: tuple[tuple[float, str, float], ...]) -> str | None:
        return merged(
            seen(
                ((500, "增值税电子普通发票", 1.0), (1000, "发票号码：43276353", 1.0)),
                ((100, "发票代码：035001800211", 1.0), (1000, "开票日期：2018年11月04日", 1.0)),
                *more,
            )
        ).invoice.seller_name

    assert read(((100, "销售方名称：福州市信桥石化销售环境工程技术", 1.0),)) is None
    assert read(((100, "销售方名称：福州市信桥石化销售股份有", 1.0),)) == "福州市信桥石化销售股份有限公司"
    assert read(((100, "销售方名称：厦门市砚溪企业管理合伙企业（有限合伙）", 1.0),)) is not None


def test_the_heads_of_a_table_are_no_part_of_a_name_over_them() -> None:
    evidence = seen(
        ((100, "付款方名称：世渡汽车服务（北京）有限公司", 1.0),),
        ((100, "项目", 1.0), (340, "数量", 1.0), (640, "金额", 1.0)),
    )
    assert evidence.first("buyer_name") == "世渡汽车服务（北京）有限公司"


def test_a_total_is_not_taken_for_the_tax_where_the_sums_are_covered() -> None:
    def read(tax: str) -> Decimal | None:
        evidence = seen(
            ((500, "电子发票（增值税专用发票）", 1.0), (1000, "发票号码：25312000000012345678", 1.0)),
            ((1000, "开票日期：2025年11月04日", 1.0),),
            ((100, "价税合计（大写）", 1.0), (500, "捌拾圆整", 0.99), (1200, "（小写）¥80.00", 0.99)),
        )
        evidence.add("tax", Decimal(tax), 0.99)
        return merged(evidence).invoice.tax

    assert (read("80.00"), read("9.20")) == (None, Decimal("9.20"))
