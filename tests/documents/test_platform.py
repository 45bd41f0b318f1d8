"""Files as the tax platform and the carriers set them, built by hand: the parts lie beside this file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.document.reading import Found, fields_of
from tests.documents.hostile import zipped
from tests.documents.in_process import read
from tests.drawing import draw
from tests.marks import needs_fonts

OFD = Path(__file__).parent / "ofd"
PLATFORM = {
    "kind": "digital_special",
    "number": "24112000000098765432",
    "issue_date": "2024-03-18",
    "seller_name": "砚池印刷技术有限公司",
    "seller_tax_id": "91440502364056224Q",
    "buyer_name": "墨桥文化传播（北京）有限公司",
    "buyer_tax_id": "9111051558073021XQ",
    "amount": "17699.12",
    "tax": "2300.88",
    "total": "20000.00",
}
Parts = dict[str, bytes]


def packed(folder: str, change: Callable[[Parts], Parts] = lambda parts: parts) -> bytes:
    """The OFD of a folder of parts."""
    root = OFD / folder
    return zipped(
        change({path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.xml"))})
    )


def without(*names: str) -> Callable[[Parts], Parts]:
    return lambda parts: {path: data for path, data in parts.items() if not any(n in path for n in names)}


def found_in(data: bytes, name: str) -> Found:
    (found,) = read(data, name).invoices
    assert not [check for check, verdict in found.checks.items() if verdict.is_failure]
    return found


def entries_lost(parts: Parts) -> Parts:
    bare = without("Tags")(parts)
    return bare | {"OFD.xml": re.sub(rb"<ofd:CustomDatas>.*</ofd:CustomDatas>", b"", bare["OFD.xml"])}


@pytest.mark.parametrize("change", [without(), without("Tags"), entries_lost], ids=["all", "no_tags", "text"])
def test_ofd_of_the_tax_platform(change: Callable[[Parts], Parts]) -> None:
    """Labels letter by letter under a matrix, the ¥ in another size, a copy of a name off the paper."""
    found = found_in(packed("platform", change), "platform.ofd")
    got = fields_of(found)
    assert {name: got[name] for name in PLATFORM} == PLATFORM
    assert found.invoice.rates == ("13%",)


def test_total_of_an_ofd_whose_pages_are_lost() -> None:
    """Its entries name net and tax (合计金额, 合计税额) and no total."""
    got = fields_of(found_in(packed("platform", without("Pages", "Tpls", "Tags")), "entries.ofd"))
    assert (got["number"], got["issue_date"], got["total"]) == (
        PLATFORM["number"],
        PLATFORM["issue_date"],
        PLATFORM["total"],
    )


@needs_fonts
@pytest.mark.parametrize(
    "kind", ["digital_special", "digital_ordinary", "vat_e_toll", "blockchain", "vat_special"]
)
def test_rates_of_all_lines(kind: str) -> None:
    """However close the columns stand, and with *** for the tax beside 不征税."""
    for layout, seed in zip("ABCDE", range(1, 6), strict=True):
        drawn = draw(kind, seed, layout)
        invoice = found_in(drawn.pdf(), "a.pdf").invoice
        assert set(invoice.rates) == {line.rate for line in drawn.facts.items}
        assert invoice.lines == len(drawn.facts.items)


def recoded(name: str) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        return {path: in_coding(data, name) for path, data in parts.items()}

    return change


def in_coding(data: bytes, name: str) -> bytes:
    """The XML in another coding; `bare`: GBK that says it is UTF-8, as it says nothing at all."""
    text = data.decode()
    if name == "bom":
        return b"\xef\xbb\xbf" + data
    if name == "bare":
        return text.replace(' encoding="UTF-8"', "").encode("gb18030")
    if name == "lying":
        return text.encode("gb18030")
    return text.replace("UTF-8", name).encode(name, "xmlcharrefreplace")


CODINGS = ("bom", "bare", "lying", "GBK", "UTF-16")


def older_beside(parts: Parts) -> Parts:
    """An older version of the document in a folder that OFD.xml no longer names."""
    newer = {path.replace("Doc_0", "Doc_1"): data.replace(b"Doc_0", b"Doc_1") for path, data in parts.items()}
    return newer | {
        path: data.replace(b"20000.00", b"30000.00")
        for path, data in parts.items()
        if path.startswith("Doc_0")
    }


def hidden(parts: Parts) -> Parts:
    """An invisible object with another number where the number stands."""
    page = "Doc_0/Pages/Page_0/Content.xml"
    other = (
        b'<ofd:TextObject ID="9990" Visible="false" Boundary="170 10.3 38 5" Font="5" Size="3.175">'
        b'<ofd:TextCode X="0" Y="3.6" DeltaX="g 19 1.5875">24119999999999999999</ofd:TextCode></ofd:TextObject>'
    )
    return parts | {page: parts[page].replace(b"</ofd:Layer>", other + b"</ofd:Layer>")}


def in_a_unit(parts: Parts) -> Parts:
    """The page refers to a unit of the resources that holds its texts, moved by ten millimetres."""
    page, space = "Doc_0/Pages/Page_0/Content.xml", b'xmlns:ofd="http://www.ofdspec.org/2016"'
    texts = re.search(rb'<ofd:Layer ID="6949">(.*)</ofd:Layer>', parts[page], re.DOTALL)
    assert texts is not None
    moved = re.sub(
        rb'Boundary="([\d.]+) ', lambda at: b'Boundary="%.4f ' % (float(at.group(1)) - 10), texts.group(1)
    )
    unit = (
        b'<ofd:CompositeGraphicUnit ID="8000" Width="210" Height="140"><ofd:Content>%s</ofd:Content>' % moved
    )
    units = b"<ofd:CompositeGraphicUnits>%s</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>" % unit
    shown = b'<ofd:CompositeObject ID="7000" Boundary="10 0 210 140" ResourceID="8000"/>'
    return parts | {
        page: parts[page].replace(texts.group(1), shown),
        "Doc_0/DocumentRes.xml": b"<ofd:Res %s>%s</ofd:Res>" % (space, units),
    }


def in_codes_of_one_letter(parts: Parts) -> Parts:
    """Lines broken around each text, and no distances: the letters stand as their font has them."""
    codes = re.compile(rb"(<ofd:TextCode [^>]*>)([^<]*)(</ofd:TextCode>)")
    return {
        path: re.sub(rb' DeltaX="[^"]*"', b"", codes.sub(rb"\1\n   \2\n  \3", data))
        for path, data in parts.items()
    }


def without_prefix(parts: Parts) -> Parts:
    return {path: data.replace(b"ofd:", b"").replace(b"xmlns:ofd", b"xmlns") for path, data in parts.items()}


@pytest.mark.parametrize(
    "change",
    [*map(recoded, CODINGS), older_beside, hidden, in_a_unit, in_codes_of_one_letter, without_prefix],
    ids=[*CODINGS, "older", "hidden", "unit", "letters", "prefix"],
)
@pytest.mark.parametrize("layers", [without(), entries_lost], ids=["all", "text"])
def test_ofd_written_otherwise(change: Callable[[Parts], Parts], layers: Callable[[Parts], Parts]) -> None:
    got = fields_of(found_in(packed("platform", lambda parts: change(layers(parts))), "a.ofd"))
    assert {name: got[name] for name in PLATFORM} == PLATFORM


XML = (Path(__file__).parent / "xml" / "platform.xml").read_bytes()
DIGITAL = {
    "kind": "digital_ordinary",
    "number": "26117912570200055449",
    "issue_date": "2026-02-28",
    "seller_name": "砚池高速公路有限公司",
    "buyer_name": "墨桥文化传播（北京）有限公司",
    "amount": "18.63",
    "tax": "0.56",
    "total": "19.19",
}
SPECIFIC = {
    "none": "",
    "toll": "<Toll><PlateNumber>京N1</PlateNumber><StartDatesOfPassage>20260227172851000</StartDatesOfPassage></Toll>",
    "trip": "<Passenger><TravelDate>2026-01-01</TravelDate><TaxAmount>1.00</TaxAmount></Passenger>",
    "deducted": "<Voucher><InvoiceCode>011002100111</InvoiceCode><InvoiceNumber>24112000000099999999</InvoiceNumber>"
    "<IssueDate>2020-01-01</IssueDate><TotalAmount>99.00</TotalAmount></Voucher>",
}


@pytest.mark.parametrize("specific", SPECIFIC.values(), ids=SPECIFIC)
def test_xml_of_the_platform_with_its_specific_part(specific: str) -> None:
    """What a trade adds (SpecificInformation) names other numbers, dates and sums than the invoice's own."""
    data = XML.replace(
        b"<SpecificInformation></SpecificInformation>",
        f"<SpecificInformation>{specific}</SpecificInformation>".encode(),
    )
    got = fields_of(found_in(data, "a.xml"))
    assert {name: got[name] for name in DIGITAL} == DIGITAL


@pytest.mark.parametrize("coding", [*CODINGS, "indented"])
def test_xml_in_other_codings(coding: str) -> None:
    data = b"\n  " + XML if coding == "indented" else in_coding(XML, coding)
    got = fields_of(found_in(data, "a.xml"))
    assert {name: got[name] for name in DIGITAL} == DIGITAL


def test_xml_of_a_red_letter_invoice_names_the_reversed_one() -> None:
    blue = "25117912570200011111"
    data = XML.replace(b"<LabelCode>Y</LabelCode>", b"<LabelCode>N</LabelCode>")
    for sum_ in (b"18.63", b"0.56", b"19.19"):
        data = data.replace(b">" + sum_, b">-" + sum_)
    data = data.replace("壹拾玖圆".encode(), "（负数）壹拾玖圆".encode()).replace(
        b"<SpecificInformation>",
        f"<SpecificInformation><RedEInvoice><OriginalInvoiceCode>{blue}</OriginalInvoiceCode></RedEInvoice>".encode(),
    )
    invoice = found_in(data, "red.xml").invoice
    assert invoice.is_red
    assert invoice.blue_number == blue
