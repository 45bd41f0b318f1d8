"""The file forms: XML of digital invoices, XBRL, and OFD with its layers taken away one by one."""

import io
import zipfile
from xml.sax.saxutils import escape

import cv2
import numpy as np

from fapiao.money import capitals
from tests.drawing.facts import Facts, money
from tests.drawing.picture import encoded, to_picture
from tests.drawing.sheet import Inlay, Sheet, Text

OFD_FORMS = (
    "full",
    "attachment",
    "tags",
    "metadata",
    "text",
    "yen_only",
    "malformed",
    "matrix",
)  # and "shapes", which takes OCR


def to_xml(facts: Facts) -> bytes:
    """The XML of a digital invoice (数电票), element names as published."""
    lines = "".join(
        f"<IssuItemInformation><ItemName>{escape(line.name)}</ItemName><SpecMod>{escape(line.spec)}</SpecMod>"
        f"<MeaUnits>{line.unit}</MeaUnits><Quantity>{line.quantity}</Quantity><UnPrice>{line.price}</UnPrice>"
        f"<Amount>{money(line.amount)}</Amount>"
        f"<TaxRate>{_rate(line.rate)}</TaxRate>"
        f"<ComTaxAm>{money(line.tax)}</ComTaxAm>"
        "<TotaltaxIncludedAmount>"
        f"{money(line.amount + line.tax)}</TotaltaxIncludedAmount></IssuItemInformation>"
        for line in facts.items
    )
    kind = "01" if facts.kind == "digital_special" else "02"
    label = "增值税专用发票" if kind == "01" else "普通发票"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EInvoice><Header>'
        f"<EIid>{facts.number}</EIid><EInvoiceTag>SWEI3200</EInvoiceTag><Version>0.2</Version><InherentLabel>"
        "<InIssuType><LabelCode>Y</LabelCode><LabelName>蓝字发票</LabelName></InIssuType>"
        f"<EInvoiceType><LabelCode>01</LabelCode><LabelName>电子发票</LabelName></EInvoiceType>"
        f"<GeneralOrSpecialVAT><LabelCode>{kind}</LabelCode><LabelName>{label}</LabelName></GeneralOrSpecialVAT>"
        "</InherentLabel></Header><EInvoiceData><SellerInformation>"
        f"<SellerIdNum>{facts.seller_id}</SellerIdNum><SellerName>{escape(facts.seller)}</SellerName>"
        "</SellerInformation><BuyerInformation>"
        f"<BuyerIdNum>{facts.buyer_id}</BuyerIdNum><BuyerName>{escape(facts.buyer)}</BuyerName>"
        "</BuyerInformation><BasicInformation>"
        f"<TotalAmWithoutTax>{money(facts.amount or facts.total)}</TotalAmWithoutTax>"
        f"<TotalTaxAm>{money(facts.tax or facts.total * 0)}</TotalTaxAm>"
        f"<TotalTax-includedAmount>{money(facts.total)}</TotalTax-includedAmount>"
        f"<TotalTax-includedAmountInChinese>{capitals(facts.total)}</TotalTax-includedAmountInChinese>"
        f"<Drawer>{facts.people[2]}</Drawer><RequestTime>{facts.issued} 10:21:33</RequestTime>"
        f"</BasicInformation>{lines}<AdditionalInformation><Remark>{escape(facts.remark)}</Remark>"
        "</AdditionalInformation></EInvoiceData><TaxSupervisionInfo>"
        f"<InvoiceNumber>{facts.number}</InvoiceNumber><IssueTime>{facts.issued} 10:21:35</IssueTime>"
        f"<TaxBureauCode>1{facts.province}000000</TaxBureauCode></TaxSupervisionInfo></EInvoice>"
    ).encode()


def _rate(rate: str) -> str:
    return str(float(rate[:-1]) / 100) if rate.endswith("%") else rate


def to_xbrl(facts: Facts) -> bytes:
    """The XBRL instance of a rail or air ticket or an older invoice (names of fapiao data standards)."""
    day = facts.issued.isoformat()
    if facts.kind == "rail_e":
        net = (facts.total / 109 * 100).quantize(facts.total)
        names = {
            "rai:ElectronicInvoiceRailwayETicketNumber": facts.number,
            "rai:DateOfIssue": day,
            "rai:TravelDate": "2024-01-01",
            "rai:Fare": money(facts.total),
            "rai:TotalAmountExcludingTax": money(net),
            "rai:TaxRate": "0.09",
            "rai:TaxAmount": money(facts.total - net),
            "rai:NameOfPurchaser": facts.buyer,
            "rai:UnifiedSocialCreditCodeOfPurchaser": facts.buyer_id,
            "rai:IssueParty": "",
            "rai:TypeOfBusiness": "售",
        }
    elif facts.kind == "air_e":
        names = {
            "atr:ElectronicInvoiceAirTransportReceiptNumber": facts.number,
            "atr:IssueDate": day,
            "atr:Fare": facts.more["fare"],
            "atr:FuelSurcharge": facts.more["fuel"],
            "atr:CivilAviationDevelopmentFund": "50.00",
            "atr:VatRate": "0.09",
            "atr:VatTaxAmount": money(facts.tax or facts.total),
            "atr:TotalAmount": money(facts.total),
            "atr:VerificationCode": facts.more["verify"],
            "atr:NameOfPurchaser": facts.buyer,
        }
    else:
        names = {
            "inv:CodeOfInvoice": facts.code,
            "inv:NumberOfInvoice": facts.number,
            "inv:DateOfIssue": day,
            "inv:IdentifyingCode": facts.check_code,
            "inv:TotalAmountExcludingTax": money(facts.amount or facts.total),
            "inv:TaxIncludedAmountInFigures": money(facts.total),
            "inv:TaxIncludedAmountInWords": capitals(facts.total),
        }
    body = "".join(
        f'<{name} contextRef="now">{escape(text)}</{name.split()[0]}>' for name, text in names.items()
    )
    spaces = " ".join(f'xmlns:{prefix}="http://xbrl.example/{prefix}"' for prefix in ("rai", "atr", "inv"))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><xbrl xmlns="http://www.xbrl.org/2003/instance" {spaces}>'
        f'<context id="now"><period><instant>{day}</instant></period></context>{body}</xbrl>'
    ).encode()


def to_ofd(facts: Facts, sheet: Sheet, form: str = "full") -> bytes:
    """An OFD of one of OFD_FORMS: all layers, or only one of them."""
    texts = [mark for mark in sheet.texts() if mark.text]
    parts: dict[str, bytes] = {}
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    has_meta = form in ("full", "metadata", "malformed")
    parts["OFD.xml"] = (
        f'<?xml version="1.0" encoding="UTF-8"?><ofd:OFD {space} Version="1.0" DocType="OFD">'
        f"<ofd:DocBody><ofd:DocInfo><ofd:DocID>{facts.number}</ofd:DocID>"
        f"{_custom(facts) if has_meta else ''}</ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    ).encode()
    parts["Doc_0/Document.xml"] = (
        f'<?xml version="1.0" encoding="UTF-8"?><ofd:Document {space}><ofd:CommonData><ofd:PageArea>'
        f"<ofd:PhysicalBox>0 0 {sheet.width} {sheet.height}</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
        '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>'
    ).encode()
    labels, values = (
        [t for t in texts if t.font in ("label", "title")],
        [t for t in texts if t.font not in ("label", "title")],
    )
    if form not in ("attachment", "metadata"):
        content = {"matrix": _printed, "shapes": _shapes}.get(form, _content)
        form_of = _shapes if form == "shapes" else _content
        parts["Doc_0/Tpls/Tpl_0/Content.xml"] = form_of(sheet, labels, 1000, space)
        pieces = _pieces(values)
        parts["Doc_0/Pages/Page_0/Content.xml"] = content(sheet, [piece for piece, _ in pieces], 1, space)
        if form in ("full", "tags", "yen_only", "malformed"):
            parts["Doc_0/Tags/CustomTag.xml"] = _tags(pieces, only_yen=form == "yen_only")
    if form in ("full", "attachment", "malformed") and facts.code:
        parts["Doc_0/Attachs/original_invoice.xml"] = _attachment(facts)
    if form == "malformed":
        tags = parts["Doc_0/Tags/CustomTag.xml"]
        parts["Doc_0/Tags/CustomTag.xml"] = tags.replace(b"<eInvoice", b"<:eInvoice").replace(
            b"</eInvoice", b"</:eInvoice"
        )
    for mark in sheet.marks:
        if isinstance(mark, Inlay) and form not in ("text", "metadata", "yen_only", "matrix"):
            parts["Doc_0/Res/image_1.png"] = encoded(np.asarray(mark.picture.convert("RGB")))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def _custom(facts: Facts) -> str:
    pairs = {
        "发票代码": facts.code,
        "发票号码": facts.number,
        "开票日期": f"{facts.issued:%Y年%m月%d日}",
        "购买方纳税人识别号": facts.buyer_id,
        "销售方纳税人识别号": facts.seller_id,
        "合计金额": money(facts.amount) if facts.amount is not None else "",
        "合计税额": money(facts.tax) if facts.tax is not None else "",
        "价税合计": money(facts.total) if int(facts.number[-1]) % 2 else "",
    }
    rows = "".join(
        f'<ofd:CustomData Name="{name}">{text}</ofd:CustomData>' for name, text in pairs.items() if text
    )
    return f"<ofd:CustomDatas>{rows}</ofd:CustomDatas>"


def _pieces(values: list[Text]) -> list[tuple[Text, str | None]]:
    """Money as the ¥ and the figures, as OFD writers do."""
    from dataclasses import replace

    out: list[tuple[Text, str | None]] = []
    for text in values:
        if text.text[:1] in "¥￥" and len(text.text) > 1:
            wide = 0.52 * text.size
            left = text.x - wide * len(text.text) if text.anchor == "r" else text.x
            out.append((replace(text, text=text.text[0], x=left, anchor="l"), text.field))
            out.append((replace(text, text=text.text[1:], x=left + wide, anchor="l"), text.field))
        else:
            out.append((text, text.field))
    return out


def _content(sheet: Sheet, texts: list[Text], first: int, space: str) -> bytes:
    rows = []
    for index, text in enumerate(texts):
        advance = [text.size * (1.0 if ord(char) > 0x2E7F else 0.52) + text.gap for char in text.text]
        width = sum(advance) or 1.0
        x = text.x - {"l": 0.0, "m": width / 2, "r": width}[text.anchor]
        steps = " ".join(f"{step:.3f}" for step in advance[:-1])
        delta = f' DeltaX="{steps}"' if steps and not text.column else ""
        if text.column:
            delta = f' DeltaY="g {len(text.text) - 1} {text.size * 1.15:.3f}"'
            width, height = text.size, text.size * 1.15 * len(text.text)
        else:
            height = text.size * 1.1
        rows.append(
            f'<ofd:TextObject ID="{first + index}" Font="3" Size="{text.size}" '
            f'Boundary="{x:.3f} {text.y - text.size * 0.88:.3f} {width:.3f} {height:.3f}">'
            f'<ofd:TextCode X="0" Y="{text.size * 0.88:.3f}"{delta}>'
            f"{escape(text.text)}</ofd:TextCode></ofd:TextObject>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ofd:Page {space}><ofd:Area>'
        f"<ofd:PhysicalBox>0 0 {sheet.width} {sheet.height}</ofd:PhysicalBox></ofd:Area>"
        f'<ofd:Content><ofd:Layer ID="9000">{"".join(rows)}</ofd:Layer></ofd:Content></ofd:Page>'
    ).encode()


def _printed(sheet: Sheet, texts: list[Text], first: int, space: str) -> bytes:
    """As converters of print jobs write: points from the bottom left under a matrix that moves and scales, one
    object of a size, a code a run without its own X where it goes on, letters set by their fonts' widths."""
    point = 25.4 / 72
    rows = []
    for index, text in enumerate(texts):
        size = text.size / point
        advance = [size * (1.0 if ord(char) > 0x2E7F else 0.5) + text.gap / point for char in text.text]
        x = text.x / point - {"l": 0.0, "m": sum(advance) / 2, "r": sum(advance)}[text.anchor]
        codes = ""
        for start in range(0, len(text.text), 9):
            part = text.text[start : start + 9]
            at = f'X="{x + sum(advance[:start]):.4f}" '
            height = f'Y="{(text.y - sheet.height) / point:.5f}"' if start == 0 else ""
            same = advance[start : start + len(part) - 1]
            run = f' DeltaX="g {len(same)} {same[0]:.4f}"' if same and min(same) == max(same) else None
            run = run if run is not None else f' DeltaX="{" ".join(f"{step:.4f}" for step in same)}"'
            if text.column:
                run = f' DeltaY="g {len(part) - 1} {size * 1.15:.4f}"'
            codes += f"<ofd:TextCode {at}{height}{run}>{escape(part)}</ofd:TextCode>"
        rows.append(
            f'<ofd:TextObject ID="{first + index}" Boundary="-47.3 -22.2 400.3 408.8" Font="9" Size="{size:.4f}" '
            f'CTM="{point:.6f} 0 0 {point:.6f} 47.3 {sheet.height + 22.2:.4f}">{codes}</ofd:TextObject>'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ofd:Page {space}><ofd:Area>'
        f"<ofd:PhysicalBox>0 0 {sheet.width} {sheet.height}</ofd:PhysicalBox></ofd:Area>"
        f'<ofd:Content><ofd:Layer ID="9000">{"".join(rows)}</ofd:Layer></ofd:Content></ofd:Page>'
    ).encode()


def _shapes(sheet: Sheet, texts: list[Text], first: int, space: str) -> bytes:
    """Letters as filled shapes, with no text: the outlines of the print, a path a run."""
    bare = Sheet(sheet.width, sheet.height, sheet.style)
    paths = []
    for index, text in enumerate(texts):
        bare.marks = [text]
        grey = cv2.cvtColor(to_picture(bare, 508), cv2.COLOR_BGR2GRAY)
        rings, _ = cv2.findContours((grey < 140).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
        data = " ".join(
            " ".join(f"{'ML'[i > 0]} {x / 20:.3f} {y / 20:.3f}" for i, (x, y) in enumerate(ring[:, 0])) + " C"
            for ring in rings
            if len(ring) > 2
        )
        paths.append(
            f'<ofd:PathObject ID="{first + index}" Boundary="0 0 {sheet.width} {sheet.height}" Fill="true" '
            f'Stroke="false"><ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ofd:Page {space}><ofd:Area>'
        f"<ofd:PhysicalBox>0 0 {sheet.width} {sheet.height}</ofd:PhysicalBox></ofd:Area>"
        f'<ofd:Content><ofd:Layer ID="9000">{"".join(paths)}</ofd:Layer></ofd:Content></ofd:Page>'
    ).encode()


_TAGS = {
    "number": "InvoiceNo",
    "code": "InvoiceCode",
    "issue_date": "IssueDate",
    "check_code": "InvoiceCheckCode",
    "amount": "TaxExclusiveTotalAmount",
    "tax": "TaxTotalAmount",
    "total": "TaxInclusiveTotalAmount",
    "buyer_name": "Buyer/BuyerName",
    "buyer_tax_id": "Buyer/BuyerTaxID",
    "seller_name": "Seller/SellerName",
    "seller_tax_id": "Seller/SellerTaxID",
}


def _tags(pieces: list[tuple[Text, str | None]], *, only_yen: bool) -> bytes:
    rows = ""
    for index, (text, name) in enumerate(pieces):
        if name not in _TAGS:
            continue
        if only_yen and name in ("amount", "tax", "total") and text.text not in "¥￥":
            continue
        outer, _, inner = _TAGS[name].rpartition("/")
        element = f'<{inner}><ofd:ObjectRef PageRef="1">{index + 1}</ofd:ObjectRef></{inner}>'
        rows += f"<{outer}>{element}</{outer}>" if outer else element
    return (
        '<?xml version="1.0" encoding="UTF-8"?><eInvoice xmlns:ofd="http://www.ofdspec.org/2016">'
        + rows
        + "</eInvoice>"
    ).encode()


def _attachment(facts: Facts) -> bytes:
    tax = "***" if facts.tax_masked else money(facts.tax or facts.total * 0)
    goods = "".join(
        f"<GoodsInfo><Item>{escape(line.name)}</Item><Amount>{money(line.amount)}</Amount>"
        f"<TaxScheme>{line.rate}</TaxScheme><TaxAmount>{line.tax_text}</TaxAmount></GoodsInfo>"
        for line in facts.items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><fp:eInvoice xmlns:fp="http://www.example.cn/e-invoice/2019">'
        f"<fp:InvoiceCode>{facts.code}</fp:InvoiceCode><fp:InvoiceNo>{facts.number}</fp:InvoiceNo><fp:TypeCode>0</fp:TypeCode>"
        f"<fp:IssueDate>{facts.issued:%Y年%m月%d日}</fp:IssueDate><fp:InvoiceCheckCode>{facts.check_code}</fp:InvoiceCheckCode>"
        f"<fp:Buyer><fp:BuyerName>{escape(facts.buyer)}</fp:BuyerName><fp:BuyerTaxID>{facts.buyer_id}</fp:BuyerTaxID></fp:Buyer>"
        f"<fp:TaxExclusiveTotalAmount>{money(facts.amount or facts.total)}</fp:TaxExclusiveTotalAmount>"
        f"<fp:TaxTotalAmount>{tax}</fp:TaxTotalAmount>"
        f"<fp:TaxInclusiveTotalAmount>{money(facts.total)}</fp:TaxInclusiveTotalAmount>"
        f"<fp:Seller><fp:SellerName>{escape(facts.seller)}</fp:SellerName><fp:SellerTaxID>{facts.seller_id}</fp:SellerTaxID>"
        f"</fp:Seller><fp:GraphCode>{facts.qr}</fp:GraphCode><fp:GoodsInfos>{goods}</fp:GoodsInfos></fp:eInvoice>"
    ).encode()
