"""Structured invoices: XML of digital invoices, the older eInvoice, XBRL instances (数电票 XML, XBRL)."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from fapiao.dates import parse_date
from fapiao.invoice import AirAmounts
from fapiao.kinds import Kind, kind_from_code, kind_from_title
from fapiao.money import FEN, MoneyError, parse_capitals, parse_money, parse_tax
from fapiao.numbers import NumberError, parse_number
from fapiao.tax_id import normal_tax_id
from fapiao.text import ascii_digits, plain, unspaced
from nlu.document.evidence import Evidence
from nlu.document.reading import DocumentError, Refusal, Source
from nlu.document.xmltree import Leaf, leaves, local_name

_ROOTS = frozenset({"einvoice", "xbrl", "invoice", "fp", "fpxx"})


def structured(root: etree._Element) -> Iterator[Evidence]:
    """Yield the invoices of a structured document; nothing if it is another kind of XML."""
    parts = [root]
    if local_name(root).lower() not in _ROOTS:
        inner = (element for element in root.iter() if local_name(element).lower() in _ROOTS)
        parts = []
        for element in inner:
            if not any(parent in parts for parent in element.iterancestors()):
                parts.append(element)
            if len(parts) > 200:
                raise DocumentError(Refusal.HOSTILE, "xml")
    for part in parts or [root]:
        evidence = from_leaves(leaves(part), Source.XML)
        if evidence is not None:
            yield evidence


# Local names in lower case without underscores → field; the last of each line are those of billing software
# (XSF_MC) and of fiscal bills. Of the two look-alikes TotalTax-includedAmount is the document's total
# and TotaltaxIncludedAmount a line's, so lines are left out by their parent.
_NAMES = {
    "number": (
        "invoicenumber eiid invoiceno numberofinvoice electronicinvoicerailwayeticketnumber "
        "electronicinvoiceairtransportreceiptnumber sdfphm qdfphm fphm invoicenum einvoicenumber"
    ),
    "code": "invoicecode codeofinvoice fpdm einvoicecode",
    "issue_date": "issuetime issuedate dateofissue requesttime kprq invoicedate",
    "check_code": "invoicecheckcode identifyingcode verificationcode jym checkcode randomnumber",
    "seller_name": "sellername nameofseller xfmc xsfmc xhdwmc xhfmc issueparty invoicingpartyname",
    "seller_tax_id": (
        "selleridnum sellertaxid taxpayeridentificationnumberunifiedsocialcreditcodeofseller "
        "unifiedsocialcreditcodeofseller xfsh xsfsbh xsfnsrsbh xfnsrsbh xhdwsbh xhdwdm xhfnsrsbh sellertaxno "
        "sellertaxpayeridentificationnumber invoicingpartycode"
    ),
    "buyer_name": "buyername nameofpurchaser gfmc gmfmc ghdwmc ghfmc payerpartyname",
    "buyer_tax_id": (
        "buyeridnum buyertaxid taxpayeridentificationnumberunifiedsocialcreditcodeofpurchaser "
        "unifiedsocialcreditcodeofpurchaser gfsh gmfsbh gmfnsrsbh gfnsrsbh ghdwsbh ghdwdm ghfnsrsbh buyertaxno "
        "buyertaxpayeridentificationnumber"
    ),
    "amount": "totalamwithouttax taxexclusivetotalamount totalamountexcludingtax hjje 合计金额",
    "tax": "totaltaxam taxtotalamount totaltaxamount vattaxamount hjse 合计税额",
    "total": (
        "totaltax-includedamount taxinclusivetotalamount taxincludedamountinfigures jshj 价税合计 totalamount"
    ),
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split()}
# Several names of one field in one file: the one further left above wins.
_RANK = {name: rank for names in _NAMES.values() for rank, name in enumerate(names.split())}
_CAPITALS = frozenset({"totaltax-includedamountinchinese", "taxincludedamountinwords", "jshjdx"})
_LINES = frozenset(
    {
        "issuiteminformation",
        "goodsinfo",
        "goodsinfos",
        "itemdetails",
        "commonfpkjxmxxs",
        "informationoftaxablegoodsorservicesdetailitemstuple",
        "detailinformationofairtickettuple",
    }
)
_SPECIFIC = "specificinformation"
_REVERSED = frozenset({"originalinvoicecode", "numberoforiginalinvoice"})  # what a red one reverses
_REMARKS = frozenset({"remark", "note", "remarks", "bz"})
_CHINESE = {
    "发票号码": "number",
    "发票代码": "code",
    "开票日期": "issue_date",
    "校验码": "check_code",
    "销售方名称": "seller_name",
    "销售方纳税人识别号": "seller_tax_id",
    "销方识别号": "seller_tax_id",
    "购买方名称": "buyer_name",
    "购买方纳税人识别号": "buyer_tax_id",
    "购方识别号": "buyer_tax_id",
    "合计金额": "amount",  # net (verified); taking it as the total silently loses the tax
    "合计税额": "tax",
    "价税合计": "total",
}


def from_leaves(found: Iterable[Leaf], source: Source) -> Evidence | None:
    """Map flattened texts to fields, or return None if they name neither number nor total."""
    kept = list(found)
    evidence = Evidence(source)
    ranked: list[tuple[int, str, str]] = []
    rates: list[str] = []
    air: dict[str, str] = {}
    rail, reversed_one = False, ""
    for leaf in kept:
        names = [name.lower().replace("_", "").removesuffix(".objectdata") for name in leaf.path]
        name = names[-1]
        if name == "objectdata" and len(names) > 1:
            name = names[-2]
        in_line = any(parent in _LINES for parent in names[:-1])
        if (
            _SPECIFIC in names[:-1]
        ):  # of trips, cars, leases: other numbers, dates and sums than the invoice's
            reversed_one = leaf.text if name in _REVERSED else reversed_one
            continue
        if name == "taxrate" or name == "taxscheme" or name == "vatrate":
            rates.append(leaf.text)
        if name in _AIR:
            air.setdefault(_AIR[name], leaf.text)
        rail = rail or name == "electronicinvoicerailwayeticketnumber"
        if in_line:
            continue
        field = _FIELD_OF.get(name) or _CHINESE.get(leaf.path[-1])
        if field is not None:
            ranked.append((_RANK.get(name, 9), field, leaf.text))
        elif name == "fare":
            air.setdefault("fare", leaf.text)
        elif name == "taxamount":
            ranked.append((8, "tax", leaf.text))
        elif name in _CAPITALS:
            evidence.capital_total = plain(leaf.text)
        elif name in _REMARKS and evidence.remark is None:
            evidence.remark = leaf.text
        elif name == "graphcode":
            evidence.graph_code = plain(leaf.text)
        elif name in _REVERSED:
            reversed_one = leaf.text
    _keep(evidence, sorted(ranked, key=lambda item: item[0]))
    evidence.rates = tuple(dict.fromkeys(_rate(rate) for rate in rates[:200]))
    evidence.lines = max(1, sum(1 for leaf in kept if leaf.path[-1].lower() in ("itemname", "item")))
    evidence.red = _is_red(kept, evidence)
    if reversed_one:
        evidence.remark = f"被红冲蓝字数电发票号码：{reversed_one} {evidence.remark or ''}".rstrip()
    if rail:
        _keep(evidence, [(0, "total", air.get("fare", ""))])
    elif air and evidence.first("total") is not None:
        evidence.air = AirAmounts(*(_money(air.get(part, "")) for part in ("fare", "fuel", "fund", "other")))
    _choose_kind(evidence, kept)
    _repair_total(evidence)
    if evidence.first("number") is None and evidence.first("total") is None:
        return None
    return evidence


_AIR = {
    "fuelsurcharge": "fuel",
    "civilaviationdevelopmentfund": "fund",
    "othertaxes": "other",
}


def _keep(evidence: Evidence, ranked: Iterable[tuple[int, str, str]]) -> None:
    for _, name, text in ranked:
        for key, value in _parsed(name, text):
            evidence.add(key, value, text=text)


def _parsed(name: str, text: str) -> Iterator[tuple[str, object]]:
    if name == "number":
        yield from _numbers(text)
    elif name == "code":
        digits = unspaced(text)
        if ascii_digits(digits) and len(digits) in (8, 10, 12):
            yield "code", digits
    elif name == "issue_date":
        day = parse_date(text[:8] if re.fullmatch(r"\d{14}", text) else text)
        if day is not None and day >= date(1994, 1, 1):
            yield "issue_date", day
    elif name == "check_code":
        yield "check_code", unspaced(text)
    elif name in ("seller_tax_id", "buyer_tax_id"):
        packed = normal_tax_id(text)
        if re.fullmatch(r"[0-9A-Z]{6,20}", packed):
            yield name, packed
    elif name in ("amount", "tax", "total"):
        value = _money(text, tax=name == "tax")
        if value is not None:
            yield name, value
    else:
        yield name, " ".join(text.split())


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    try:
        parsed = parse_number(text)
    except NumberError:
        packed = unspaced(text)
        if re.fullmatch(r"[0-9A-Z]{6,20}", packed):
            yield "number", packed
        return
    yield "number", parsed.number
    if parsed.code is not None:
        yield "code", parsed.code


def _money(text: str, *, tax: bool = False) -> Decimal | None:
    """Amounts as files hold them: 12.5, 4449.00, ¥4449.00, 1.88000000; None for ¥ alone."""
    try:
        return parse_tax(text) if tax else parse_money(text)
    except MoneyError:
        pass
    try:
        value = Decimal(unspaced(text).lstrip("¥").replace(",", ""))
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) >= 10**12:
        return None
    return value.quantize(FEN)


def _rate(text: str) -> str:
    packed = unspaced(text)
    try:
        value = Decimal(packed)
    except InvalidOperation:
        return packed
    if not 0 <= value < 1:
        return packed
    percent = (value * 100).normalize()
    return f"{percent:f}%"


def _is_red(kept: list[Leaf], evidence: Evidence) -> bool:
    """InIssuType N marks a red one (documented); the capital amount says （负数）."""
    for leaf in kept:
        if len(leaf.path) >= 2 and leaf.path[-2].lower() == "inissutype" and leaf.path[-1] == "LabelCode":
            return leaf.text.strip().upper() == "N"
        if leaf.path[-1] == "KPLX" and leaf.text in ("0", "1"):  # billing software
            return leaf.text == "1"
    return (evidence.capital_total or "").startswith("(负数)")


_TYPES = {"81": Kind.DIGITAL_SPECIAL, "82": Kind.DIGITAL_ORDINARY}
_LABELS = {"01": Kind.DIGITAL_SPECIAL, "02": Kind.DIGITAL_ORDINARY}


def _choose_kind(evidence: Evidence, kept: list[Leaf]) -> None:
    names = {leaf.path[-1].lower() for leaf in kept}
    if "electronicinvoicerailwayeticketnumber" in names:
        evidence.add("kind", Kind.RAIL_E)
        return
    if "electronicinvoiceairtransportreceiptnumber" in names:
        evidence.add("kind", Kind.AIR_E)
        return
    number, code = evidence.first("number"), evidence.first("code")
    if code and len(code) == 8 and number is not None and len(number) == 10:
        evidence.add("kind", Kind.FISCAL)
        return
    if code:
        kind = kind_from_code(code)
        if kind is not None:
            evidence.add("kind", kind)
        return
    if number is None or len(number) != 20:
        return
    labels = " ".join(
        leaf.text
        for leaf in kept
        if leaf.path[-1].lower() in ("labelname", "title", "invoicetype", "typeofinvoice", "typeofvoucher")
    )
    for word, kind in (("二手车", Kind.DIGITAL_USED_CAR), ("机动车销售", Kind.DIGITAL_VEHICLE)):
        if word in labels:
            evidence.add("kind", kind)
    for leaf in kept:
        if leaf.path[-1].lower() == "invoicetype":
            evidence.add("kind", _TYPES.get(leaf.text))
        if len(leaf.path) >= 2 and leaf.path[-2].lower() == "generalorspecialvat":
            kind = _LABELS.get(leaf.text.strip())
            if kind is None and leaf.path[-1].lower() == "labelname":
                kind = Kind.DIGITAL_SPECIAL if "专用" in leaf.text else Kind.DIGITAL_ORDINARY
            if kind is not None:
                evidence.add("kind", kind)
    kind = kind_from_title(labels) if labels else None
    if kind is None and labels:
        kind = Kind.DIGITAL_SPECIAL if "专用" in labels else None
        kind = kind or (Kind.DIGITAL_ORDINARY if "普通" in labels else None)
    evidence.add("kind", kind)


def _repair_total(evidence: Evidence) -> None:
    """Some producers mark only the ¥ of the total: take net + tax where the capital amount says the same."""
    if evidence.first("total") is not None or evidence.capital_total is None:
        return
    net, tax = evidence.first("amount"), evidence.first("tax")
    try:
        written = parse_capitals(evidence.capital_total)
    except MoneyError:
        return
    if net is None or abs(net + (tax or 0) - written) <= FEN:
        evidence.add("total", written, text=evidence.capital_total)
