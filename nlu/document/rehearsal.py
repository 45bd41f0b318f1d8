"""Everything that reading does for the first time only, done once before there is a document."""

import io

import pypdfium2 as pdfium
from PIL import Image

from nlu.document.fields import read_page
from nlu.document.merge import merge
from nlu.document.page import Word, build_page
from nlu.document.read import Ladder
from nlu.document.reading import Source

_EM = 10  # points
# The words that lead to most of the patterns; what they would say of an invoice matters to nobody.
_ROWS = (
    "电子发票（增值税专用发票）",
    "发票号码：25997000000000000001",
    "开票日期：2025年01月02日",
    "购买方信息名称：某某甲有限公司统一社会信用代码/纳税人识别号：91350100M000100Y43",
    "销售方信息名称：某某乙有限公司统一社会信用代码/纳税人识别号：91350100M000100Y43",
    "项目名称规格型号单位数量单价金额税率/征收率税额",
    "*服务*某项1100.00100.006%6.00",
    "合计¥100.00¥6.00",
    "价税合计（大写）壹佰零陆圆整（小写）¥106.00",
    "备注开票人：某某",
)
_XML = b"<EInvoice><Header><EIid>25997000000000000001</EIid></Header><TaxAmount>106.00</TaxAmount></EInvoice>"


def rehearse() -> None:
    """Load plug-ins, compile patterns, let the PDF library look for fonts: a fraction of a second."""
    words = [
        Word(row, 20.0, 20.0 * place, 20.0 + _EM * len(row), 20.0 * place + _EM)
        for place, row in enumerate(_ROWS, start=1)
    ]
    page = build_page(words, 600.0, 400.0)
    for source in (Source.PDF, Source.OFD, Source.OCR):
        merge([read_page(page, source)], None, page=1)
    ladder = Ladder(engines=lambda: ())
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "PNG")
    for data in (_XML, _pdf(), picture.getvalue()):
        ladder.read(data, "")
    Image.init()


def _pdf() -> bytes:
    out = io.BytesIO()
    document = pdfium.PdfDocument.new()
    page = document.new_page(300, 200)
    page.gen_content()
    page.close()
    document.save(out)
    document.close()
    return out.getvalue()
